//! How often what may be asked, by whom, and what an answer says about it.

use std::fmt::Write as _;

use accunode_db::Timestamp;
use accunode_infra::RateLimits;
use accunode_server::http::limits::{Limits as Table, RateClass};
use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{HeaderMap, Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::Value;

use crate::app::{Limits, TestApp};

/// One request a minute for everything but for doubtful requests, which all routes count together.
fn one_a_minute() -> &'static str {
    let mut settings = String::new();
    for class in RateClass::ALL.iter().filter(|class| **class != RateClass::Unauthenticated) {
        write!(settings, "{}=1/min;", class.as_str()).unwrap();
    }
    settings.leak()
}

/// Sends a request from an address, with a token if there is one.
async fn send(
    app: &TestApp,
    method: &str,
    path: &str,
    token: Option<&str>,
    forwarded: &str,
) -> (StatusCode, HeaderMap, Value) {
    let mut request = Request::builder().method(method).uri(path).header("x-forwarded-for", forwarded);
    if let Some(token) = token {
        request = request.header(header::AUTHORIZATION, format!("Bearer {token}"));
    }
    // What signing in needs to be counted by account; nothing else takes it.
    let body = r#"{"email": "nobody@example.com", "password": "wrong horse 1"}"#;
    let response = app.anonymous().raw(request.body(Body::from(body)).unwrap()).await;
    let (parts, body) = response.into_parts();
    let bytes = body.collect().await.unwrap().to_bytes();
    (parts.status, parts.headers, serde_json::from_slice(&bytes).unwrap_or(Value::Null))
}

fn number(headers: &HeaderMap, name: &str) -> u64 {
    headers[name].to_str().unwrap().parse().unwrap()
}

on_both_engines! {
    async fn every_operation_is_limited(test: TestDb) {
        let limits = Limits { rates: one_a_minute(), ..Limits::default() };
        let app = TestApp::without_worker(test, limits).await;
        let token = |version| app.token(app.people.super_admin.user_id, version);
        let mut version = 0;
        let document = serde_json::to_value(accunode_server::router::openapi()).unwrap();
        for (path, item) in document["paths"].as_object().unwrap() {
            // Balancers ask these, often and from few addresses.
            if ["/health/live", "/health/ready"].contains(&path.as_str()) {
                continue;
            }
            // Any identifier: the request is counted before it is looked at.
            let path: Vec<_> = path.split('/').map(|p| if p.starts_with('{') { "x" } else { p }).collect();
            for (method, operation) in item.as_object().unwrap() {
                let signed_in = operation["security"].is_array() || path.last() == Some(&"logout");
                // One token for both: renewing a session is counted by its token.
                let same = token(version);
                let bearer = |now| signed_in.then(|| if now == version { same.clone() } else { token(now) });
                let (method, path) = (method.to_uppercase(), path.join("/"));
                let (status, headers, _) = send(&app, &method, &path, bearer(version).as_deref(), "203.0.113.1").await;
                assert_ne!(status, StatusCode::TOO_MANY_REQUESTS, "{method} {path}");
                assert_eq!(number(&headers, "ratelimit-limit"), 1, "{method} {path}");
                // The one operation that ends the caller's own tokens.
                let later = version + i64::from(path.ends_with("/logout-all"));
                let (status, headers, body) = send(&app, &method, &path, bearer(later).as_deref(), "203.0.113.1").await;
                version = later;
                assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{method} {path}");
                let wait = number(&headers, "retry-after");
                assert!((1..=61).contains(&wait), "{method} {path}: {wait}");
                assert_eq!(body["retry_after"], wait, "{method} {path}");
                assert_eq!(body["detail"], "1 per 1 minute", "{method} {path}");
                assert_eq!(number(&headers, "ratelimit-remaining"), 0, "{method} {path}");
                assert_eq!(headers["ratelimit-policy"], "1;w=60", "{method} {path}");
                assert!(body["error"].is_string() && body["message"].is_string());
                assert!(body["client_id"].as_str().unwrap().ends_with("..."));
            }
        }
    }

    async fn people_are_counted_by_who_they_are(test: TestDb) {
        let limits = Limits { rates: "user_me=2/min", ..Limits::default() };
        let app = TestApp::without_worker(test, limits).await;
        let member = app.token(app.people.member.user_id, 0);
        let colleague = app.token(app.people.colleague.user_id, 0);
        for (token, address, expected) in [
            (&member, "203.0.113.1", StatusCode::OK),
            (&member, "203.0.113.2", StatusCode::OK),
            // A third address does not help, and a new token of the same person does not either.
            (&member, "203.0.113.3", StatusCode::TOO_MANY_REQUESTS),
            (&app.token(app.people.member.user_id, 0), "203.0.113.3", StatusCode::TOO_MANY_REQUESTS),
            // Somebody else behind the same address is somebody else.
            (&colleague, "203.0.113.3", StatusCode::OK),
        ] {
            let (status, ..) = send(&app, "GET", "/api/v1/users/me", Some(token), address).await;
            assert_eq!(status, expected, "{address}");
        }
    }

    async fn the_own_account_is_counted_apart_from_other_people(test: TestDb) {
        let limits = Limits { rates: "user_read=1/min", ..Limits::default() };
        let app = TestApp::without_worker(test, limits).await;
        let admin = app.token(app.people.org_admin.user_id, 0);
        for (path, limit, expected) in [
            ("users/me", 2_000, StatusCode::OK),
            ("users", 1, StatusCode::OK),
            ("users", 1, StatusCode::TOO_MANY_REQUESTS),
            ("users/profile", 1, StatusCode::OK),
            ("users/profile", 1, StatusCode::TOO_MANY_REQUESTS),
            ("users/me", 2_000, StatusCode::OK),
        ] {
            let (status, headers, _) = send(&app, "GET", &format!("/api/v1/{path}"), Some(&admin), "203.0.113.1").await;
            assert_eq!((status, number(&headers, "ratelimit-limit")), (expected, limit), "{path}");
        }
    }

    async fn an_invented_address_does_not_help(test: TestDb) {
        let limits = Limits { rates: "health=1/min", ..Limits::default() };
        let app = TestApp::without_worker(test, limits).await;
        // One proxy is trusted: what it appended is the last.
        for (forwarded, expected) in [
            ("198.51.100.1, 203.0.113.9", StatusCode::OK),
            ("198.51.100.2, 203.0.113.9", StatusCode::TOO_MANY_REQUESTS),
            ("203.0.113.10", StatusCode::OK),
        ] {
            assert_eq!(send(&app, "GET", "/health", None, forwarded).await.0, expected, "{forwarded}");
        }
    }

    async fn guessing_tokens_is_counted_by_address(test: TestDb) {
        let limits = Limits { rates: "unauthenticated=2/min", ..Limits::default() };
        let app = TestApp::without_worker(test, limits).await;
        for expected in [StatusCode::UNAUTHORIZED, StatusCode::UNAUTHORIZED, StatusCode::TOO_MANY_REQUESTS] {
            let (status, ..) = send(&app, "GET", "/api/v1/users/me", Some("guess"), "203.0.113.1").await;
            assert_eq!(status, expected);
        }
        let good = app.token(app.people.member.user_id, 0);
        let (status, ..) = send(&app, "GET", "/api/v1/users/me", Some(&good), "203.0.113.1").await;
        assert_eq!(status, StatusCode::OK, "who is known is let through all the same");
    }

    async fn more_keys_are_no_more_requests(test: TestDb) {
        let limits = Limits { rates: "prediction_read=2/min", ..Limits::default() };
        let app = TestApp::without_worker(test, limits).await;
        let member = app.token(app.people.member.user_id, 0);
        let mut keys = Vec::new();
        for _ in 0..3 {
            keys.push(app.api_key(&app.people.member, &["prediction.read"]).await);
        }
        for (token, expected) in [
            (&keys[0], StatusCode::OK),
            (&keys[1], StatusCode::OK),
            (&keys[2], StatusCode::TOO_MANY_REQUESTS),
            // Machines do not use up what is their owner's.
            (&member, StatusCode::OK),
        ] {
            let (status, ..) = send(&app, "GET", "/api/v1/predictions/annual", Some(token), "203.0.113.1").await;
            assert_eq!(status, expected);
        }
    }

    async fn an_ipv6_network_is_one_client(test: TestDb) {
        let limits = Limits { rates: "health=1/min", ..Limits::default() };
        let app = TestApp::without_worker(test, limits).await;
        for (address, expected) in [
            ("2001:db8:1:2::1", StatusCode::OK),
            ("2001:db8:1:2:ffff::2", StatusCode::TOO_MANY_REQUESTS),
            ("2001:db8:1:3::1", StatusCode::OK),
        ] {
            assert_eq!(send(&app, "GET", "/health", None, address).await.0, expected, "{address}");
        }
    }

    async fn other_spellings_of_a_route_do_not_help(test: TestDb) {
        let limits = Limits { rates: "user_me=1/min; user_read=1/min", ..Limits::default() };
        let app = TestApp::without_worker(test, limits).await;
        let member = app.token(app.people.member.user_id, 0);
        for (method, path, expected) in [
            ("GET", "/api/v1/users/me", StatusCode::OK),
            ("GET", "/api/v1/users/me/", StatusCode::TOO_MANY_REQUESTS),
            ("GET", "/api/v1/users/me?x=1", StatusCode::TOO_MANY_REQUESTS),
            ("HEAD", "/api/v1/users/me", StatusCode::TOO_MANY_REQUESTS),
            ("GET", "/api/v1/users/%6de", StatusCode::NOT_FOUND),
            ("GET", "/api/v1//users/me", StatusCode::NOT_FOUND),
            ("GET", "/api/v1/Users/me", StatusCode::NOT_FOUND),
        ] {
            assert_eq!(send(&app, method, path, Some(&member), "203.0.113.1").await.0, expected, "{method} {path}");
        }
    }

    async fn an_office_behind_one_address_signs_in_and_carries_on(test: TestDb) {
        let limits = Limits { rates: "auth=2/min; api=2/min", ..Limits::default() };
        let app = TestApp::without_worker(test, limits).await;
        let people = [&app.people.member, &app.people.colleague, &app.people.org_admin];
        let mut sessions = Vec::new();
        for person in people {
            sessions.push(app.sign_in(person).await);
        }
        for session in &sessions {
            for expected in [StatusCode::OK, StatusCode::OK, StatusCode::TOO_MANY_REQUESTS] {
                let refresh = Some(session.refresh.as_str());
                let (status, ..) = send(&app, "POST", "/api/v1/auth/refresh", refresh, "203.0.113.1").await;
                assert_eq!(status, expected);
            }
        }
        let (status, _) = app.log_in("member@example.com", "wrong horse 1").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let (status, _) = app.log_in("member@example.com", "wrong horse 1").await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "the third sign-in of one account within a minute");
    }
}

/// Clients ask who is signed in each time that they are opened: for whoever reloads every two seconds that is 1,800 an
/// hour.
#[tokio::test]
async fn opening_the_client_again_and_again_fits_the_limit() {
    let table = Table::new(RateLimits::in_process(), "").unwrap();
    let at = |second: i64| Timestamp::from_unix_seconds(1_800_000_000 + second);
    for load in 0..3_600 {
        let standing = table.check(RateClass::UserMe, "GET /users/me", "user x", at(load * 2)).await;
        assert!(standing.is_ok(), "refused at load {load}");
    }
}

#[tokio::test]
async fn the_own_account_has_a_limit_all_the_same() {
    let table = Table::new(RateLimits::in_process(), "").unwrap();
    let now = Timestamp::from_unix_seconds(1_800_000_000);
    for request in 0..2_000 {
        let standing = table.check(RateClass::UserMe, "GET /users/me", "user x", now).await;
        assert!(standing.is_ok(), "refused at request {request}");
    }
    assert!(table.check(RateClass::UserMe, "GET /users/me", "user x", now).await.is_err());
}

/// Clients look at their jobs every second and a half, for as long as a large upload takes.
#[tokio::test]
async fn watching_jobs_fits_the_limit() {
    let table = Table::new(RateLimits::in_process(), "").unwrap();
    for poll in 0..2_400_i64 {
        let now = Timestamp::from_unix_micros(1_800_000_000_000_000 + poll * 1_500_000);
        let standing = table.check(RateClass::JobRead, "GET /jobs", "user x", now).await;
        assert!(standing.is_ok(), "refused at poll {poll}");
    }
}
