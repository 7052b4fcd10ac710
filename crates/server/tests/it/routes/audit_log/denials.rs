use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_denial_is_noted_with_its_route_and_reason(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        assert_eq!(app.client(&app.people.member).get("/audit?action=x").await.0, StatusCode::FORBIDDEN);
        let log = app.client(&app.people.tenant_admin).get_ok("/audit?action=request.denied").await;
        assert_eq!(log["pagination"]["total"], 1);
        let entry = &log["entries"][0];
        assert_eq!(entry["outcome"], "denied");
        assert_eq!((entry["target_type"].as_str(), entry["target_id"].as_str()), (Some("route"), Some("GET /api/v1/audit")));
        assert_eq!(entry["after"]["reason"], "Not enough permissions");
        assert_eq!(entry["actor_id"], app.people.member.user_id.to_string());
        assert_eq!((entry["actor_email"].as_str(), entry["actor_role"].as_str()), (Some("member@example.com"), Some("org_member")));
        assert!(entry["request_id"].is_string());
    }

    async fn a_rule_that_forbids_is_noted_too(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let path = format!("/predictions/annual?organization_id={}", app.people.organization());
        assert_eq!(app.client(&app.people.member).get(&path).await.0, StatusCode::FORBIDDEN);
        let log = app.client(&app.people.tenant_admin).get_ok("/audit?outcome=denied").await;
        assert_eq!(log["entries"][0]["after"]["reason"], "Only tenant administrators can filter by organization");
    }

    async fn who_is_not_known_leaves_nothing(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        assert_eq!(app.anonymous().get("/audit").await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(app.client(&app.people.super_admin).get_ok("/audit").await["pagination"]["total"], 0);
    }
}
