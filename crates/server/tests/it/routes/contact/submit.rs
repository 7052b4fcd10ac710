use accunode_db::on;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{form, kept};
use crate::app::{Limits, TestApp};

async fn count(app: &TestApp, sql: &'static str) -> i64 {
    let mut tx = app.state.db.system_read("a test").await.unwrap();
    on!(tx, |c| sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

on_both_engines! {
    async fn a_message_is_kept_and_queued(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (status, body) = app.anonymous().post("/contact/submit", &form()).await;
        assert_eq!((status, body["success"].as_bool()), (StatusCode::OK, Some(true)), "{body}");
        let reference = body["reference_id"].as_str().unwrap();
        assert!(reference.starts_with("cf_") && reference.len() == 27, "{reference}");
        assert!(body["message"].is_string());
        let (name, subject, message, sent, error) = kept(&app).await;
        assert_eq!((name.as_str(), subject.as_str()), ("Amy Lee", "A question of terms"));
        assert_eq!((message.as_str(), sent, error), ("How do you count quarters?\nBest, <Amy>", false, None));
        assert_eq!(count(&app, "SELECT COUNT(*) FROM job WHERE kind = 'mail.contact'").await, 1);
        // The queue knows which message, and nothing that was written.
        assert_eq!(count(&app, "SELECT COUNT(*) FROM job WHERE payload LIKE '%Amy%' OR payload LIKE '%amy@%'").await, 0);
    }

    async fn what_cannot_be_printed_is_left_out(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let form = json!({
            "name": " <b>Zoë</b> O'Neil, Jr. ", "email": " Amy@Example.NET", "subject": "Terms\r\nBcc: all@example.net",
            "message": "First line\r\nsecond\u{0} line\u{202e}\ttab "
        });
        let (status, body) = app.anonymous().post("/contact/submit", &form).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let (name, subject, message, ..) = kept(&app).await;
        assert_eq!((name.as_str(), subject.as_str()), ("bZoëb ONeil, Jr.", "TermsBcc: all@example.net"));
        assert_eq!(message, "First line\nsecond line\ttab");
    }

    async fn everything_that_is_wrong_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (field, value, message) in [
            ("name", json!("A"), "Name is too short"),
            ("name", json!("<>!?"), "Name is too short"),
            ("name", json!("a".repeat(101)), "Name is too long"),
            ("name", Value::Null, "Invalid name: text is expected"),
            ("email", json!("amy"), "Invalid email: an address like name@example.org is expected"),
            ("email", json!("amy@example.net\r\nBcc: all@example.net"), "Invalid email: an address like name@example.org is expected"),
            ("subject", json!("Hey"), "Subject is too short"),
            ("subject", json!("s".repeat(201)), "Subject is too long"),
            ("message", json!("Too \u{0}\u{0}\u{0}few"), "Message is too short"),
            ("message", json!("m".repeat(2_001)), "Message is too long"),
        ] {
            let mut form = form();
            form[field] = value;
            let (status, body) = app.anonymous().post("/contact/submit", &form).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(body["errors"], json!([{ "field": field, "message": message }]));
        }
        let (_, body) = app.anonymous().post("/contact/submit", &json!({})).await;
        let fields: Vec<_> = body["errors"].as_array().unwrap().iter().map(|e| e["message"].as_str().unwrap()).collect();
        assert_eq!(fields, ["Name is required", "Email is required", "Subject is required", "Message is required"]);
        assert_eq!(count(&app, "SELECT COUNT(*) FROM contact_messages").await, 0);
    }

    async fn the_sixth_within_a_minute_is_too_many(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { rates: "", ..Limits::default() }).await;
        for _ in 0..5 {
            assert_eq!(app.anonymous().post("/contact/submit", &form()).await.0, StatusCode::OK);
        }
        let (status, body) = app.anonymous().post("/contact/submit", &form()).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS, "{body}");
        assert_eq!(count(&app, "SELECT COUNT(*) FROM contact_messages").await, 5);
    }
}
