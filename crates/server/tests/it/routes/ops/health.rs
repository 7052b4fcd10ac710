use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

async fn get(app: &TestApp, path: &str) -> (StatusCode, axum::http::HeaderMap, Vec<u8>) {
    let response = app.anonymous().raw(Request::get(path).body(Body::empty()).unwrap()).await;
    let (parts, body) = response.into_parts();
    (parts.status, parts.headers, body.collect().await.unwrap().to_bytes().to_vec())
}

on_both_engines! {
    async fn the_parts_are_named(test: TestDb) {
        let app = TestApp::new(test).await;
        let (status, _, body) = get(&app, "/health").await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, body["status"].as_str()), (StatusCode::OK, Some("healthy")));
        assert_eq!(body["services"]["database"]["connected"], true);
        assert_eq!(body["services"]["redis"]["status"], "not_configured");
        assert!(body["services"]["ml_models"]["models"]["annual"].is_string());
    }

    /// However often, and whatever their limit: balancers ask from few addresses.
    async fn a_server_that_can_work_is_live_and_ready(test: TestDb) {
        let limits = Limits { rates: "health=1/min", ..Limits::default() };
        let app = TestApp::without_worker(test, limits).await;
        for _ in 0..3 {
            for (path, sign) in [("/health/live", "live"), ("/health/ready", "ready")] {
                let (status, _, body) = get(&app, path).await;
                let body: Value = serde_json::from_slice(&body).unwrap();
                assert_eq!((status, body), (StatusCode::OK, json!({ "status": sign })), "{path}");
            }
        }
        app.state.vitals().drain();
        let (status, _, body) = get(&app, "/health/ready").await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, &body["status"]), (StatusCode::SERVICE_UNAVAILABLE, &json!("not_ready")));
        assert_eq!(get(&app, "/health/live").await.0, StatusCode::OK);
    }

    /// Wherever they run.
    async fn workers_are_counted_once_they_were_heard_of(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let workers = async || {
            let (_, _, body) = get(&app, "/health").await;
            serde_json::from_slice::<Value>(&body).unwrap()["services"]["celery"].clone()
        };
        assert_eq!(workers().await, json!({ "status": "idle", "available": false, "workers": 0 }));
        app.work();
        while workers().await != json!({ "status": "healthy", "available": true, "workers": 2 }) {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    }

    async fn the_root_says_what_this_is(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (status, headers, body) = get(&app, "/").await;
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!((status, body["status"].as_str()), (StatusCode::OK, Some("operational")));
        assert_eq!(headers["x-frame-options"], "DENY");
        assert!(headers.contains_key("x-process-time") && headers.contains_key("x-request-id"));
        assert!(headers["content-security-policy"].to_str().unwrap().contains("default-src 'none'"));
    }

    async fn the_documentation_is_served_without_the_network(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (status, _, body) = get(&app, "/docs/").await;
        let page = String::from_utf8(body).unwrap();
        assert_eq!(status, StatusCode::OK);
        assert!(page.contains("swagger-ui") && !page.contains("https://"), "{page}");
        let (status, _, body) = get(&app, "/openapi.json").await;
        assert_eq!(status, StatusCode::OK);
        assert!(serde_json::from_slice::<Value>(&body).unwrap()["paths"]["/api/v1/users/me"].is_object());
    }

    async fn unknown_paths_and_methods_have_the_common_shape(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        assert_eq!(app.anonymous().get("/nowhere").await.1["detail"], "Not Found");
        let (status, body) = app.anonymous().get("/auth/login").await;
        assert_eq!((status, body["detail"].as_str()), (StatusCode::METHOD_NOT_ALLOWED, Some("Method Not Allowed")));
    }
}
