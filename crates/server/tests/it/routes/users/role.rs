use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use super::audited;
use crate::app::{Limits, TestApp};

async fn give(app: &TestApp, caller: &Actor, target: &Actor, role: &str) -> u16 {
    let path = format!("/users/{}/role", target.user_id);
    app.client(caller).put(&path, &json!({ "role": role })).await.0.as_u16()
}

on_both_engines! {
    async fn an_org_admin_makes_another_and_says_what_changed(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let path = format!("/users/{}/role", p.member.user_id);
        let (status, body) = app.client(&p.org_admin).put(&path, &json!({ "role": "org_admin" })).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!((&body["old_role"], &body["new_role"]), (&json!("org_member"), &json!("org_admin")));
        assert_eq!((&body["email"], &body["updated_by"]), (&json!("member@example.com"), &json!(p.org_admin.user_id)));
        assert!(body["updated_at"].is_string() && body["full_name"].is_null());
        assert_eq!(audited(&app, p.member.user_id).await, ["user.role.change"]);
        // PATCH is the same operation; now they are peers.
        let (status, _) = app.client(&p.org_admin).patch(&path, &json!({ "role": "user" })).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        let (status, body) = app.client(&p.tenant_admin).patch(&path, &json!({ "role": "user" })).await;
        assert_eq!((status, &body["new_role"]), (StatusCode::OK, &json!("user")), "{body}");
    }

    async fn nobody_gives_more_than_they_are_or_changes_who_is_out_of_reach(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        assert_eq!(give(&app, &p.org_admin, &p.member, "tenant_admin").await, 403);
        assert_eq!(give(&app, &p.tenant_admin, &p.member, "super_admin").await, 403);
        assert_eq!(give(&app, &p.member, &p.colleague, "user").await, 403);
        assert_eq!(give(&app, &p.org_admin, &p.neighbour, "org_admin").await, 404);
        assert_eq!(give(&app, &p.tenant_admin, &p.stranger, "user").await, 404);
        assert_eq!(give(&app, &p.tenant_admin, &p.user, "org_member").await, 404);
        assert_eq!(give(&app, &p.org_admin, &p.org_admin, "user").await, 400);
        assert_eq!(give(&app, &p.tenant_admin, &p.member, "tenant_admin").await, 200);
    }

    async fn a_role_has_to_fit_the_place(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        for role in ["org_admin", "org_member", "tenant_admin"] {
            assert_eq!(give(&app, &p.super_admin, &p.user, role).await, 400, "{role}");
        }
        assert_eq!(give(&app, &p.super_admin, &p.member, "super_admin").await, 400);
        assert_eq!(give(&app, &p.super_admin, &p.user, "super_admin").await, 200);
        for body in [json!({}), json!({ "role": "Role.user" }), json!({ "role": 1 })] {
            let path = format!("/users/{}/role", p.member.user_id);
            let (status, answer) = app.client(&p.org_admin).put(&path, &body).await;
            assert_eq!((status, &answer["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("role")));
        }
    }

    async fn the_last_administrator_stays(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        assert_eq!(give(&app, &p.tenant_admin, &p.org_admin, "org_member").await, 400);
        assert_eq!(give(&app, &p.super_admin, &p.tenant_admin, "user").await, 400);
        assert_eq!(give(&app, &p.org_admin, &p.member, "org_admin").await, 200);
        assert_eq!(give(&app, &p.tenant_admin, &p.org_admin, "org_member").await, 200);
    }
}
