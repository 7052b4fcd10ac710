//! What every answer carries, whatever it answers.

use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};

use crate::app::{Limits, TestApp};

async fn answer(app: &TestApp, request: Request<Body>) -> (StatusCode, HeaderMap) {
    let response = app.anonymous().raw(request).await;
    (response.status(), response.headers().clone())
}

fn get(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

/// As a browser asks for what stands in its address bar.
fn browse(path: &str) -> Request<Body> {
    let accepted = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
    Request::get(path).header(header::ACCEPT, accepted).body(Body::empty()).unwrap()
}

/// One request for each way in which an answer comes about.
fn requests(app: &TestApp) -> Vec<(StatusCode, Request<Body>)> {
    let token = app.token(app.people.member.user_id, 0);
    let signed = |mut request: Request<Body>| {
        request.headers_mut().insert(header::AUTHORIZATION, format!("Bearer {token}").parse().unwrap());
        request
    };
    let login = |body: Vec<u8>| Request::post("/api/v1/auth/login").body(Body::from(body)).unwrap();
    vec![
        (StatusCode::OK, get("/health")),
        (StatusCode::OK, get("/docs/")),
        (StatusCode::OK, get("/docs/swagger-ui.css")),
        (StatusCode::OK, get("/openapi.json")),
        (StatusCode::OK, browse("/")),
        (StatusCode::OK, browse("/companies")),
        (StatusCode::OK, signed(get("/api/v1/users/me"))),
        (StatusCode::UNAUTHORIZED, get("/api/v1/users/me")),
        (StatusCode::FORBIDDEN, signed(get("/api/v1/audit"))),
        (StatusCode::NOT_FOUND, get("/nowhere")),
        (StatusCode::NOT_FOUND, signed(get("/api/v1/predictions/jobs/x/status"))),
        (StatusCode::METHOD_NOT_ALLOWED, get("/api/v1/auth/login")),
        (StatusCode::UNPROCESSABLE_ENTITY, login(b"{".to_vec())),
        (StatusCode::PAYLOAD_TOO_LARGE, login(vec![b' '; 2 << 20])),
    ]
}

on_both_engines! {
    async fn every_answer_carries_the_security_headers(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (expected, request) in requests(&app) {
            let what = format!("{} {}", request.method(), request.uri());
            let (status, headers) = answer(&app, request).await;
            assert_eq!(status, expected, "{what}");
            for (name, value) in [
                ("x-frame-options", "DENY"),
                ("x-content-type-options", "nosniff"),
                ("x-xss-protection", "1; mode=block"),
                ("referrer-policy", "strict-origin-when-cross-origin"),
                ("x-security-headers", "enabled"),
            ] {
                assert_eq!(headers.get(name).map(|v| v.to_str().unwrap()), Some(value), "{what}: {name}");
            }
            let permissions = headers["permissions-policy"].to_str().unwrap();
            for feature in ["accelerometer", "camera", "geolocation", "gyroscope", "magnetometer", "microphone",
                            "payment", "usb"] {
                assert!(permissions.contains(&format!("{feature}=()")), "{what}: {permissions}");
            }
            let policy = headers["content-security-policy"].to_str().unwrap();
            assert!(!policy.contains("unsafe-eval") && !policy.contains("http"), "{what}: {policy}");
            let script = policy.split(';').find(|p| p.trim().starts_with("script-src"));
            assert!(!script.is_some_and(|s| s.contains("unsafe-inline")), "{what}: {policy}");
            let time: f64 = headers["x-process-time"].to_str().unwrap().parse().unwrap();
            assert!(time >= 0.0, "{what}");
            assert!(headers.contains_key("x-request-id"), "{what}");
            assert!(!headers.contains_key("server"), "{what}");
            assert!(!headers.contains_key("strict-transport-security"), "{what}: not over https");
        }
    }

    async fn https_is_remembered_only_over_https(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for path in ["/health", "/nowhere", "/docs/"] {
            let request = Request::get(path).header("x-forwarded-proto", "https").body(Body::empty()).unwrap();
            let (_, headers) = answer(&app, request).await;
            let expected = "max-age=31536000; includeSubDomains; preload";
            assert_eq!(headers["strict-transport-security"], expected, "{path}");
        }
    }

    async fn browsers_may_call_from_the_configured_origin_alone(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (origin, let_in) in [("https://app.example.org", true), ("https://evil.example.org", false)] {
            let preflight = Request::builder()
                .method(Method::OPTIONS)
                .uri("/api/v1/users/me")
                .header(header::ORIGIN, origin)
                .header(header::ACCESS_CONTROL_REQUEST_METHOD, "PATCH")
                .header(header::ACCESS_CONTROL_REQUEST_HEADERS, "authorization,content-type");
            let (status, headers) = answer(&app, preflight.body(Body::empty()).unwrap()).await;
            assert_eq!(status, StatusCode::OK);
            assert!(headers.contains_key("x-frame-options"));
            assert_eq!(headers.contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), let_in, "{origin}");
            let request = Request::get("/api/v1/users/me").header(header::ORIGIN, origin);
            let (status, headers) = answer(&app, request.body(Body::empty()).unwrap()).await;
            // Errors, too: or the client could not read why.
            assert_eq!(status, StatusCode::UNAUTHORIZED);
            let allowed = headers.get(header::ACCESS_CONTROL_ALLOW_ORIGIN);
            assert_eq!(allowed.map(|v| v.to_str().unwrap()), let_in.then_some(origin));
            if let_in {
                assert_eq!(headers[header::ACCESS_CONTROL_ALLOW_CREDENTIALS], "true");
                let exposed = headers[header::ACCESS_CONTROL_EXPOSE_HEADERS].to_str().unwrap().to_lowercase();
                assert!(exposed.contains("retry-after") && exposed.contains("x-request-id"), "{exposed}");
            }
        }
    }

    async fn a_proxys_request_id_is_kept_if_it_is_sound(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (given, kept) in [("0123456789abcdef", true), ("short", false), ("with blanks and more", false)] {
            let request = Request::get("/health").header("x-request-id", given).body(Body::empty()).unwrap();
            let (_, headers) = answer(&app, request).await;
            assert_eq!(headers["x-request-id"] == given, kept, "{given}");
        }
    }
}
