use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_tenant_admin_makes_one_in_the_own_tenant(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = &app.people.tenant_admin;
        let new = json!({ "name": "Credit Risk", "domain": "Credit.Example.org", "max_users": 7 });
        let (status, made) = app.client(admin).post("/organizations/", &new).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        assert_eq!((&made["tenant_id"], &made["created_by"]), (&json!(admin.tenant_id), &json!(admin.user_id)));
        assert_eq!((&made["slug"], &made["domain"]), (&json!("credit-risk"), &json!("credit.example.org")));
        assert_eq!((&made["max_users"], &made["default_role"]), (&json!(7), &json!("org_member")));
        assert_eq!((&made["join_enabled"], &made["allow_global_data_access"]), (&json!(true), &json!(false)));
        assert_eq!(made["join_token"].as_str().unwrap().len(), 32);
        assert!(made["join_expires_at"].as_str().unwrap() > made["join_created_at"].as_str().unwrap());
        let own = json!({ "name": "Market Risk", "tenant_id": admin.tenant_id });
        assert_eq!(app.client(admin).post("/organizations", &own).await.0, StatusCode::OK);
    }

    async fn not_in_another_tenant_and_not_by_others(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let abroad = json!({ "name": "Abroad", "tenant_id": people.stranger.tenant_id });
        assert_eq!(app.client(&people.tenant_admin).post("/organizations", &abroad).await.0, StatusCode::FORBIDDEN);
        for actor in [&people.org_admin, &people.member, &people.user] {
            let new = json!({ "name": "Another" });
            assert_eq!(app.client(actor).post("/organizations", &new).await.0, StatusCode::FORBIDDEN);
        }
    }

    async fn a_super_admin_makes_one_anywhere(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let admin = app.client(&people.super_admin);
        let (_, made) = admin.post("/organizations", &json!({ "name": "Free" })).await;
        assert_eq!(made["tenant_id"], Value::Null);
        let theirs = json!({ "name": "Theirs", "tenant_id": people.stranger.tenant_id });
        let (_, made) = admin.post("/organizations", &theirs).await;
        assert_eq!(made["tenant_id"], json!(people.stranger.tenant_id));
        let nowhere = json!({ "name": "Lost", "tenant_id": "01234567-0123-7123-8123-0123456789ab" });
        assert_eq!(admin.post("/organizations", &nowhere).await.0, StatusCode::NOT_FOUND);
        let path = format!("/tenants/{}", people.stranger.tenant_id.unwrap());
        assert_eq!(admin.put(&path, &json!({ "is_active": false })).await.0, StatusCode::OK);
        let again = json!({ "name": "Again", "tenant_id": people.stranger.tenant_id });
        assert_eq!(admin.post("/organizations", &again).await.0, StatusCode::BAD_REQUEST);
    }

    async fn names_are_unique_within_a_tenant(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let new = json!({ "name": "first" });
        let (status, body) = app.client(&app.people.tenant_admin).post("/organizations", &new).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        // Elsewhere the name is free, and nothing tells that it is in use here.
        let (status, made) = app.client(&app.people.foreign_tenant_admin).post("/organizations", &new).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        assert_ne!(made["slug"], "first");
    }

    async fn every_field_that_is_wrong_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.tenant_admin);
        let new = json!({ "name": "", "tenant_id": "x", "max_users": 10_001 });
        let (status, body) = client.post("/organizations", &new).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let fields: Vec<_> = body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["name", "tenant_id", "max_users"]);
        for role in ["org_admin", "super_admin", "root"] {
            let new = json!({ "name": "Fine", "default_role": role });
            let (status, body) = client.post("/organizations", &new).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("default_role")));
        }
    }
}
