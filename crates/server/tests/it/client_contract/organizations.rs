//! The pages of organizations, of whoever runs one, a tenant or the platform.

use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{both_spellings, detail, has, ok, user, with};
use crate::app::{Limits, TestApp};

fn organization() -> Value {
    json!({
        "id": "id", "tenant_id": "id?", "name": "text", "slug": "text", "domain": "text?", "description": "text?",
        "logo_url": "text?", "max_users": "whole", "join_token": "text?", "join_enabled": "flag", "default_role": "text",
        "is_active": "flag", "allow_global_data_access": "flag", "created_by": "id?", "created_at": "time",
        "updated_at": "time?", "join_created_at": "time?"
    })
}

fn member() -> Value {
    json!({ "id": "id", "tenant_id": "id?", "organization_id": "id?", "email": "text", "username": "text?",
            "full_name": "text?", "role": "text", "is_active": "flag", "created_at": "time" })
}

/// An organization with its people; who runs it may be nobody.
fn full() -> Value {
    with(
        organization(),
        &json!({
            "tenant": {
                "id": "id", "name": "text", "description": "text?", "tenant_code": "text", "logo_url": "text?",
                "is_active": "flag", "created_at": "time", "tenant_admins": [member()], "total_tenant_admins": 1
            },
            "members": [member()], "total_users": "whole", "active_users": "whole", "total_members": "whole",
            "active_members": "whole"
        }),
    )
}

/// All that the form has, as it was read; so it is sent, with what was changed in it.
fn form(read: &Value, changes: &Value) -> Value {
    let fields = [
        "name",
        "description",
        "domain",
        "is_active",
        "max_users",
        "join_enabled",
        "default_role",
        "allow_global_data_access",
    ];
    let form: serde_json::Map<_, _> =
        fields.map(|field| (field.to_owned(), read[field].clone())).into_iter().collect();
    with(Value::Object(form), changes)
}

on_both_engines! {
    async fn organizations_are_listed_with_their_people(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let tenant = p.member.tenant_id.unwrap();
        for (actor, query, total) in [
            (&p.super_admin, "page=1&limit=100".to_owned(), 3),
            (&p.super_admin, format!("page=1&limit=100&tenant_id={tenant}"), 2),
            (&p.tenant_admin, "page=1&limit=10".to_owned(), 2),
            (&p.org_admin, "page=1&limit=10".to_owned(), 1),
        ] {
            let page = both_spellings(&app.client(actor), &format!("/organizations?{query}")).await;
            has(&page, &json!({ "organizations": [full()], "total": total, "skip": 0, "limit": "whole", "total_admins": "whole",
                                "total_members": "whole", "total_users": "whole" }));
            assert_eq!(page["organizations"].as_array().unwrap().len(), total, "{} {query}", actor.role);
            let first = page["organizations"].as_array().unwrap().iter().find(|o| o["name"] == "first").unwrap();
            has(first, &json!({ "org_admin": with(member(), &json!({ "role": "=org_admin" })), "total_users": 3, "total_members": 2,
                                "join_token": "text" }));
        }
    }

    async fn organizations_are_made_and_archived(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let tenant = p.member.tenant_id.unwrap();
        for (actor, new) in [
            (&p.super_admin, json!({ "name": "Third", "description": "A team", "domain": "third.example", "tenant_id": tenant,
                                     "max_users": 50, "default_role": "org_member" })),
            (&p.tenant_admin, json!({ "name": "Fourth", "description": "", "domain": "", "max_users": 500 })),
        ] {
            let client = app.client(actor);
            let made = ok(client.post("/organizations", &new).await);
            has(&made, &with(organization(), &json!({ "max_users": new["max_users"], "join_token": "text" })));
            assert_eq!((&made["name"], &made["tenant_id"]), (&new["name"], &json!(tenant)));
            let path = format!("/organizations/{}", made["id"].as_str().unwrap());
            assert_eq!(client.get_ok(&path).await["members"], json!([]));
            detail(client.post("/organizations/", &new).await, StatusCode::BAD_REQUEST);
            has(&ok(client.delete(&path).await), &json!({ "message": "text" }));
            detail(client.get(&path).await, StatusCode::NOT_FOUND);
        }
        let path = format!("/organizations/{}", p.organization());
        let text = detail(app.client(&p.tenant_admin).delete(&path).await, StatusCode::BAD_REQUEST);
        assert!(text.contains('3'), "{text}");
    }

    /// The form always sends all its fields, also those that somebody may not change.
    async fn the_form_saves_what_was_changed_in_it(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let path = format!("/organizations/{}", p.organization());
        let switch = app.client(&p.tenant_admin).patch(&format!("{path}/global-data-access?allow_access=true"), &json!({})).await;
        has(&ok(switch), &json!({ "success": true, "organization": { "allow_global_data_access": true } }));
        for (actor, changes) in [
            (&p.org_admin, json!({ "name": "First Team", "description": "Analysts", "domain": "team.example", "join_enabled": false })),
            (&p.org_admin, json!({ "description": "", "domain": "", "join_enabled": true })),
            (&p.tenant_admin, json!({ "max_users": 40, "description": null })),
            (&p.super_admin, json!({ "name": "first", "domain": "first.example", "max_users": 500 })),
        ] {
            let client = app.client(actor);
            let read = client.get_ok(&path).await;
            has(&read, &with(full(), &json!({ "allow_global_data_access": true })));
            let changed = ok(client.put(&path, &form(&read, &changes)).await);
            has(&changed, &organization());
            let now = client.get_ok(&path).await;
            for (field, value) in form(&read, &changes).as_object().unwrap() {
                let expected = if value == "" { &Value::Null } else { value };
                assert_eq!((&now[field], &changed[field]), (expected, expected), "{field} by {}", actor.role);
            }
        }
        let read = app.client(&p.org_admin).get_ok(&path).await;
        let lifted = form(&read, &json!({ "max_users": 10_000 }));
        let text = detail(app.client(&p.org_admin).put(&path, &lifted).await, StatusCode::FORBIDDEN);
        assert!(text.contains("max_users"), "{text}");
    }

    async fn people_are_let_in(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let path = format!("/organizations/{}", p.organization());
        for (i, actor) in [&p.org_admin, &p.tenant_admin, &p.super_admin].into_iter().enumerate() {
            let client = app.client(actor);
            let token = ok(client.post(&format!("{path}/regenerate-token"), &json!({})).await);
            has(&token, &json!({ "message": "text", "new_token": "text", "join_url": "text" }));
            // The page reads it again.
            let read = client.get_ok(&path).await;
            assert_eq!((&read["join_token"], token["join_url"].as_str().unwrap()),
                       (&token["new_token"], format!("/join/{}", token["new_token"].as_str().unwrap()).as_str()));
            let email = format!("New.{i}@Example.org");
            let listed = json!({ "id": "id", "organization_id": "id", "email": format!("=new.{i}@example.org"), "added_by": "id",
                                 "added_at": "time", "status": "=active" });
            let list = format!("{path}/whitelist");
            has(&ok(client.post(&list, &json!({ "email": email })).await), &listed);
            detail(client.post(&list, &json!({ "email": email })).await, StatusCode::BAD_REQUEST);
            let page = both_spellings(&client, &list).await;
            has(&page, &json!({ "whitelist": [listed], "total": 1, "skip": 0, "limit": 50 }));
            has(&ok(client.delete(&format!("{list}/new.{i}%40example.org")).await), &json!({ "message": "text" }));
            assert_eq!(client.get_ok(&list).await["whitelist"], json!([]));
            let users = both_spellings(&client, &format!("{path}/users?limit=100")).await;
            has(&users, &json!({ "users": [user()], "total": 3, "skip": 0, "limit": 100 }));
            assert_eq!(users["users"].as_array().unwrap().len(), 3);
        }
    }
}
