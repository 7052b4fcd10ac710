use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    app::{Limits, TestApp},
    sessions::refused,
};

fn key(permissions: &[&str]) -> Value {
    json!({ "name": "nightly upload", "permissions": permissions, "expires_in_days": 30 })
}

on_both_engines! {
    async fn a_key_is_shown_once(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let (status, made) = client.post("/api-keys", &key(&["upload.create", "upload.read", "upload.read"])).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        let secret = made["key"].as_str().unwrap();
        assert!(secret.starts_with("ack_") && secret.len() == 47);
        assert!(secret.starts_with(made["prefix"].as_str().unwrap()));
        assert_eq!(made["permissions"], json!(["upload.create", "upload.read"]));
        assert!(made["expires_at"].is_string() && made["revoked_at"].is_null());
        let list = client.get_ok("/api-keys").await;
        assert!(!list.to_string().contains(secret), "{list}");
        assert_eq!(app.times("api_key.create").await, 1);
    }

    async fn nobody_gives_a_key_what_they_lack(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let body = key(&["prediction.read", "user.create", "tenant.manage"]);
        let text = refused(&client, "/api-keys", &body, StatusCode::FORBIDDEN).await;
        assert!(text.contains("user.create") && text.contains("tenant.manage"), "{text}");
        assert!(!text.contains("prediction.read"), "{text}");
        assert_eq!(client.get_ok("/api-keys").await["api_keys"], json!([]));
    }

    async fn no_key_makes_keys_or_touches_the_account(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        for name in ["user.self", "api_key.manage", "everything"] {
            let (status, body) = client.post("/api-keys", &key(&[name])).await;
            let field = &body["errors"][0]["field"];
            assert_eq!((status, field), (StatusCode::UNPROCESSABLE_ENTITY, &json!("permissions")), "{name}");
        }
        let secret = app.api_key(&app.people.member, &["prediction.read"]).await;
        let (status, _) = app.with_token(&secret).post("/api-keys", &key(&["prediction.read"])).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert_eq!(app.with_token(&secret).get("/api-keys").await.0, StatusCode::FORBIDDEN);
    }

    async fn every_bad_field_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.user);
        for (field, bad) in [
            ("name", json!("")), ("name", json!("x".repeat(101))), ("permissions", json!([])),
            ("permissions", json!("prediction.read")), ("permissions", json!([1])),
            ("expires_in_days", json!(0)), ("expires_in_days", json!(3_651)), ("expires_in_days", json!("30")),
        ] {
            let mut body = key(&["prediction.read"]);
            body[field] = bad;
            let (status, answer) = client.post("/api-keys", &body).await;
            let named = &answer["errors"][0]["field"];
            assert_eq!((status, named), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{body}");
        }
        assert_eq!(app.anonymous().post("/api-keys", &key(&[])).await.0, StatusCode::UNAUTHORIZED);
    }

    async fn fifty_live_keys_are_enough(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.user);
        let mut last = Value::Null;
        for _ in 0..48 {
            last = client.post("/api-keys", &key(&["prediction.read"])).await.1;
        }
        let body = key(&["prediction.read"]);
        let answers = futures_util::future::join_all((0..5).map(|_| client.post("/api-keys", &body))).await;
        let made = answers.iter().filter(|(status, _)| *status == StatusCode::OK).count();
        let refused = answers.iter().filter(|(status, _)| *status == StatusCode::CONFLICT).count();
        assert_eq!((made, refused), (2, 3));
        let (status, _) = client.delete(&format!("/api-keys/{}", last["id"].as_str().unwrap())).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(client.post("/api-keys", &body).await.0, StatusCode::OK);
    }
}
