use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_tenant_admin_changes_the_own_tenant(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.tenant_admin);
        let path = format!("/tenants/{}", app.people.tenant_admin.tenant_id.unwrap());
        let change = json!({ "name": "Renamed", "domain": "Example.org", "description": "Words", "is_active": true });
        let (status, tenant) = client.put(&path, &change).await;
        assert_eq!(status, StatusCode::OK, "{tenant}");
        assert_eq!((&tenant["name"], &tenant["domain"]), (&json!("Renamed"), &json!("example.org")));
        assert!(tenant["updated_at"].is_string());
        // What is not sent stays, null and blanks take away.
        let (_, tenant) = client.put(&path, &json!({ "domain": null, "description": "" })).await;
        assert_eq!((&tenant["name"], &tenant["slug"]), (&json!("Renamed"), &json!("first")));
        assert_eq!((&tenant["domain"], &tenant["description"]), (&Value::Null, &Value::Null));
    }

    async fn only_a_super_admin_switches_a_tenant_on_and_off(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/tenants/{}", people.tenant_admin.tenant_id.unwrap());
        let (status, body) = app.client(&people.tenant_admin).put(&path, &json!({ "is_active": false })).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(body["detail"].as_str().unwrap().contains("is_active"), "{body}");
        let admin = app.client(&people.super_admin);
        for is_active in [false, true] {
            let (status, tenant) = admin.put(&path, &json!({ "is_active": is_active })).await;
            assert_eq!((status, &tenant["is_active"]), (StatusCode::OK, &json!(is_active)));
        }
    }

    async fn refused_changes(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/tenants/{}", people.tenant_admin.tenant_id.unwrap());
        let client = app.client(&people.tenant_admin);
        for (change, expected) in [
            (json!({ "name": "second" }), StatusCode::BAD_REQUEST),
            (json!({ "domain": "nonsense" }), StatusCode::BAD_REQUEST),
            (json!({ "name": " " }), StatusCode::UNPROCESSABLE_ENTITY),
            (json!({ "is_active": "no" }), StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            assert_eq!(client.put(&path, &change).await.0, expected, "{change}");
        }
        assert_eq!(client.get_ok(&path).await["name"], "first");
        let change = json!({ "name": "Mine now" });
        assert_eq!(app.client(&people.foreign_tenant_admin).put(&path, &change).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.client(&people.org_admin).put(&path, &change).await.0, StatusCode::FORBIDDEN);
    }
}
