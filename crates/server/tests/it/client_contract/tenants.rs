//! The pages of the platform's own team: tenants, and those who run them.

use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{both_spellings, detail, has, ok, with};
use crate::app::{Limits, TestApp};

fn tenant() -> Value {
    json!({
        "id": "id", "name": "text", "slug": "text", "domain": "text?", "description": "text?", "logo_url": "text?",
        "is_active": "flag", "created_by": "id?", "created_at": "time", "updated_at": "time?"
    })
}

fn person() -> Value {
    json!({ "id": "id", "email": "text", "username": "text", "full_name": "text?", "role": "text", "is_active": "flag",
            "created_at": "time" })
}

/// The first tenant of the tests with all that its page shows; in its second organization nobody runs anything.
fn first_tenant() -> Value {
    with(
        tenant(),
        &json!({
            "name": "=first", "total_tenant_admins": 1, "total_organizations": 2, "active_organizations": 2,
            "total_users_in_tenant": 5, "total_active_users": 5,
            "tenant_admins": [with(person(), &json!({ "role": "=tenant_admin", "last_login": "time?" }))],
            "organizations": [{
                "id": "id", "name": "text", "slug": "text", "description": "text?", "is_active": "flag", "join_token": "text",
                "join_enabled": "flag", "default_role": "text", "max_users": "whole", "created_at": "time",
                "updated_at": "time?", "members": [with(person(), &json!({ "role": "=org_member" }))], "total_users": "whole"
            }]
        }),
    )
}

on_both_engines! {
    async fn tenants_are_listed_shown_made_and_switched(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        for query in ["/tenants", "/tenants?limit=100"] {
            let page = both_spellings(&client, query).await;
            has(&page, &json!({ "total": 2, "skip": 0, "limit": "whole", "total_tenant_admins": 2, "total_organizations": 3,
                                "total_users": "whole", "tenants": [tenant()] }));
        }
        let id = app.people.tenant_admin.tenant_id.unwrap();
        let shown = client.get_ok(&format!("/tenants/{id}")).await;
        has(&shown, &first_tenant());
        let organizations = shown["organizations"].as_array().unwrap();
        let run = organizations.iter().find(|o| o["name"] == "first").unwrap();
        has(run, &json!({ "admin": with(person(), &json!({ "email": "=org_admin@example.com" })), "total_users": 3 }));
        assert!(organizations.iter().find(|o| o["name"] == "other").unwrap()["admin"].is_null());

        let form = json!({ "name": "Third Bank", "domain": "third.example", "description": "A bank" });
        let made = ok(client.post("/tenants", &form).await);
        has(&made, &with(tenant(), &json!({ "name": "=Third Bank", "slug": "=third-bank", "domain": "=third.example" })));
        detail(client.post("/tenants", &form).await, StatusCode::BAD_REQUEST);
        let path = format!("/tenants/{}", made["id"].as_str().unwrap());
        for is_active in [false, true] {
            let changed = ok(client.put(&path, &json!({ "is_active": is_active })).await);
            has(&changed, &with(tenant(), &json!({ "is_active": is_active })));
        }
        let stats = client.get_ok(&format!("/tenants/{id}/stats")).await;
        has(&stats, &json!({ "tenant_id": "id", "tenant_name": "=first", "total_organizations": 2, "active_organizations": 2,
                             "total_users": "whole", "created_at": "time" }));
    }

    async fn a_tenant_begins_with_who_runs_it(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        let form = json!({
            "tenant_name": "New Bank", "tenant_description": "A bank", "tenant_domain": "new.example",
            "admin_email": "amy@new.example", "admin_password": "correct horse 1", "admin_first_name": "Amy",
            "admin_last_name": "Lee", "admin_username": "amy_lee", "create_default_org": true,
            "default_org_name": "New Bank Risk", "default_org_description": "Its analysts"
        });
        let made = ok(client.post("/tenant-admin/create-tenant-with-admin", &form).await);
        has(&made, &json!({
            "success": true, "message": "text", "tenant_id": "id", "tenant_name": "=New Bank", "tenant_slug": "=new-bank",
            "tenant_domain": "=new.example", "tenant_created_at": "time", "admin_user_id": "id",
            "admin_email": "=amy@new.example", "admin_full_name": "=Amy Lee", "admin_username": "=amy_lee",
            "admin_created_at": "time", "default_org_id": "id", "default_org_name": "=New Bank Risk",
            "default_org_join_token": "text"
        }));
        let session = app.sign_in_as("amy@new.example", "correct horse 1").await;
        let me = app.with_token(&session.access).get_ok("/users/me").await;
        has(&me, &json!({ "role": "=tenant_admin", "tenant": { "name": "=New Bank" }, "organization_id": "id" }));
        detail(client.post("/tenant-admin/create-tenant-with-admin", &form).await, StatusCode::BAD_REQUEST);
        // The shortest that the dialog sends: empty fields are left out.
        let form = json!({
            "tenant_name": "Small Bank", "admin_email": "bo@small.example", "admin_password": "correct horse 1",
            "admin_first_name": "Bo", "admin_last_name": "Li", "create_default_org": true
        });
        let made = ok(client.post("/tenant-admin/create-tenant-with-admin", &form).await);
        assert_eq!(made["default_org_name"], "Small Bank - Main Organization");
    }

    async fn somebody_is_put_at_the_head_of_an_organization(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let organization = p.neighbour.organization_id.unwrap();
        let form = |email: &str| json!({ "user_email": email, "organization_id": organization, "role": "org_admin" });
        let shape = |email: &str| json!({
            "success": true, "message": "text", "user_id": "id", "user_email": format!("={email}"),
            "organization_name": "=other", "assigned_role": "=org_admin", "tenant_name": "=first"
        });
        let path = "/tenant-admin/assign-user-to-organization";
        for (actor, email) in [(&p.tenant_admin, "neighbour@example.com"), (&p.super_admin, "user@example.com")] {
            // The second time nothing is left to do.
            for _ in 0..2 {
                has(&ok(app.client(actor).post(path, &form(email)).await), &shape(email));
            }
        }
        let text = detail(app.client(&p.super_admin).post(path, &form("nobody@example.com")).await, StatusCode::NOT_FOUND);
        assert_eq!(text, "User not found");
        detail(app.client(&p.super_admin).post(path, &form("member@example.com")).await, StatusCode::BAD_REQUEST);
    }
}
