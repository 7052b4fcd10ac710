use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_super_admin_sends_a_test_mail(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        let (status, body) = client.post("/contact/test-send?test_email=Probe@example.net", &Value::Null).await;
        assert_eq!((status, body["success"].as_bool()), (StatusCode::OK, Some(true)), "{body}");
        let mails = app.mails();
        assert_eq!(mails.len(), 1);
        assert!(mails[0].contains("To: probe@example.net"), "{}", mails[0]);
        assert!(mails[0].contains(body["reference_id"].as_str().unwrap()), "{}", mails[0]);
        let entry = &client.get_ok("/audit?action=contact.").await["entries"][0];
        assert_eq!((entry["action"].as_str(), entry["target_id"].as_str()), (Some("contact.test_send"), Some("probe@example.net")));
    }

    async fn what_went_wrong_is_told(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        std::fs::remove_dir_all(app.mail_folder()).unwrap();
        let client = app.client(&app.people.super_admin);
        let (status, body) = client.post("/contact/test-send?test_email=probe@example.net", &Value::Null).await;
        assert_eq!((status, body["success"].as_bool()), (StatusCode::OK, Some(false)));
        assert!(body["message"].as_str().unwrap().contains("the mail folder cannot be written"), "{body}");
    }

    async fn an_address_is_needed(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        for (query, message) in [
            ("", "Test Email is required"),
            ("?test_email=", "Invalid test email: an address like name@example.org is expected"),
            ("?test_email=a@example.net%0d%0aBcc:b@example.net", "Invalid test email: an address like name@example.org is expected"),
        ] {
            let (status, body) = client.post(&format!("/contact/test-send{query}"), &Value::Null).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(body["errors"], json!([{ "field": "test_email", "message": message }]));
        }
        assert!(app.mails().is_empty());
    }

    async fn nobody_else_does(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let path = "/contact/test-send?test_email=probe@example.net";
        for actor in [&app.people.user, &app.people.org_admin, &app.people.tenant_admin] {
            assert_eq!(app.client(actor).post(path, &Value::Null).await.0, StatusCode::FORBIDDEN);
        }
        assert_eq!(app.anonymous().post(path, &Value::Null).await.0, StatusCode::UNAUTHORIZED);
        assert!(app.mails().is_empty());
    }
}
