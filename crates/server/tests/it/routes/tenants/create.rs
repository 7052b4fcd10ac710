use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_super_admin_makes_a_tenant(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.super_admin);
        let new = json!({
            "name": " Bank of Risk ", "domain": "Risk.EU.Example.org", "description": "Two\nlines",
            "logo_url": "https://example.org/logo.svg"
        });
        let (status, tenant) = admin.post("/tenants", &new).await;
        assert_eq!(status, StatusCode::OK, "{tenant}");
        assert_eq!((&tenant["name"], &tenant["slug"]), (&json!("Bank of Risk"), &json!("bank-of-risk")));
        assert_eq!(tenant["domain"], "risk.eu.example.org");
        assert_eq!(tenant["created_by"], json!(app.people.super_admin.user_id));
        assert_eq!((&tenant["is_active"], &tenant["updated_at"]), (&json!(true), &Value::Null));
        let found = admin.get_ok(&format!("/tenants/{}", tenant["id"].as_str().unwrap())).await;
        assert_eq!((&found["name"], &found["total_organizations"]), (&tenant["name"], &json!(0)));
    }

    async fn nobody_else_does(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for actor in [&people.tenant_admin, &people.org_admin, &people.member, &people.user] {
            let (status, _) = app.client(actor).post("/tenants", &json!({ "name": "Another" })).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{}", actor.role);
        }
        assert_eq!(app.anonymous().post("/tenants", &json!({})).await.0, StatusCode::UNAUTHORIZED);
    }

    async fn what_is_taken_or_no_domain_is_said(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.super_admin);
        let (status, _) = admin.post("/tenants", &json!({ "name": "Third", "domain": "third.example" })).await;
        assert_eq!(status, StatusCode::OK);
        for (new, word) in [
            (json!({ "name": "first" }), "name"),
            (json!({ "name": "Fourth", "domain": "THIRD.example" }), "domain"),
            (json!({ "name": "Fourth", "domain": "nonsense" }), "domain"),
        ] {
            let (status, body) = admin.post("/tenants", &new).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
            assert!(body["detail"].as_str().unwrap().contains(word), "{body}");
        }
    }

    async fn a_name_that_makes_a_known_slug_gets_another(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (status, tenant) =
            app.client(&app.people.super_admin).post("/tenants", &json!({ "name": "First" })).await;
        assert_eq!(status, StatusCode::OK, "{tenant}");
        assert!(tenant["slug"].as_str().unwrap().starts_with("first-"), "{tenant}");
    }

    async fn every_field_that_is_wrong_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let new = json!({ "name": "x", "domain": 1, "description": "a\u{0}", "logo_url": "javascript:alert(1)" });
        let (status, body) = app.client(&app.people.super_admin).post("/tenants", &new).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
        let fields: Vec<_> = body["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["name", "domain", "description", "logo_url"]);
    }
}
