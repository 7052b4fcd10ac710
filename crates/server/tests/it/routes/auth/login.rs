use accunode_domain::Role;
use accunode_server::features::auth::service::{NewUser, bootstrap_admin, create_user};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

async fn with_amy(test: accunode_testkit::TestDb) -> TestApp {
    let app = TestApp::without_worker(test, Limits::default()).await;
    let new = NewUser {
        email: "Amy.Lee@Example.org",
        password: "correct horse 1",
        full_name: None,
        role: Role::User,
        tenant_id: None,
        organization_id: None,
    };
    create_user(&app.state, &new).await.unwrap();
    app
}

on_both_engines! {
    async fn a_token_opens_the_own_account(test: TestDb) {
        let app = with_amy(test).await;
        let body = json!({ "email": "amy.lee@EXAMPLE.org", "password": "correct horse 1" });
        let (status, token) = app.anonymous().post("/auth/login", &body).await;
        assert_eq!(status, StatusCode::OK, "{token}");
        assert_eq!((token["token_type"].as_str(), token["expires_in"].as_i64()), (Some("bearer"), Some(3_600)));
        let me = app.with_token(token["access_token"].as_str().unwrap()).get_ok("/users/me").await;
        assert_eq!(me["email"], "amy.lee@example.org");
        assert!(me["last_login"].is_string());
    }

    async fn wrong_passwords_and_unknown_accounts_look_alike(test: TestDb) {
        let app = with_amy(test).await;
        let wrong = json!({ "email": "amy.lee@example.org", "password": "correct horse 2" });
        let unknown = json!({ "email": "nobody@example.org", "password": "correct horse 1" });
        let client = app.anonymous();
        let (first, second) = (client.post("/auth/login", &wrong).await, client.post("/auth/login", &unknown).await);
        assert_eq!(first.0, StatusCode::UNAUTHORIZED);
        assert_eq!(first, second);
    }

    async fn every_missing_field_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (status, body) = app.anonymous().post("/auth/login", &json!({})).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(body["error"], "Validation failed");
        assert_eq!(body["errors"][0], json!({ "field": "email", "message": "Email is required" }));
        assert_eq!(body["errors"][1]["field"], "password");
    }

    /// PostgreSQL holds no zero character in a text, so it must not get that far.
    async fn control_characters_are_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = json!({ "email": "a\0@example.org", "password": "correct horse 1" });
        let (status, body) = app.anonymous().post("/auth/login", &body).await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("email")));
    }

    async fn what_is_not_json_is_refused_with_its_place(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (status, body) = app.anonymous().post_text("/auth/login", "{\n \"email\": oops }").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(body["errors"][0]["message"].as_str().unwrap().contains("line 2"), "{body}");
    }

    async fn the_first_super_admin_is_made_once(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        // The people of the test have one already.
        assert!(!bootstrap_admin(&app.state, "root@example.org", "correct horse 1").await.unwrap());
    }
}
