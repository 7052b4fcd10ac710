use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_revoked_key_is_out_at_the_next_request(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let key = app.api_key(&app.people.member, &["prediction.read"]).await;
        let other = app.api_key(&app.people.member, &["prediction.read"]).await;
        assert!(app.admits(&key).await);
        let list = client.get_ok("/api-keys").await;
        let id = list["api_keys"][1]["id"].as_str().unwrap();
        for _ in 0..2 {
            let (status, body) = client.delete(&format!("/api-keys/{id}")).await;
            assert_eq!(status, StatusCode::OK, "{body}");
        }
        assert!(!app.admits(&key).await && app.admits(&other).await);
        assert_eq!(app.times("api_key.revoke").await, 1);
    }

    async fn anybody_elses_key_is_not_there(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let key = app.api_key(&people.member, &["prediction.read"]).await;
        let list = app.client(&people.member).get_ok("/api-keys").await;
        let path = format!("/api-keys/{}", list["api_keys"][0]["id"].as_str().unwrap());
        for other in [&people.colleague, &people.org_admin, &people.super_admin, &people.stranger] {
            assert_eq!(app.client(other).delete(&path).await.0, StatusCode::NOT_FOUND);
        }
        assert_eq!(app.client(&people.member).delete("/api-keys/none").await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.anonymous().delete(&path).await.0, StatusCode::UNAUTHORIZED);
        assert!(app.admits(&key).await);
    }
}
