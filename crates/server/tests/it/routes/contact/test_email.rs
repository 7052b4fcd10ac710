use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_super_admin_learns_whether_mail_works(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        let body = client.get_ok("/contact/test-email").await;
        assert_eq!(body["email_service"], json!({
            "kind": "folder", "configured": false, "contact_to": "contact@example.org",
            "subject_prefix": "[AccuNode Contact]"
        }));
        assert_eq!(body["smtp_test"], json!({ "success": true }));
        assert!(body["timestamp"].is_string());
        std::fs::remove_dir_all(app.mail_folder()).unwrap();
        let body = client.get_ok("/contact/test-email").await;
        assert_eq!(body["smtp_test"]["success"], false);
        assert!(body["smtp_test"]["error"].as_str().unwrap().contains("mail folder"), "{body}");
    }

    async fn nobody_else_does(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for actor in [&app.people.user, &app.people.org_admin, &app.people.tenant_admin] {
            assert_eq!(app.client(actor).get("/contact/test-email").await.0, StatusCode::FORBIDDEN);
        }
        assert_eq!(app.anonymous().get("/contact/test-email").await.0, StatusCode::UNAUTHORIZED);
    }
}
