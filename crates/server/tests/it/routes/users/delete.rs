use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::audited;
use crate::app::{Limits, TestApp};

async fn delete(app: &TestApp, caller: &Actor, target: &Actor, query: &str) -> (u16, Value) {
    let (status, body) = app.client(caller).delete(&format!("/users/{}{query}", target.user_id)).await;
    (status.as_u16(), body)
}

fn company() -> Value {
    json!({
        "company_symbol": "ABC", "company_name": "Example Works", "market_cap": 10.0, "sector": "Energy",
        "reporting_year": "2024", "long_term_debt_to_total_capital": 1.0, "total_debt_to_ebitda": 1.0,
        "net_income_margin": 1.0, "ebit_to_interest_expense": 1.0, "return_on_assets": 1.0
    })
}

on_both_engines! {
    async fn a_closed_account_leaves_its_work_and_frees_its_address(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let (status, _) = app.client(&p.member).post("/predictions/annual", &company()).await;
        assert_eq!(status, StatusCode::OK);
        let (status, body) = delete(&app, &p.org_admin, &p.member, "?force=true").await;
        assert_eq!((status, &body["user_account_deleted"]), (200, &json!(true)), "{body}");
        assert_eq!(app.client(&p.member).get("/users/me").await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(app.client(&p.colleague).get_ok("/predictions/annual").await["total"], 1);
        assert_eq!(delete(&app, &p.org_admin, &p.member, "").await.0, 404);
        let me = app.client(&p.org_admin).get_ok("/users/me").await;
        assert_eq!((&me["organization"]["current_users"], me["organization_members"].as_array().unwrap().len()), (&json!(2), 2));
        assert_eq!(app.client(&p.org_admin).get_ok("/users").await["total"], 2);
        let again = json!({ "email": "member@example.com", "password": "correct horse 1", "username": "member" });
        let (status, body) = app.client(&p.org_admin).post("/users", &again).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(audited(&app, p.member.user_id).await.last().map(String::as_str), Some("user.delete"));
    }

    async fn who_is_taken_out_keeps_the_account_and_belongs_nowhere(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let (status, body) = delete(&app, &p.org_admin, &p.member, "?remove_from_org_only=true").await;
        assert_eq!((status, &body["user_account_deleted"]), (200, &json!(false)), "{body}");
        let me = app.client(&p.member).get_ok("/users/me").await;
        assert_eq!((&me["role"], &me["organization_id"], &me["tenant_id"]), (&json!("user"), &Value::Null, &Value::Null));
        assert_eq!(delete(&app, &p.org_admin, &p.member, "").await.0, 404);
        assert_eq!(delete(&app, &p.super_admin, &p.member, "?remove_from_org_only=true").await.0, 400);
        assert_eq!(audited(&app, p.member.user_id).await, ["user.remove"]);
    }

    async fn only_those_above_in_reach_may(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        for query in ["", "?remove_from_org_only=true"] {
            for (caller, target, expected) in [
                (&p.org_admin, &p.org_admin, 400), (&p.member, &p.colleague, 403), (&p.org_admin, &p.neighbour, 404),
                (&p.tenant_admin, &p.stranger, 404), (&p.tenant_admin, &p.user, 404), (&p.org_admin, &p.super_admin, 404),
                (&p.tenant_admin, &p.org_admin, 400), (&p.super_admin, &p.tenant_admin, 400), (&p.super_admin, &p.super_admin, 400),
            ] {
                let (status, body) = delete(&app, caller, target, query).await;
                assert_eq!(status, expected, "{} deletes {}{query}: {body}", caller.role, target.role);
            }
        }
        let (status, body) = delete(&app, &p.org_admin, &p.member, "?remove_from_org_only=perhaps").await;
        assert_eq!((status, &body["success"]), (422, &json!(false)), "{body}");
        assert_eq!(app.client(&p.super_admin).get_ok("/users").await["total"], 11);
    }

    async fn no_name_keeps_an_account_from_being_closed(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        for n in 0..2 {
            let name = format!("closed-{}", [&p.member, &p.colleague][n].user_id);
            let new = json!({ "email": format!("squatter{n}@example.org"), "password": "correct horse 1", "username": name });
            assert_eq!(app.anonymous().post("/auth/register", &new).await.0, StatusCode::CREATED);
        }
        assert_eq!(delete(&app, &p.org_admin, &p.member, "").await.0, 200);
        assert_eq!(delete(&app, &p.super_admin, &p.colleague, "").await.0, 200);
    }

    async fn the_last_administrator_of_what_is_archived_can_go(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let admin = app.client(&p.tenant_admin);
        assert_eq!(delete(&app, &p.tenant_admin, &p.org_admin, "").await.0, 400);
        let path = format!("/organizations/{}?force=true", p.organization());
        assert_eq!(admin.delete(&path).await.0, StatusCode::OK);
        let (status, body) = delete(&app, &p.tenant_admin, &p.org_admin, "?remove_from_org_only=true").await;
        assert_eq!(status, 200, "{body}");
        let tenant = p.foreign_tenant_admin.tenant_id.unwrap();
        let platform = app.client(&p.super_admin);
        assert_eq!(platform.delete(&format!("/tenants/{tenant}?force=true")).await.0, StatusCode::OK);
        for target in [&p.foreign_org_admin, &p.foreign_tenant_admin] {
            let (status, body) = delete(&app, &p.super_admin, target, "").await;
            assert_eq!(status, 200, "{body}");
        }
    }
}
