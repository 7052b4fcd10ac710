//! The tables of people: listing, making, changing, closing accounts.

use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{both_spellings, detail, has, ok, user, with};
use crate::{
    app::{Limits, TestApp},
    routes::predictions::made,
};

/// Everybody whose screens have a table of people, and how many people are in it.
fn admins(app: &TestApp) -> [(&'static str, &Actor, usize); 3] {
    let p = &app.people;
    [
        ("super_admin", &p.super_admin, 11),
        ("tenant_admin", &p.tenant_admin, 5),
        ("org_admin", &p.org_admin, 3),
    ]
}

fn ids(page: &Value) -> Vec<&str> {
    page["items"].as_array().unwrap().iter().map(|item| item["id"].as_str().unwrap()).collect()
}

on_both_engines! {
    async fn tables_read_items_and_total(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (role, actor, people) in admins(&app) {
            let client = app.client(actor);
            let page = both_spellings(&client, "/users?page=1&size=100").await;
            has(&page, &json!({ "items": [user()], "total": people }));
            assert_eq!((&page["users"], ids(&page).len()), (&page["items"], people), "{role}");
            let mut pages = Vec::new();
            for number in 1..=people.div_ceil(2) {
                let part = client.get_ok(&format!("/users?page={number}&size=2")).await;
                assert_eq!(part["total"], people, "{role}");
                pages.extend(ids(&part).into_iter().map(str::to_owned));
            }
            assert_eq!(pages, ids(&page), "{role}: no page repeats another");
        }
        // As the dialog that looks for somebody to run a tenant asks.
        let tenant = app.people.stranger.tenant_id.unwrap();
        let page = app.client(&app.people.super_admin).get_ok(&format!("/users?size=100&tenant_id={tenant}")).await;
        assert_eq!((page["total"].as_u64(), ids(&page).len()), (Some(3), 3));
        assert!(page["items"].as_array().unwrap().iter().all(|item| item["tenant_id"] == json!(tenant)));
    }

    async fn accounts_are_made_by_the_dialog(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (role, actor, before) in admins(&app) {
            let client = app.client(actor);
            let email = format!("made.by.{role}@example.org");
            let form = json!({ "email": email, "password": "correct horse 1", "first_name": "Amy", "last_name": "Lee", "role": "user" });
            let (status, made) = client.post("/auth/admin/create-user", &form).await;
            assert_eq!(status, StatusCode::CREATED, "{made}");
            has(&made, &with(user(), &json!({ "email": format!("={email}"), "full_name": "=Amy Lee", "role": "=user" })));
            // Whoever made it finds it in the table, and it signs in.
            let table = client.get_ok("/users?page=1&size=100").await;
            assert_eq!(ids(&table)[0], made["id"].as_str().unwrap(), "{role}");
            assert_eq!(table["total"], before + 1, "{role}");
            app.sign_in_as(&email, "correct horse 1").await;
            detail(client.post("/auth/admin/create-user", &form).await, StatusCode::BAD_REQUEST);
            ok(client.delete(&format!("/users/{}?force=true", made["id"].as_str().unwrap())).await);
        }
        // A role that needs an organization is given once somebody is in one: the dialog names none.
        let form = json!({ "email": "b@example.org", "password": "correct horse 1", "first_name": "B", "last_name": "C", "role": "org_admin" });
        let text = detail(app.client(&app.people.super_admin).post("/auth/admin/create-user", &form).await, StatusCode::BAD_REQUEST);
        assert_eq!(text, "This role needs an organization");
        detail(app.client(&app.people.org_admin).post("/auth/admin/create-user", &form).await, StatusCode::FORBIDDEN);
        let member = json!({ "email": "c@example.org", "password": "correct horse 1", "first_name": "B", "last_name": "C", "role": "org_member" });
        let (status, made) = app.client(&app.people.org_admin).post("/auth/admin/create-user", &member).await;
        assert_eq!((status, &made["organization_id"]), (StatusCode::CREATED, &json!(app.people.organization())));
    }

    async fn roles_and_switches_are_patched(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (role, actor, _) in admins(&app) {
            let client = app.client(actor);
            let path = format!("/users/{}", app.people.colleague.user_id);
            for new in ["org_admin", "org_member"] {
                if role == "org_admin" && new == "org_member" {
                    // One who runs an organization does not change another.
                    detail(client.patch(&format!("{path}/role"), &json!({ "role": new })).await, StatusCode::FORBIDDEN);
                    continue;
                }
                let changed = ok(client.patch(&format!("{path}/role"), &json!({ "role": new })).await);
                let shape = json!({ "user_id": "id", "email": "=colleague@example.com", "full_name": "text?", "old_role": "text",
                                    "new_role": format!("={new}"), "updated_by": "id", "updated_at": "time" });
                has(&changed, &shape);
                assert_eq!(client.get_ok(&path).await["role"], new);
            }
            let path = format!("/users/{}", app.people.member.user_id);
            for (switch, is_active) in [("deactivate", false), ("activate", true)] {
                has(&ok(client.patch(&format!("{path}/{switch}"), &json!({})).await), &json!({ "message": "text" }));
                has(&client.get_ok(&path).await, &with(user(), &json!({ "is_active": is_active })));
            }
            // And without any body, as the client sends it where it has nothing to say.
            for switch in ["deactivate", "activate"] {
                let request = axum::http::Request::patch(format!("/api/v1{path}/{switch}")).body(axum::body::Body::empty());
                assert_eq!(client.raw(request.unwrap()).await.status(), StatusCode::OK, "{switch}");
            }
        }
    }

    async fn a_forced_deletion_is_no_more_than_one_without(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        made(&app, &p.colleague, "annual", "KEPT").await;
        made(&app, &p.member, "annual", "TOO").await;
        let admin = app.client(&p.org_admin);
        for (gone, query) in [(&p.colleague, ""), (&p.member, "?force=true")] {
            let answer = ok(admin.delete(&format!("/users/{}{query}", gone.user_id)).await);
            has(&answer, &json!({ "message": "text", "user_account_deleted": true }));
            detail(admin.get(&format!("/users/{}", gone.user_id)).await, StatusCode::NOT_FOUND);
        }
        assert_eq!(admin.get_ok("/predictions/annual?page=1&size=1000").await["total"], 2);
        detail(admin.delete(&format!("/users/{}?force=true", p.org_admin.user_id)).await, StatusCode::BAD_REQUEST);
        detail(admin.delete(&format!("/users/{}?force=true", p.stranger.user_id)).await, StatusCode::NOT_FOUND);
    }
}
