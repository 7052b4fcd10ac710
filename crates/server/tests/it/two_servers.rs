//! Two servers in front of one PostgreSQL and one Redis are one: what one counts or revokes, the other knows.

use accunode_infra::RateLimits;
use accunode_server::http::limits::Limits;
use accunode_testkit::{TestDb, block_on, redis_url};
use axum::{Router, http::StatusCode};
use serde_json::json;

use crate::app::{Client, TestApp};

/// Two servers that count together, if there are services.
async fn servers(rates: &'static str) -> Option<(TestApp, Router)> {
    let (test, redis) = (TestDb::postgres().await?, redis_url()?);
    let limits = || Limits::new(RateLimits::redis(&redis).unwrap(), rates).unwrap();
    let first = TestApp::changed(test, |parts| parts.limits = limits()).await;
    let second = first.second_server(|parts| parts.limits = limits());
    Some((first, second))
}

async fn me(client: &Client) -> StatusCode {
    client.get("/users/me").await.0
}

#[test]
fn limits_are_shared() {
    block_on(async {
        let Some((app, second)) = servers("user_me=4/h").await else { return };
        let token = app.token(app.people.member.user_id, 0);
        let (first, second) = (app.with_token(&token), Client::of(&second, Some(&token)));
        for client in [&first, &second, &first, &second] {
            assert_eq!(me(client).await, StatusCode::OK);
        }
        for client in [&first, &second] {
            assert_eq!(me(client).await, StatusCode::TOO_MANY_REQUESTS);
        }
    });
}

#[test]
fn a_sign_out_counts_on_the_other_server_at_once() {
    block_on(async {
        let Some((app, second)) = servers("off").await else { return };
        let session = app.sign_in(&app.people.member).await;
        let there = |token: &str| Client::of(&second, Some(token));
        assert_eq!(me(&there(&session.access)).await, StatusCode::OK);
        let (status, renewed) = there(&session.refresh).post("/auth/refresh", &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{renewed}");
        let (status, _) = there(&session.access).post("/auth/logout", &json!({})).await;
        assert_eq!(status, StatusCode::OK);
        for token in [session.access.as_str(), renewed["access_token"].as_str().unwrap()] {
            assert_eq!(me(&app.with_token(token)).await, StatusCode::UNAUTHORIZED);
        }
        let (status, _) = app.with_token(&session.refresh).post("/auth/refresh", &json!({})).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn a_deactivation_counts_on_the_other_server_at_once() {
    block_on(async {
        let Some((app, second)) = servers("off").await else { return };
        let session = app.sign_in(&app.people.member).await;
        let there = Client::of(&second, Some(&session.access));
        assert_eq!(me(&there).await, StatusCode::OK);
        let path = format!("/users/{}/deactivate", app.people.member.user_id);
        let (status, body) = app.client(&app.people.org_admin).post(&path, &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(me(&there).await, StatusCode::UNAUTHORIZED);
    });
}

#[test]
fn guesses_at_both_servers_are_counted_together() {
    block_on(async {
        let Some((app, second)) = servers("off").await else { return };
        app.sign_in(&app.people.member).await;
        let guess = json!({ "email": app.email(&app.people.member), "password": "wrong horse 1" });
        let (first, second) = (app.anonymous(), Client::of(&second, None));
        let mut statuses = Vec::new();
        for attempt in 0..12 {
            let client = if attempt % 2 == 0 { &first } else { &second };
            statuses.push(client.post("/auth/login", &guess).await.0);
        }
        assert_eq!(statuses[..10], [StatusCode::UNAUTHORIZED; 10]);
        assert_eq!(statuses[10..], [StatusCode::TOO_MANY_REQUESTS; 2]);
    });
}
