use std::time::Duration;

use accunode_db::{Clock, Timestamp};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::{
    app::{Limits, TestApp},
    sessions::PASSWORD,
};

const DAY: Duration = Duration::from_secs(24 * 3_600);

on_both_engines! {
    async fn the_first_refresh_token_makes_access_tokens_until_the_session_ends(test: TestDb) {
        let clock = Clock::manual(Timestamp::from_unix_seconds(1_800_000_000));
        let app = TestApp::changed(test, |parts| parts.clock = clock.clone()).await;
        let session = app.sign_in(&app.people.member).await;
        assert!(session.refresh.starts_with("acr_") && session.refresh.len() == 47);
        for day in 1..30 {
            clock.advance(DAY);
            assert!(!app.admits(&session.access).await, "the access token is over on day {day}");
            let (status, token) = app.post_empty("/auth/refresh", &session.refresh).await;
            assert_eq!((status, &token["expires_in"]), (StatusCode::OK, &json!(3_600)), "{token}");
            assert!(token.get("refresh_token").is_none(), "{token}");
            assert!(app.admits(token["access_token"].as_str().unwrap()).await);
        }
        clock.advance(DAY - Duration::from_secs(60));
        let (_, token) = app.post_empty("/auth/refresh", &session.refresh).await;
        assert_eq!(token["expires_in"], 60, "no longer than the session");
        clock.advance(Duration::from_secs(60));
        assert!(!app.refreshes(&session.refresh).await);
        assert!(!app.admits(token["access_token"].as_str().unwrap()).await);
    }

    async fn the_body_may_be_empty_or_an_empty_object(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let session = app.sign_in(&app.people.user).await;
        let client = app.with_token(&session.refresh);
        assert_eq!(client.post("/auth/refresh", &json!({})).await.0, StatusCode::OK);
        assert_eq!(client.post_text("/auth/refresh", "").await.0, StatusCode::OK);
    }

    async fn nothing_but_a_refresh_token_makes_access_tokens(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let session = app.sign_in(&app.people.member).await;
        let key = app.api_key(&app.people.member, &["prediction.read"]).await;
        for bearer in [&session.access, &key, "acr_", "nonsense"] {
            assert!(!app.refreshes(bearer).await, "{bearer}");
        }
        let (status, _) = app.anonymous().post("/auth/refresh", &json!({})).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        // And a refresh token is no access token.
        assert!(!app.admits(&session.refresh).await);
    }

    async fn who_is_switched_off_is_out_at_the_next_request(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        let (user, organization) = (member.user_id.0, member.organization_id.unwrap().0);
        let tenant = member.tenant_id.unwrap().0;
        let session = app.sign_in(member).await;
        let key = app.api_key(member, &["prediction.read"]).await;
        let everything = async || {
            [app.admits(&session.access).await, app.refreshes(&session.refresh).await, app.admits(&key).await]
        };
        assert_eq!(everything().await, [true; 3]);
        for (off, on, id) in [
            ("UPDATE users SET is_active = FALSE WHERE id = $1", "UPDATE users SET is_active = TRUE WHERE id = $1", user),
            ("UPDATE organizations SET is_active = FALSE WHERE id = $1",
             "UPDATE organizations SET is_active = TRUE WHERE id = $1", organization),
            ("UPDATE tenants SET is_active = FALSE WHERE id = $1",
             "UPDATE tenants SET is_active = TRUE WHERE id = $1", tenant),
        ] {
            app.set(off, id).await;
            assert_eq!(everything().await, [false; 3], "{off}");
            assert_eq!(app.log_in("member@example.com", PASSWORD).await.0, StatusCode::UNAUTHORIZED, "{off}");
            app.set(on, id).await;
            assert_eq!(everything().await, [true; 3], "{on}");
        }
    }
}
