use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn everybody_sees_the_own_keys_alone(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for person in [&people.member, &people.stranger] {
            app.api_key(person, &["prediction.read"]).await;
        }
        let list = app.client(&people.member).get_ok("/api-keys").await;
        let keys = list["api_keys"].as_array().unwrap();
        assert_eq!(keys.len(), 1);
        assert_eq!((&keys[0]["name"], &keys[0]["permissions"]), (&json!("a machine"), &json!(["prediction.read"])));
        assert!(keys[0].get("key").is_none() && keys[0].get("key_hash").is_none());
        for other in [&people.colleague, &people.org_admin, &people.tenant_admin, &people.super_admin] {
            assert_eq!(app.client(other).get_ok("/api-keys").await["api_keys"], json!([]));
        }
        assert_eq!(app.anonymous().get("/api-keys").await.0, StatusCode::UNAUTHORIZED);
    }

    async fn live_keys_stand_first(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        app.api_key(&app.people.member, &["prediction.read"]).await;
        app.api_key(&app.people.member, &["upload.read"]).await;
        let newest = client.get_ok("/api-keys").await["api_keys"][0].clone();
        assert_eq!(newest["permissions"], json!(["upload.read"]));
        client.delete(&format!("/api-keys/{}", newest["id"].as_str().unwrap())).await;
        let keys = client.get_ok("/api-keys").await["api_keys"].clone();
        assert_eq!(keys[0]["permissions"], json!(["prediction.read"]));
        assert!(keys[1]["revoked_at"].is_string(), "{keys}");
    }
}
