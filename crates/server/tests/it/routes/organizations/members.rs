use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn somebody_whom_the_whitelist_lets_in_is_added(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}", people.organization());
        let client = app.client(&people.org_admin);
        let whom = json!({ "user_id": people.user.user_id });
        let (status, _) = client.post(&format!("{path}/users"), &whom).await;
        assert_eq!(status, StatusCode::NOT_FOUND, "who was not asked for is not there");
        client.post(&format!("{path}/whitelist"), &json!({ "email": "user@example.com" })).await;
        let (status, member) = client.post(&format!("{path}/users"), &whom).await;
        assert_eq!(status, StatusCode::OK, "{member}");
        assert_eq!((&member["role"], &member["tenant_id"]), (&json!("org_member"), &json!(people.member.tenant_id)));
        assert_eq!(app.client(&people.user).get_ok("/organizations").await["total"], 1);
        // Once more is no error, and another role is given.
        assert_eq!(client.post(&format!("{path}/users"), &whom).await.0, StatusCode::OK);
        let (_, member) =
            client.post(&format!("{path}/users"), &json!({ "user_id": people.user.user_id, "role": "org_admin" })).await;
        assert_eq!(member["role"], "org_admin");
    }

    async fn who_is_elsewhere_stays_there(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}/users", people.organization());
        for (actor, whom, expected) in [
            (&people.tenant_admin, &people.neighbour, StatusCode::BAD_REQUEST),
            (&people.tenant_admin, &people.stranger, StatusCode::NOT_FOUND),
            (&people.tenant_admin, &people.super_admin, StatusCode::NOT_FOUND),
            (&people.tenant_admin, &people.foreign_tenant_admin, StatusCode::NOT_FOUND),
            (&people.org_admin, &people.neighbour, StatusCode::NOT_FOUND),
            (&people.super_admin, &people.foreign_tenant_admin, StatusCode::BAD_REQUEST),
            (&people.super_admin, &people.super_admin, StatusCode::FORBIDDEN),
            (&people.member, &people.user, StatusCode::FORBIDDEN),
            (&people.foreign_org_admin, &people.user, StatusCode::NOT_FOUND),
        ] {
            let (status, body) = app.client(actor).post(&path, &json!({ "user_id": whom.user_id })).await;
            assert_eq!(status, expected, "{} adds {}: {body}", actor.role, whom.role);
        }
        let admin = app.client(&people.super_admin);
        assert_eq!(admin.get_ok(&path).await["total"], 3);
    }

    async fn a_full_or_inactive_organization_takes_nobody(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}", people.organization());
        let admin = app.client(&people.super_admin);
        let whom = json!({ "user_id": people.user.user_id });
        for change in [json!({ "max_users": 3 }), json!({ "max_users": 4, "is_active": false })] {
            assert_eq!(admin.put(&path, &change).await.0, StatusCode::OK);
            let (status, body) = admin.post(&format!("{path}/users"), &whom).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        }
    }

    async fn roles_change_below_the_own_and_the_last_administrator_stays(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}/users", people.organization());
        let role = |whom: &accunode_domain::Actor| format!("{path}/{}/role", whom.user_id);
        let (lead, tenant) = (app.client(&people.org_admin), app.client(&people.tenant_admin));
        let (to_admin, to_member) = (json!({ "role": "org_admin" }), json!({ "role": "org_member" }));
        assert_eq!(tenant.patch(&role(&people.org_admin), &to_member).await.0, StatusCode::BAD_REQUEST, "the last one");
        let (status, member) = lead.patch(&role(&people.member), &to_admin).await;
        assert_eq!((status, &member["role"]), (StatusCode::OK, &json!("org_admin")));
        assert_eq!(lead.patch(&role(&people.member), &to_member).await.0, StatusCode::FORBIDDEN, "a peer");
        assert_eq!(lead.patch(&role(&people.org_admin), &to_member).await.0, StatusCode::BAD_REQUEST, "oneself");
        assert_eq!(lead.patch(&role(&people.neighbour), &to_admin).await.0, StatusCode::NOT_FOUND);
        assert_eq!(tenant.patch(&role(&people.neighbour), &to_admin).await.0, StatusCode::NOT_FOUND, "in another one");
        assert_eq!(tenant.patch(&role(&people.org_admin), &to_member).await.0, StatusCode::OK);
        for body in [json!({}), json!({ "role": "tenant_admin" }), json!({ "role": "root" })] {
            let (status, body) = tenant.patch(&role(&people.member), &body).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("role")));
            assert_eq!(body["errors"].as_array().unwrap().len(), 1);
        }
    }

    async fn who_is_taken_out_belongs_nowhere(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = |whom: &accunode_domain::Actor| {
            format!("/organizations/{}/users/{}", people.organization(), whom.user_id)
        };
        let lead = app.client(&people.org_admin);
        assert_eq!(lead.delete(&path(&people.member)).await.0, StatusCode::OK);
        let me = app.client(&people.member).get_ok("/users/me").await;
        assert_eq!((&me["role"], &me["tenant_id"], &me["organization_id"]), (&json!("user"), &Value::Null, &Value::Null));
        assert_eq!(me["is_active"], true);
        assert_eq!(lead.delete(&path(&people.member)).await.0, StatusCode::NOT_FOUND);
        assert_eq!(lead.delete(&path(&people.org_admin)).await.0, StatusCode::BAD_REQUEST);
        assert_eq!(app.client(&people.colleague).delete(&path(&people.org_admin)).await.0, StatusCode::FORBIDDEN);
        assert_eq!(app.client(&people.foreign_org_admin).delete(&path(&people.colleague)).await.0, StatusCode::NOT_FOUND);
    }

    async fn nobody_of_another_tenant_is_added_by_the_list(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        app.let_in(p.organization(), "stranger@example.com").await;
        let path = format!("/organizations/{}/users", p.organization());
        let body = json!({ "user_id": p.stranger.user_id });
        assert_eq!(app.client(&p.tenant_admin).post(&path, &body).await.0, StatusCode::NOT_FOUND);
    }
}
