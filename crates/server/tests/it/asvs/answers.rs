//! What answers hold, and to which requests there are any.

use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Method, Request, Response, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::app::{Client, Limits, TestApp};

fn request(method: &str, path: &str, headers: &[(&str, &str)], body: impl Into<Body>) -> Request<Body> {
    let request = Request::builder().method(method).uri(path);
    headers
        .iter()
        .fold(request, |request, (name, value)| request.header(*name, *value))
        .body(body.into())
        .unwrap()
}

async fn text(response: Response<Body>) -> String {
    String::from_utf8_lossy(&response.into_body().collect().await.unwrap().to_bytes()).into_owned()
}

async fn company(client: &Client) -> String {
    let body = json!({ "symbol": "XMP", "name": "Example Works", "sector": "Energy", "market_cap": 1_500 });
    let (status, body) = client.post("/companies", &body).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["data"]["id"].as_str().unwrap().to_owned()
}

on_both_engines! {
    /// Neither a browser nor a proxy keeps what belongs to somebody, refusals included.
    async fn nobody_keeps_answers(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (member, nobody) = (app.client(&app.people.member), app.anonymous());
        let json_type = ("content-type", "application/json");
        let login = json!({ "email": "member@example.com", "password": "wrong horse 1" }).to_string();
        for (client, request) in [
            (&member, request("GET", "/api/v1/users/me", &[], "")),
            (&member, request("GET", "/api/v1/companies", &[], "")),
            (&member, request("GET", "/api/v1/companies/export?format=csv", &[], "")),
            (&member, request("GET", "/api/v1/api-keys", &[], "")),
            (&nobody, request("GET", "/api/v1/users/me", &[], "")),
            (&nobody, request("POST", "/api/v1/auth/login", &[json_type], login)),
            (&nobody, request("GET", "/nowhere", &[], "")),
        ] {
            let what = request.uri().to_string();
            let response = client.raw(request).await;
            let kept: Vec<_> = response.headers().get_all(header::CACHE_CONTROL).iter().collect();
            assert_eq!(kept, ["no-store"], "{what}");
        }
    }

    /// Tokens go in the header `Authorization` and nowhere else, so nothing leaks by addresses and no other page can
    /// have a browser send them.
    async fn a_token_elsewhere_than_in_its_header_is_none(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let token = app.token(app.people.member.user_id, 0);
        let path = "/api/v1/users/me";
        let cookies = format!("access_token={token}; token={token}; session={token}");
        let basic = format!("Basic {token}");
        for request in [
            request("GET", &format!("{path}?access_token={token}"), &[], ""),
            request("GET", &format!("{path}?token={token}&authorization=Bearer%20{token}"), &[], ""),
            request("GET", path, &[("cookie", &cookies)], ""),
            request("GET", path, &[("x-api-key", &token), ("x-auth-token", &token)], ""),
            request("GET", path, &[("authorization", &basic)], ""),
            request("GET", path, &[("proxy-authorization", &format!("Bearer {token}"))], ""),
        ] {
            let response = app.anonymous().raw(request).await;
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
        }
        let bearer = format!("Bearer {token}");
        let response = app.anonymous().raw(request("GET", path, &[("authorization", &bearer)], "")).await;
        assert_eq!(response.status(), StatusCode::OK);
    }

    async fn no_cookie_is_set(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        app.sign_in(&app.people.member).await;
        let login = json!({ "email": "member@example.com", "password": crate::sessions::PASSWORD }).to_string();
        for request in [
            request("POST", "/api/v1/auth/login", &[("content-type", "application/json")], login),
            request("GET", "/", &[("accept", "text/html")], ""),
            request("GET", "/docs/", &[], ""),
        ] {
            let response = app.anonymous().raw(request).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert!(!response.headers().contains_key(header::SET_COOKIE));
        }
    }

    /// A method in a header or a parameter is none, and there is no method that nobody thought of.
    async fn only_the_methods_of_a_route_are_answered(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let path = format!("/api/v1/companies/{}", company(&member).await);
        for method in ["TRACE", "CONNECT", "POST", "PATCH", "PROPFIND", "get", "DEBUG"] {
            let response = member.raw(request(method, &path, &[], "")).await;
            assert_eq!(response.status(), StatusCode::METHOD_NOT_ALLOWED, "{method}");
            assert!(!text(response).await.contains("Bearer"), "{method} repeats the request");
        }
        for name in ["x-http-method-override", "x-method-override", "x-http-method"] {
            let over = format!("{path}?_method=DELETE");
            let response = member.raw(request("GET", &over, &[(name, "DELETE")], "")).await;
            assert_eq!(response.status(), StatusCode::OK, "{name}: it is a GET");
        }
        assert_eq!(member.raw(request("GET", &path, &[], "")).await.status(), StatusCode::OK, "still there");
        let head = app.anonymous().raw(request(Method::HEAD.as_str(), &path, &[], "")).await;
        assert_eq!(head.status(), StatusCode::UNAUTHORIZED, "as a GET");
    }

    /// Whatever comes in, the answer is JSON of a few known members, and nothing in it tells of the program.
    async fn errors_tell_nothing_of_the_inside(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let nested = "[".repeat(100_000);
        let long = format!("/api/v1/companies/{}", "a".repeat(8_000));
        let json_type = [("content-type", "application/json")];
        for request in [
            request("GET", "/api/v1/companies/%ff%00", &[], ""),
            request("GET", "/api/v1/companies?page=9999999999999999999999", &[], ""),
            request("GET", "/api/v1/companies?page=1&page=2", &[], ""),
            request("GET", "/api/v1/companies?search=%00'%20OR%201%3D1--", &[], ""),
            request("GET", "/api/v1/predictions/annual?cursor=8000000000000000ffffffffffffffffffffffffffffffff&x=%", &[], ""),
            request("GET", "/api/v1/../../etc/passwd", &[], ""),
            request("GET", "/assets/..%2f..%2fetc/passwd", &[], ""),
            request("GET", &long, &[], ""),
            request("POST", "/api/v1/companies", &json_type, nested.clone()),
            request("POST", "/api/v1/companies", &json_type, format!("{{\"symbol\":{nested}")),
            request("POST", "/api/v1/companies", &json_type, "{\"symbol\":1e999}"),
            request("POST", "/api/v1/companies", &json_type, "\u{feff}{}"),
            request("POST", "/api/v1/companies", &json_type, vec![0xff_u8, 0xfe]),
            request("POST", "/api/v1/predictions/annual/bulk-upload-async", &[("content-type", "multipart/form-data")], "--"),
        ] {
            let what = request.uri().to_string();
            let response = member.raw(request).await;
            let status = response.status();
            assert!(status.is_client_error() || what.contains("cursor"), "{what}: {status}");
            let body = text(response).await;
            let answer: Value = serde_json::from_str(&body).unwrap_or_else(|_| panic!("{what}: {body}"));
            let known = ["detail", "success", "error", "message", "errors"];
            assert!(status.is_success() || answer.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{body}");
            for inside in ["panick", ".rs", "src/", "sqlx", "SELECT", "syntax", "backtrace", "/root", "thread '"] {
                assert!(!body.contains(inside), "{what}: {body}");
            }
        }
    }

    /// A form or plain text is all that a page of another origin can send without asking.
    async fn a_body_of_another_type_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let body = json!({ "symbol": "XMP", "name": "X", "sector": "Energy", "market_cap": 1 }).to_string();
        for kind in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "text/xml", "json"] {
            let response = member.raw(request("POST", "/api/v1/companies", &[("content-type", kind)], body.clone())).await;
            assert_eq!(response.status(), StatusCode::UNPROCESSABLE_ENTITY, "{kind}");
            assert!(text(response).await.contains("application/json is expected"), "{kind}");
        }
        assert_eq!(member.get_ok("/companies").await["total"], 0);
        let kind = [("content-type", "Application/JSON; charset=utf-8")];
        let response = member.raw(request("POST", "/api/v1/companies", &kind, body)).await;
        assert_eq!(response.status(), StatusCode::OK);
    }
}
