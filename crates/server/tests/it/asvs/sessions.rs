//! Signing in, and what cannot be brought along into it.

use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::json;

use crate::{
    app::{Limits, TestApp},
    sessions::PASSWORD,
};

on_both_engines! {
    /// Whoever signs in gets tokens that nobody has had before, whatever comes along with the request.
    async fn a_session_begins_with_signing_in(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let planted = app.sign_in(&app.people.stranger).await;
        let hash = app.state.passwords.hash(PASSWORD).await.unwrap();
        app.give_password(&app.people.member, &hash).await;
        let body = json!({
            "email": "member@example.com", "password": PASSWORD, "session_id": planted.refresh,
            "refresh_token": planted.refresh, "access_token": planted.access,
        });
        let (status, first) = app.with_token(&planted.refresh).post("/auth/login", &body).await;
        assert_eq!(status, StatusCode::OK, "{first}");
        let (_, second) = app.with_token(&planted.access).post("/auth/login", &body).await;
        let mut tokens = vec![planted.access.as_str(), planted.refresh.as_str()];
        for answer in [&first, &second] {
            tokens.extend(["access_token", "refresh_token"].map(|name| answer[name].as_str().unwrap()));
        }
        let count = tokens.len();
        tokens.sort_unstable();
        tokens.dedup();
        assert_eq!(tokens.len(), count, "each is a new one");
        let whose = async |token: &str| app.with_token(token).get_ok("/users/me").await["email"].clone();
        assert_eq!(whose(&planted.access).await, "stranger@example.com");
        assert_eq!(whose(first["access_token"].as_str().unwrap()).await, "member@example.com");
        // Ending the one that was brought along ends nothing else.
        app.post_empty("/auth/logout", &planted.refresh).await;
        assert!(app.admits(first["access_token"].as_str().unwrap()).await);
    }

    /// Long sentences of any letters are passwords, and count to their last character.
    async fn a_password_counts_to_its_last_character(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let register = async |name: &str, password: &str| {
            let body = json!({ "email": format!("{name}@example.org"), "password": password });
            app.anonymous().post("/auth/register", &body).await.0
        };
        let long = format!("1 ÄÖ 漢字 🐎 {}", "x".repeat(128));
        assert_eq!(register("long", &long).await, StatusCode::CREATED);
        assert_eq!(app.log_in("long@example.org", &long).await.0, StatusCode::OK);
        let shorter: String = long.chars().take(long.chars().count() - 1).collect();
        for other in [shorter, format!("{long}x"), long.to_lowercase(), format!(" {long}"), long.replace("  ", " ") + "y"] {
            assert_eq!(app.log_in("long@example.org", &other).await.0, StatusCode::UNAUTHORIZED, "{other}");
        }
        assert_eq!(register("longest", &"a1".repeat(512)).await, StatusCode::CREATED);
        assert_eq!(register("endless", &("a1".repeat(512) + "x")).await, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(register("short", "abcdef1").await, StatusCode::UNPROCESSABLE_ENTITY);
    }

    /// The link in a mail leads to where the operator says that the application is, not to where the request says.
    async fn the_host_of_a_request_is_in_no_link(test: TestDb) {
        let app = TestApp::new(test).await;
        let body = json!({ "email": "member@example.com" }).to_string();
        let request = Request::post("/api/v1/auth/forgot-password")
            .header(header::HOST, "evil.example.net")
            .header("x-forwarded-host", "evil.example.net")
            .header(header::ORIGIN, "https://evil.example.net")
            .header(header::REFERER, "https://evil.example.net/")
            .header(header::CONTENT_TYPE, "application/json");
        let response = app.anonymous().raw(request.body(Body::from(body)).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let mail = loop {
            if let Some(mail) = app.mails().pop() {
                break mail;
            }
            tokio::time::sleep(std::time::Duration::from_millis(20)).await;
        };
        assert!(mail.contains("https://app.example.org/") && !mail.contains("evil"), "{mail}");
    }

    async fn nothing_redirects_to_an_address_that_came_along(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for path in ["//evil.example.net/", "/docs?url=https://evil.example.net", "/?next=https://evil.example.net",
                     "/api/v1/users/me/?return_to=//evil.example.net", "/docs//evil.example.net"] {
            let request = Request::get(path).header(header::HOST, "evil.example.net").body(Body::empty()).unwrap();
            let response = app.anonymous().raw(request).await;
            let to = response.headers().get(header::LOCATION).map(|v| v.to_str().unwrap().to_owned()).unwrap_or_default();
            assert!(!to.contains("evil") && !to.starts_with("//"), "{path} leads to {to}");
        }
    }
}
