use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn one_with_people_is_archived_by_force_alone(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}", people.organization());
        let admin = app.client(&people.tenant_admin);
        let (status, body) = admin.delete(&path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["detail"].as_str().unwrap().contains("people (3)"), "{body}");
        assert_eq!(admin.delete(&format!("{path}?force=true")).await.0, StatusCode::OK);
        assert_eq!(admin.get(&path).await.0, StatusCode::NOT_FOUND);
        for actor in [&people.org_admin, &people.member] {
            assert_eq!(app.client(actor).get("/users/me").await.0, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(app.client(&people.neighbour).get("/users/me").await.0, StatusCode::OK);
        // Its name is free again.
        assert_eq!(admin.post("/organizations", &json!({ "name": "first" })).await.0, StatusCode::OK);
    }

    async fn an_empty_one_goes_without_force(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.tenant_admin);
        let (_, made) = admin.post("/organizations", &json!({ "name": "Empty" })).await;
        let path = format!("/organizations/{}", made["id"].as_str().unwrap());
        assert_eq!(admin.delete(&path).await.0, StatusCode::OK);
        assert_eq!(admin.delete(&path).await.0, StatusCode::NOT_FOUND);
    }

    async fn not_by_others(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}?force=true", people.organization());
        assert_eq!(app.client(&people.org_admin).delete(&path).await.0, StatusCode::FORBIDDEN);
        assert_eq!(app.client(&people.foreign_tenant_admin).delete(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.client(&people.member).get("/users/me").await.0, StatusCode::OK);
    }
}
