use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::{
    app::{Limits, TestApp},
    sessions::{PASSWORD, refused},
};

on_both_engines! {
    async fn whoever_registers_is_a_user_of_no_place_and_can_sign_in(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = json!({
            "email": " Amy.Lee@Example.org", "password": PASSWORD, "first_name": "Amy", "last_name": "Lee",
            "full_name": "ignored"
        });
        let (status, user) = app.anonymous().post("/auth/register", &body).await;
        assert_eq!(status, StatusCode::CREATED, "{user}");
        assert_eq!(user["email"], "amy.lee@example.org");
        assert_eq!((&user["username"], &user["full_name"]), (&json!("amy_lee"), &json!("Amy Lee")));
        assert_eq!((&user["role"], &user["organization_id"]), (&json!("user"), &json!(null)));
        assert_eq!((&user["tenant_id"], &user["is_active"]), (&json!(null), &json!(true)));
        app.sign_in_as("AMY.LEE@example.org", PASSWORD).await;
        assert_eq!(app.times("auth.register").await, 1);
    }

    async fn addresses_and_chosen_names_are_unique(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.anonymous();
        let body = json!({ "email": "Member@Example.com", "password": PASSWORD });
        let text = refused(&client, "/auth/register", &body, StatusCode::BAD_REQUEST).await;
        assert_eq!(text, "Email already registered");
        let body = json!({ "email": "amy@example.org", "password": PASSWORD, "username": "member" });
        let text = refused(&client, "/auth/register", &body, StatusCode::BAD_REQUEST).await;
        assert_eq!(text, "Username already taken");
        // A name that is only suggested makes way.
        let body = json!({ "email": "member@example.org", "password": PASSWORD });
        let (status, user) = client.post("/auth/register", &body).await;
        assert_eq!((status, &user["username"]), (StatusCode::CREATED, &json!("member_1")));
    }

    async fn nobody_registers_with_a_role(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = json!({ "email": "amy@example.org", "password": PASSWORD, "role": "super_admin" });
        let (status, body) = app.anonymous().post("/auth/register", &body).await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("role")));
        assert_eq!(app.times("auth.register").await, 0);
    }

    async fn every_bad_field_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = json!({ "email": "amy", "password": "short", "username": "a b", "full_name": 7 });
        let (status, body) = app.anonymous().post("/auth/register", &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let mut fields: Vec<_> =
            body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        fields.sort_unstable();
        assert_eq!(fields, ["email", "full_name", "password", "username"]);
    }
}
