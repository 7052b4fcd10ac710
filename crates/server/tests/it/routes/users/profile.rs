use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::audited;
use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn everybody_reads_and_changes_their_own_names(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.user);
        let profile = client.get_ok("/users/profile").await;
        assert_eq!((&profile["email"], &profile["organization_id"]), (&json!("user@example.com"), &Value::Null));
        let names = json!({ "username": "amy_lee", "full_name": " Amy Lee ", "role": "super_admin" });
        let (status, changed) = client.put("/users/profile", &names).await;
        assert_eq!((status, &changed["username"]), (StatusCode::OK, &json!("amy_lee")), "{changed}");
        assert_eq!((&changed["full_name"], &changed["role"]), (&json!("Amy Lee"), &json!("user")));
        assert_eq!(audited(&app, app.people.user.user_id).await, ["user.update"]);
        let (_, cleared) = client.put("/users/profile", &json!({ "full_name": "" })).await;
        assert_eq!((&cleared["full_name"], &cleared["username"]), (&Value::Null, &json!("amy_lee")));
        assert_eq!(client.get_ok("/users/profile").await, cleared);
    }

    async fn a_taken_or_impossible_name_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.user);
        let (status, body) = client.put("/users/profile", &json!({ "username": "stranger" })).await;
        assert_eq!((status, &body["detail"]), (StatusCode::BAD_REQUEST, &json!("Username already taken")));
        let wrong = json!({ "username": "a b", "full_name": "x".repeat(256) });
        let (status, body) = client.put("/users/profile", &wrong).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let fields: Vec<_> = body["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
        assert_eq!(fields, ["username", "full_name"]);
        assert_eq!(client.get_ok("/users/profile").await["username"], "user");
    }

    async fn the_settings_form_may_send_the_own_address_and_more(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let form = json!({ "full_name": "Amy Lee", "email": "Member@example.com", "sector": "Energy" });
        let (status, body) = client.put("/users/me", &form).await;
        assert_eq!((status, &body["full_name"]), (StatusCode::OK, &json!("Amy Lee")), "{body}");
        let (status, body) = client.put("/users/me", &json!({ "full_name": "X", "email": "other@example.com" })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        assert_eq!(client.get_ok("/users/me").await["full_name"], "Amy Lee");
    }
}
