use accunode_domain::{TenantId, UserId};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    app::{Limits, TestApp},
    routes::users::audited,
};

fn info(tenant: impl std::fmt::Display) -> String {
    format!("/tenant-admin/tenant/{tenant}/admin-info")
}

fn remove(user: impl std::fmt::Display) -> String {
    format!("/tenant-admin/remove-tenant-admin/{user}")
}

on_both_engines! {
    async fn a_super_admin_sees_who_runs_a_tenant(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let tenant = p.tenant_admin.tenant_id.unwrap();
        let body = app.client(&p.super_admin).get_ok(&info(tenant)).await;
        assert_eq!((&body["tenant_id"], &body["tenant_name"]), (&json!(tenant), &json!("first")));
        assert_eq!(body["tenant_admins"].as_array().unwrap().len(), 1);
        let admin = &body["tenant_admins"][0];
        assert_eq!((&admin["user_id"], &admin["full_name"]), (&json!(p.tenant_admin.user_id), &Value::Null));
        let names: Vec<_> = body["organizations"].as_array().unwrap().iter().map(|o| o["name"].clone()).collect();
        assert_eq!((names, &body["organizations_count"]), (vec![json!("first"), json!("other")], &json!(2)));
        for (actor, path, expected) in [
            (&p.super_admin, info(TenantId::new()), StatusCode::NOT_FOUND),
            (&p.super_admin, info("x"), StatusCode::NOT_FOUND),
            (&p.tenant_admin, info(tenant), StatusCode::FORBIDDEN),
        ] {
            assert_eq!(app.client(actor).get(&path).await.0, expected, "{path}");
        }
    }

    async fn a_tenant_is_taken_back_from_all_but_the_last(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let client = app.client(&p.super_admin);
        let (status, body) = client.delete(&remove(p.tenant_admin.user_id)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        let second = json!({ "user_email": "member@example.com", "tenant_id": p.member.tenant_id });
        client.post("/tenant-admin/assign-existing-user", &second).await;
        let (status, body) = client.delete(&remove(p.member.user_id)).await;
        assert_eq!((status, &body["success"]), (StatusCode::OK, &json!(true)), "{body}");
        assert_eq!((&body["previous_tenant"], &body["new_role"]), (&json!("first"), &json!("user")));
        let me = app.client(&p.member).get_ok("/users/me").await;
        assert_eq!((&me["tenant_id"], &me["organization_id"]), (&Value::Null, &Value::Null));
        assert_eq!(audited(&app, p.member.user_id).await, ["tenant.admin.assign", "tenant.admin.remove"]);
    }

    async fn who_runs_no_tenant_keeps_what_they_are(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        for (actor, user, expected) in [
            (&p.super_admin, p.org_admin.user_id, StatusCode::BAD_REQUEST),
            (&p.super_admin, p.super_admin.user_id, StatusCode::BAD_REQUEST),
            (&p.super_admin, UserId::new(), StatusCode::NOT_FOUND),
            (&p.tenant_admin, p.foreign_tenant_admin.user_id, StatusCode::FORBIDDEN),
        ] {
            let (status, body) = app.client(actor).delete(&remove(user)).await;
            assert_eq!(status, expected, "{body}");
        }
    }
}
