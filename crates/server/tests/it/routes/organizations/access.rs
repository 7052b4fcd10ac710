use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_new_token_takes_the_place_of_the_old_one(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}", people.organization());
        let client = app.client(&people.org_admin);
        let (status, new) = client.post(&format!("{path}/regenerate-token"), &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{new}");
        let token = new["new_token"].as_str().unwrap();
        assert!(token.len() == 32 && token.chars().all(|c| c.is_ascii_alphanumeric()), "{token}");
        assert_eq!(new["join_url"], format!("/join/{token}"));
        let found = client.get_ok(&path).await;
        assert_eq!((&found["join_token"], &found["join_expires_at"]), (&json!(token), &new["expires_at"]));
        assert!(found["join_created_at"].is_string());
    }

    async fn not_by_members_and_not_from_outside(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}/regenerate-token", people.organization());
        for (actor, expected) in [
            (&people.member, StatusCode::FORBIDDEN),
            (&people.foreign_org_admin, StatusCode::NOT_FOUND),
            (&people.tenant_admin, StatusCode::OK),
        ] {
            assert_eq!(app.client(actor).post(&path, &json!({})).await.0, expected, "{}", actor.role);
        }
    }

    async fn the_audit_log_never_holds_a_join_token(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.tenant_admin);
        let (_, made) = admin.post("/organizations", &json!({ "name": "Another" })).await;
        let path = format!("/organizations/{}/regenerate-token", made["id"].as_str().unwrap());
        let (_, new) = admin.post(&path, &json!({})).await;
        let mut tx = app.state.db.system_read("read a test's audit log").await.unwrap();
        let entries: Vec<(String, Option<String>, Option<String>)> = accunode_db::on!(tx, |c| {
            sqlx::query_as("SELECT action, before_state, after_state FROM audit_log ORDER BY seq").fetch_all(c).await
        }).unwrap();
        let actions: Vec<_> = entries.iter().map(|e| e.0.as_str()).collect();
        assert_eq!(actions, ["organization.create", "organization.join_token.regenerate"]);
        let log = format!("{entries:?}");
        for token in [&made["join_token"], &new["new_token"]] {
            assert!(!log.contains(token.as_str().unwrap()), "{log}");
        }
    }

    async fn the_switch_for_the_systems_companies(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}/global-data-access", people.organization());
        let found = app.client(&people.member).get_ok(&path).await;
        assert_eq!(found["explanation"]["current_setting"], "disabled");
        let admin = app.client(&people.tenant_admin);
        let (status, changed) = admin.patch(&format!("{path}?allow_access=true"), &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{changed}");
        assert_eq!(changed["organization"]["allow_global_data_access"], true);
        assert!(changed["impact"]["affected_data"][0].is_string());
        let found = app.client(&people.member).get_ok(&path).await;
        assert_eq!((&found["explanation"]["current_setting"], &found["success"]), (&json!("enabled"), &json!(true)));
        for (actor, expected) in [
            (&people.org_admin, StatusCode::FORBIDDEN),
            (&people.foreign_tenant_admin, StatusCode::NOT_FOUND),
        ] {
            let (status, _) = app.client(actor).patch(&format!("{path}?allow_access=false"), &json!({})).await;
            assert_eq!(status, expected, "{}", actor.role);
        }
        for query in ["", "?allow_access=", "?allow_access=maybe"] {
            let (status, body) = admin.patch(&format!("{path}{query}"), &json!({})).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(body["errors"][0]["field"], "allow_access", "{query}");
        }
    }
}
