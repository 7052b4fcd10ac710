//! The web application among the paths of the API. What it does itself is tested in a browser.

use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Method, Request, StatusCode, header},
    response::Response,
};
use http_body_util::BodyExt;

use crate::app::{Limits, TestApp};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

async fn ask(app: &TestApp, method: Method, path: &str, accept: Option<&str>) -> Response<Body> {
    let mut request = Request::builder().method(method).uri(path);
    if let Some(accept) = accept {
        request = request.header(header::ACCEPT, accept);
    }
    app.anonymous().raw(request.body(Body::empty()).unwrap()).await
}

fn of<'a>(answer: &'a Response<Body>, name: &str) -> &'a str {
    answer.headers().get(name).map(|value| value.to_str().unwrap()).unwrap_or_default()
}

async fn text(answer: Response<Body>) -> String {
    String::from_utf8(answer.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

on_both_engines! {
    async fn browsers_get_the_application_at_every_screen(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for path in ["/", "/companies", "/companies/7?kind=annual", "/join/abc", "/nowhere"] {
            let answer = ask(&app, Method::GET, path, Some(BROWSER)).await;
            assert_eq!(answer.status(), StatusCode::OK, "{path}");
            assert!(of(&answer, "content-type").starts_with("text/html"), "{path}");
            let policy = of(&answer, "content-security-policy").to_owned();
            assert!(policy.contains("script-src 'self';") && policy.contains("style-src 'self';"), "{path}: {policy}");
            assert!(!policy.contains("unsafe"), "{path}: {policy}");
            assert!(of(&answer, "vary").contains("accept"), "{path}");
            assert!(text(answer).await.contains("AccuNode"), "{path}");
        }
    }

    async fn clients_get_what_they_got_before(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for accept in [None, Some("*/*"), Some("application/json")] {
            let answer = ask(&app, Method::GET, "/", accept).await;
            assert!(of(&answer, "content-type").starts_with("application/json"), "{accept:?}");
            assert!(text(answer).await.contains("operational"), "{accept:?}");
            let answer = ask(&app, Method::GET, "/nowhere", accept).await;
            assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{accept:?}");
        }
    }

    async fn the_servers_own_paths_stay_its_own_for_browsers_too(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (path, status) in [
            ("/api/v1/users/me", StatusCode::UNAUTHORIZED),
            ("/api/v1/nowhere", StatusCode::NOT_FOUND),
            ("/health", StatusCode::OK),
            ("/openapi.json", StatusCode::OK),
            ("/assets/nothing-here.js", StatusCode::NOT_FOUND),
        ] {
            let answer = ask(&app, Method::GET, path, Some(BROWSER)).await;
            assert_eq!(answer.status(), status, "{path}");
            assert!(of(&answer, "content-type").starts_with("application/json"), "{path}");
        }
        let answer = ask(&app, Method::POST, "/companies", Some(BROWSER)).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND);
        let answer = ask(&app, Method::GET, "/docs/", Some(BROWSER)).await;
        let page = text(answer).await;
        let scripts = page.split("src=\"./").skip(1).map(|rest| rest.split('"').next().unwrap());
        let mut bytes = 0;
        for script in scripts {
            let answer = ask(&app, Method::GET, &format!("/docs/{script}"), None).await;
            assert_eq!(answer.status(), StatusCode::OK, "{script}");
            let content = text(answer).await;
            assert!(!content.contains("left out"), "{script}");
            bytes += content.len();
        }
        assert!(bytes > 1_000_000, "{bytes}");
    }
}
