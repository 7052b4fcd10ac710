use std::time::Duration;

use accunode_db::{Clock, Timestamp};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::{
    app::{Limits, TestApp},
    sessions::PASSWORD,
};

on_both_engines! {
    async fn either_token_ends_its_session_and_no_other(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let first = app.sign_in(&app.people.member).await;
        let second = app.sign_in_as("member@example.com", PASSWORD).await;
        let third = app.sign_in_as("member@example.com", PASSWORD).await;
        for (session, bearer) in [(&first, &first.access), (&second, &second.refresh)] {
            let (status, body) = app.post_empty("/auth/logout", bearer).await;
            assert_eq!(status, StatusCode::OK);
            assert!(body["message"].is_string(), "{body}");
            assert!(!app.admits(&session.access).await && !app.refreshes(&session.refresh).await);
        }
        assert!(app.admits(&third.access).await && app.refreshes(&third.refresh).await);
        assert_eq!(app.times("auth.sign_out").await, 2);
    }

    async fn an_access_token_that_is_over_still_ends_its_session(test: TestDb) {
        let clock = Clock::manual(Timestamp::from_unix_seconds(1_800_000_000));
        let app = TestApp::changed(test, |parts| parts.clock = clock.clone()).await;
        let session = app.sign_in(&app.people.member).await;
        clock.advance(Duration::from_secs(2 * 3_600));
        app.post_empty("/auth/logout", &session.access).await;
        assert!(!app.refreshes(&session.refresh).await);
    }

    async fn whatever_comes_the_answer_is_the_same(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let session = app.sign_in(&app.people.member).await;
        let key = app.api_key(&app.people.member, &["prediction.read"]).await;
        for bearer in ["nonsense", "acr_unknown", &session.refresh, &session.refresh, &key] {
            assert_eq!(app.post_empty("/auth/logout", bearer).await.0, StatusCode::OK);
        }
        assert_eq!(app.anonymous().post("/auth/logout", &json!({})).await.0, StatusCode::OK);
        assert!(app.admits(&key).await, "a key is not a session");
        assert_eq!(app.times("auth.sign_out").await, 1);
    }

    async fn signing_out_everywhere_ends_every_session_of_oneself(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let first = app.sign_in(&app.people.member).await;
        let second = app.sign_in_as("member@example.com", PASSWORD).await;
        let colleague = app.sign_in(&app.people.colleague).await;
        let key = app.api_key(&app.people.member, &["prediction.read"]).await;
        assert_eq!(app.post_empty("/auth/logout-all", &key).await.0, StatusCode::FORBIDDEN);
        assert_eq!(app.post_empty("/auth/logout-all", &first.access).await.0, StatusCode::OK);
        for session in [&first, &second] {
            assert!(!app.admits(&session.access).await && !app.refreshes(&session.refresh).await);
        }
        assert!(app.admits(&key).await && app.admits(&colleague.access).await);
        assert!(app.admits(&app.sign_in_as("member@example.com", PASSWORD).await.access).await);
        assert_eq!(app.times("auth.sign_out_all").await, 1);
    }

    async fn a_token_of_an_older_version_is_dead_even_without_a_session(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.people.member.user_id;
        assert!(app.admits(&app.token(member, 0)).await);
        app.set("UPDATE users SET token_version = 1 WHERE id = $1", member.0).await;
        assert!(!app.admits(&app.token(member, 0)).await);
    }
}
