use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::{
    app::{Limits, TestApp},
    sessions::{PASSWORD, refused},
};

const PATH: &str = "/auth/change-password";

on_both_engines! {
    async fn a_new_password_ends_every_session_and_no_key(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let session = app.sign_in(&app.people.member).await;
        let other = app.sign_in_as("member@example.com", PASSWORD).await;
        let key = app.api_key(&app.people.member, &["prediction.read"]).await;
        let body = json!({ "current_password": PASSWORD, "new_password": "another horse 2" });
        let (status, done) = app.with_token(&session.access).post(PATH, &body).await;
        assert_eq!((status, &done["success"]), (StatusCode::OK, &json!(true)), "{done}");
        for session in [&session, &other] {
            assert!(!app.admits(&session.access).await && !app.refreshes(&session.refresh).await);
        }
        assert!(app.admits(&key).await);
        assert_eq!(app.log_in("member@example.com", PASSWORD).await.0, StatusCode::UNAUTHORIZED);
        app.sign_in_as("member@example.com", "another horse 2").await;
        assert_eq!(app.times("auth.password.change").await, 1);
    }

    async fn the_present_password_must_be_known_and_the_new_one_be_another(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.with_token(&app.sign_in(&app.people.member).await.access);
        let body = json!({ "current_password": "wrong horse 1", "new_password": "another horse 2" });
        let text = refused(&client, PATH, &body, StatusCode::BAD_REQUEST).await;
        assert_eq!(text, "Current password is incorrect");
        let body = json!({ "current_password": PASSWORD, "new_password": PASSWORD });
        let text = refused(&client, PATH, &body, StatusCode::BAD_REQUEST).await;
        assert_eq!(text, "New password must be different from the current one");
        let body = json!({ "current_password": PASSWORD, "new_password": "short" });
        let (status, answer) = client.post(PATH, &body).await;
        let field = &answer["errors"][0]["field"];
        assert_eq!((status, field), (StatusCode::UNPROCESSABLE_ENTITY, &json!("new_password")));
        app.sign_in_as("member@example.com", PASSWORD).await;
    }

    async fn of_two_changes_at_once_one_counts(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.with_token(&app.sign_in(&app.people.member).await.access);
        let change = |new: &str| {
            let body = json!({ "current_password": PASSWORD, "new_password": new });
            let client = &client;
            async move { client.post(PATH, &body).await.0 }
        };
        let (one, other) = tokio::join!(change("first horse 1"), change("second horse 2"));
        let changed = [one, other].iter().filter(|s| **s == StatusCode::OK).count();
        assert_eq!(changed, 1, "{one} {other}");
        let password = if one == StatusCode::OK { "first horse 1" } else { "second horse 2" };
        app.sign_in_as("member@example.com", password).await;
    }

    async fn a_key_cannot_touch_the_password(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        app.sign_in(&app.people.member).await;
        let key = app.api_key(&app.people.member, &["prediction.read"]).await;
        let body = json!({ "current_password": PASSWORD, "new_password": "another horse 2" });
        assert_eq!(app.with_token(&key).post(PATH, &body).await.0, StatusCode::FORBIDDEN);
        assert_eq!(app.anonymous().post(PATH, &body).await.0, StatusCode::UNAUTHORIZED);
    }
}
