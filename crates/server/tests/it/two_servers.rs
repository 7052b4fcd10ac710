//! Two servers in front of one PostgreSQL and one Redis are one: what one counts or revokes, the other knows.

use accunode_domain::Actor;
use accunode_infra::RateLimits;
use accunode_testkit::{TestDb, block_on, redis_url};
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

/// Two servers, if there are services.
async fn servers(rates: &'static str) -> Option<(TestApp, TestApp)> {
    let (test, redis) = (TestDb::postgres().await?, redis_url()?);
    let limits = Limits { rates, ..Limits::default() };
    let first = TestApp::counting(test, limits, RateLimits::redis(&redis).unwrap()).await;
    let second = first.twin(RateLimits::redis(&redis).unwrap()).await;
    Some((first, second))
}

async fn me(app: &TestApp, token: &str) -> StatusCode {
    app.with_token(token).get("/users/me").await.0
}

#[test]
fn limits_are_shared() {
    block_on(async {
        let Some((first, second)) = servers("user_read=4/h").await else { return };
        let token = first.token(first.people.member.user_id, 0);
        for app in [&first, &second, &first, &second] {
            assert_eq!(me(app, &token).await, StatusCode::OK);
        }
        for app in [&first, &second] {
            assert_eq!(me(app, &token).await, StatusCode::TOO_MANY_REQUESTS);
        }
    });
}

#[test]
fn a_sign_out_counts_on_the_other_server_at_once() {
    block_on(async {
        let Some((first, second)) = servers("off").await else { return };
        let signed_in = signed_in(&first, &first.people.member).await;
        let (access, refresh) =
            (signed_in["access_token"].as_str().unwrap(), signed_in["refresh_token"].as_str().unwrap());
        assert_eq!(me(&second, access).await, StatusCode::OK);
        let (status, renewed) = second.with_token(refresh).post("/auth/refresh", &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{renewed}");
        let (status, _) = second.with_token(access).post("/auth/logout", &json!({})).await;
        assert_eq!(status, StatusCode::OK);
        for token in [access, renewed["access_token"].as_str().unwrap()] {
            assert_eq!(me(&first, token).await, StatusCode::UNAUTHORIZED);
        }
        let (status, _) = first.with_token(refresh).post("/auth/refresh", &json!({})).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn a_deactivation_counts_on_the_other_server_at_once() {
    block_on(async {
        let Some((first, second)) = servers("off").await else { return };
        let signed_in = signed_in(&first, &first.people.member).await;
        let access = signed_in["access_token"].as_str().unwrap();
        assert_eq!(me(&second, access).await, StatusCode::OK);
        let path = format!("/users/{}/deactivate", first.people.member.user_id);
        let (status, body) = first.client(&first.people.org_admin).post(&path, &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(me(&second, access).await, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn guesses_at_both_servers_are_counted_together() {
    block_on(async {
        let Some((first, second)) = servers("off").await else { return };
        let guess = json!({ "email": "member@example.com", "password": "wrong horse 1" });
        let mut statuses = Vec::new();
        for attempt in 0..12 {
            let app = if attempt % 2 == 0 { &first } else { &second };
            statuses.push(app.anonymous().post("/auth/login", &guess).await.0);
        }
        assert_eq!(statuses[..10], [StatusCode::UNAUTHORIZED; 10]);
        assert_eq!(statuses[10..], [StatusCode::TOO_MANY_REQUESTS; 2]);
    });
}

async fn signed_in(app: &TestApp, actor: &Actor) -> serde_json::Value {
    app.sign_in(actor).await
}
