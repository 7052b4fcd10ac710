//! What is written to the log about requests.

use std::{
    io,
    sync::{Arc, Mutex},
};

use accunode_testkit::TestDb;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::{Value, json};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    app::{Limits, TestApp},
    sessions::PASSWORD,
};

/// A log that is read again.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;
    fn make_writer(&self) -> Self {
        self.clone()
    }
}

/// Nothing that was sent breaks a line of the log or adds one, and no secret stands in it.
#[test]
fn a_line_is_an_event_and_holds_no_secret() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt()
        .json()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .finish();
    // For the whole process: whatever other tests do in it meanwhile is held to the same.
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let secrets = accunode_testkit::block_on(said());
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.lines().filter(|line| line.contains("request answered")).count() >= 5, "{text}");
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap_or_else(|_| panic!("no event: {line}"));
        assert!(event["level"].is_string() && event["forged"].is_null(), "{line}");
    }
    for secret in secrets {
        assert!(!text.contains(&secret), "the log holds '{secret}'");
    }
}

/// Sends what should not be in a log, and gives it back.
async fn said() -> Vec<String> {
    let app = TestApp::without_worker(TestDb::sqlite().await, Limits::default()).await;
    let session = app.sign_in(&app.people.member).await;
    let key = app.api_key(&app.people.member, &["company.read"]).await;
    assert!(app.admits(&session.access).await && app.refreshes(&session.refresh).await);
    assert_eq!(app.with_token(&key).get("/companies").await.0, StatusCode::OK);
    let forged = "x\n{\"level\":\"INFO\",\"forged\":true}\n";
    app.log_in(forged, "a secret that is wrong 1").await;
    app.log_in("member@example.com", "another secret that is wrong 1").await;
    let row = json!({ "kind": "annual", "ratios": { "return_on_assets": 31.415_926 } });
    app.with_token(&session.access).post("/score", &row).await;
    let request = Request::get("/api/v1/companies/x%0a%7B%22forged%22%3Atrue%7D?search=%0aforged")
        .header(header::USER_AGENT, "a \"forged\": true")
        .header("x-request-id", "forged forged forged");
    app.anonymous().raw(request.body(Body::empty()).unwrap()).await;
    let wrong = ["a secret that is wrong 1", "31.415926", "forged"].map(str::to_owned);
    [PASSWORD.to_owned(), session.access, session.refresh, key].into_iter().chain(wrong).collect()
}
