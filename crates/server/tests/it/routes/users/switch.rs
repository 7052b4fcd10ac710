use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use super::audited;
use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn an_account_is_switched_off_and_on_again(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let member = app.client(&p.member);
        let path = format!("/users/{}", p.member.user_id);
        let admin = app.client(&p.org_admin);
        let (status, body) = admin.post(&format!("{path}/deactivate"), &json!({})).await;
        assert_eq!((status, body["message"].is_string()), (StatusCode::OK, true), "{body}");
        let (status, body) = member.get("/users/me").await;
        assert_eq!((status, &body["detail"]), (StatusCode::UNAUTHORIZED, &json!("User account is disabled")));
        let (status, body) = admin.patch(&format!("{path}/activate"), &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        // The old sign-in has ended all the same.
        assert_eq!(member.get("/users/me").await.0, StatusCode::UNAUTHORIZED);
        let again = app.with_token(&app.token(p.member.user_id, 1));
        assert_eq!(again.get_ok("/users/me").await["is_active"], true);
        assert_eq!(audited(&app, p.member.user_id).await, ["user.deactivate", "user.activate"]);
    }

    async fn it_needs_somebody_above_in_reach(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        for (caller, target, expected) in [
            (&p.org_admin, &p.org_admin, 400), (&p.super_admin, &p.super_admin, 400),
            (&p.org_admin, &p.neighbour, 404), (&p.org_admin, &p.stranger, 404), (&p.org_admin, &p.user, 404),
            (&p.tenant_admin, &p.user, 404), (&p.tenant_admin, &p.foreign_tenant_admin, 404),
            (&p.member, &p.colleague, 403), (&p.user, &p.other_user, 403),
            // The last administrators.
            (&p.tenant_admin, &p.org_admin, 400), (&p.super_admin, &p.tenant_admin, 400),
        ] {
            for action in ["deactivate", "activate"] {
                let path = format!("/users/{}/{action}", target.user_id);
                let status = app.client(caller).post(&path, &json!({})).await.0.as_u16();
                // Switching on takes nobody away.
                let expected = if action == "activate" && caller != target && expected == 400 { 200 } else { expected };
                assert_eq!(status, expected, "{} {action} {}", caller.role, target.role);
            }
        }
    }
}
