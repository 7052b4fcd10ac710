use accunode_domain::TenantId;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    app::{Limits, TestApp},
    routes::users::audited,
};

async fn assign(app: &TestApp, email: &str, tenant: Option<TenantId>) -> (u16, Value) {
    let body = json!({ "user_email": email, "tenant_id": tenant });
    let client = app.client(&app.people.super_admin);
    let (status, body) = client.post("/tenant-admin/assign-existing-user", &body).await;
    (status.as_u16(), body)
}

on_both_engines! {
    async fn somebody_of_no_tenant_runs_one(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let (status, body) = assign(&app, "User@example.com", p.tenant_admin.tenant_id).await;
        assert_eq!((status, &body["success"]), (200, &json!(true)), "{body}");
        assert_eq!((&body["previous_role"], &body["new_role"]), (&json!("user"), &json!("tenant_admin")));
        assert_eq!((&body["user_id"], &body["tenant_name"]), (&json!(p.user.user_id), &json!("first")));
        let me = app.client(&p.user).get_ok("/users/me").await;
        assert_eq!((&me["access_level"], &me["organization_id"]), (&json!("tenant"), &Value::Null));
        // Again is the same, and no second entry.
        let (status, body) = assign(&app, "user@example.com", p.tenant_admin.tenant_id).await;
        assert_eq!((status, &body["previous_role"]), (200, &json!("tenant_admin")), "{body}");
        assert_eq!(audited(&app, p.user.user_id).await, ["tenant.admin.assign"]);
    }

    async fn the_tenants_own_people_keep_their_organization_and_others_leave_theirs(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        assert_eq!(assign(&app, "member@example.com", p.member.tenant_id).await.0, 200);
        let me = app.client(&p.member).get_ok("/users/me").await;
        assert_eq!(me["organization_id"], json!(p.organization()));
        assert_eq!(assign(&app, "stranger@example.com", p.member.tenant_id).await.0, 200);
        let me = app.client(&p.stranger).get_ok("/users/me").await;
        assert_eq!((&me["tenant_id"], &me["organization_id"]), (&json!(p.member.tenant_id), &Value::Null));
    }

    async fn some_are_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let first = p.member.tenant_id;
        for (email, tenant, expected) in [
            ("super_admin@example.com", first, 400),
            ("foreign_tenant_admin@example.com", first, 400),
            // The only administrator of the organization.
            ("org_admin@example.com", first, 400),
            ("nobody@example.com", first, 404),
            ("user@example.com", Some(TenantId::new()), 404),
            ("user@example.com", None, 422),
            ("no address", first, 422),
        ] {
            let (status, body) = assign(&app, email, tenant).await;
            assert_eq!(status, expected, "{email}: {body}");
        }
        let body = json!({ "user_email": "user@example.com", "tenant_id": first });
        let (status, _) = app.client(&p.tenant_admin).post("/tenant-admin/assign-existing-user", &body).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
    }

    async fn both_tenants_logs_tell_of_somebody_who_changes_over(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        assert_eq!(assign(&app, "stranger@example.com", p.member.tenant_id).await.0, 200);
        for admin in [&p.tenant_admin, &p.foreign_tenant_admin] {
            let entries = app.client(admin).get_ok("/audit?action=tenant.admin.assign").await;
            assert_eq!(entries["pagination"]["total"], 1, "{entries}");
        }
    }
}
