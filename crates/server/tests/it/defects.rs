//! Faults that platforms of this kind are known for, each tried as whoever would gain by it.

use accunode_db::on;
use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

/// Takes somebody's organization and tenant away and leaves the role, as a database that was brought along may.
async fn uproot(app: &TestApp, actor: &Actor) -> Actor {
    const UPROOT: &str = "UPDATE users SET organization_id = NULL, tenant_id = NULL WHERE id = $1";
    let mut tx = app.state.db.system("an account without a place").await.unwrap();
    on!(tx, |c| sqlx::query(UPROOT).bind(actor.user_id.0).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
    Actor { organization_id: None, tenant_id: None, ..actor.clone() }
}

async fn state(app: &TestApp, actor: &Actor) -> (String, bool, bool) {
    const STATE: &str = "SELECT role, is_active, deleted_at IS NULL FROM users WHERE id = $1";
    let mut tx = app.state.db.system_read("look at a test's account").await.unwrap();
    on!(tx, |c| sqlx::query_as(STATE).bind(actor.user_id.0).fetch_one(c).await).unwrap()
}

on_both_engines! {
    async fn defect_01_no_tenant_admin_manages_another_tenants_organization(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}", people.organization());
        let owner = app.client(&people.tenant_admin);
        owner.post(&format!("{path}/whitelist"), &json!({ "email": "listed@example.org" })).await;
        let before = (owner.get_ok(&path).await, owner.get_ok(&format!("{path}/whitelist")).await);
        let foreign = app.client(&people.foreign_tenant_admin);
        let new = json!({ "email": "mine@example.org" });
        let answers = [
            foreign.post(&format!("{path}/regenerate-token"), &json!({})).await,
            foreign.get(&format!("{path}/whitelist")).await,
            foreign.post(&format!("{path}/whitelist"), &new).await,
            foreign.delete(&format!("{path}/whitelist/listed@example.org")).await,
            foreign.get(&format!("{path}/users")).await,
        ];
        for (status, body) in answers {
            assert_eq!((status, &body["detail"]), (StatusCode::NOT_FOUND, &json!("Organization not found")));
        }
        assert_eq!((owner.get_ok(&path).await, owner.get_ok(&format!("{path}/whitelist")).await), before);
    }

    async fn defect_02_a_tenant_admin_absorbs_nobody(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let lonely = uproot(&app, &p.foreign_org_admin).await;
        for (name, victim) in [("super_admin", &p.super_admin), ("user", &p.user), ("foreign_org_admin", &lonely),
                               ("stranger", &p.stranger)] {
            let before = state(&app, victim).await;
            let body = json!({ "user_email": format!("{name}@example.com"), "organization_id": p.organization(),
                               "role": "org_member" });
            let (status, answer) =
                app.client(&p.tenant_admin).post("/tenant-admin/assign-user-to-organization", &body).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{name}: {answer}");
            assert_eq!(state(&app, victim).await, before, "{name}");
        }
    }

    async fn defect_02_being_expected_demotes_no_superior(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        const EXPECT: &str = "INSERT INTO organization_member_whitelist (id, organization_id, email, added_at)
                              VALUES ($1, $2, 'super_admin@example.com', $3)";
        let mut tx = app.state.db.system("a test's whitelist").await.unwrap();
        on!(tx, |c| sqlx::query(EXPECT).bind(uuid::Uuid::now_v7()).bind(p.organization())
            .bind(app.state.clock.now()).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        let body = json!({ "user_email": "super_admin@example.com", "organization_id": p.organization() });
        let (status, _) = app.client(&p.tenant_admin).post("/tenant-admin/assign-user-to-organization", &body).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert_eq!(state(&app, &p.super_admin).await.0, "super_admin");
    }

    async fn defect_03_null_equals_nothing(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let lonely = [uproot(&app, &app.people.org_admin).await, uproot(&app, &app.people.tenant_admin).await];
        let p = &app.people;
        for admin in &lonely {
            let client = app.client(admin);
            for victim in [&p.super_admin, &p.user] {
                let before = state(&app, victim).await;
                let path = format!("/users/{}", victim.user_id);
                let tries = [
                    client.get(&path).await.0,
                    client.put(&path, &json!({ "full_name": "Owned" })).await.0,
                    client.put(&format!("{path}/role"), &json!({ "role": "user" })).await.0,
                    client.post(&format!("{path}/deactivate"), &json!({})).await.0,
                    client.delete(&path).await.0,
                    client.delete(&format!("{path}?remove_from_org_only=true")).await.0,
                ];
                assert_eq!(tries, [StatusCode::NOT_FOUND; 6], "{} on {}", admin.role, victim.role);
                assert_eq!(state(&app, victim).await, before);
            }
            let new = json!({ "email": "new@example.com", "password": "correct horse 1", "role": "org_member" });
            let (status, answer) = client.post("/users", &new).await;
            assert!(matches!(status.as_u16(), 400 | 403), "{status} {answer}");
        }
        assert_eq!(app.client(&lonely[0]).get_ok("/users").await["total"], 0);
        assert_eq!(app.client(&lonely[1]).get("/users").await.0, StatusCode::BAD_REQUEST);
    }

    async fn defect_08_roles_change_and_only_in_reach(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let role = json!({ "role": "org_member" });
        for (caller, target, expected) in [
            (&p.foreign_tenant_admin, &p.org_admin, 404), (&p.foreign_org_admin, &p.member, 404),
            (&p.org_admin, &p.stranger, 404), (&p.tenant_admin, &p.super_admin, 404), (&p.org_admin, &p.member, 200),
        ] {
            let path = format!("/users/{}/role", target.user_id);
            let (status, answer) = app.client(caller).put(&path, &role).await;
            assert_eq!(status.as_u16(), expected, "{answer}");
        }
    }

    async fn defect_21_a_new_tenant_is_run_by_somebody(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        let new = json!({ "tenant_name": "New Bank", "admin_email": "amy@example.com", "admin_password": "correct horse 1",
                          "admin_first_name": "Amy", "admin_last_name": "Lee" });
        let (_, made) = client.post("/tenant-admin/create-tenant-with-admin", &new).await;
        let tenant = made["tenant_id"].as_str().unwrap();
        let info = client.get_ok(&format!("/tenant-admin/tenant/{tenant}/admin-info")).await;
        assert_eq!((&info["tenant_admins"][0]["email"], &info["organizations_count"]), (&json!("amy@example.com"), &json!(1)));
        let again = json!({ "user_email": "amy@example.com", "tenant_id": tenant });
        assert_eq!(client.post("/tenant-admin/assign-existing-user", &again).await.0, StatusCode::OK);
    }

    async fn defect_09_an_org_admin_does_not_lift_the_own_limits(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let path = format!("/organizations/{}", app.people.organization());
        let client = app.client(&app.people.org_admin);
        let before = client.get_ok(&path).await;
        for (field, value) in [
            ("allow_global_data_access", json!(true)),
            ("max_users", json!(10_000)),
            ("is_active", json!(false)),
        ] {
            let (status, body) = client.put(&path, &json!({ field: value })).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{field}");
            assert!(body["detail"].as_str().unwrap().contains(field), "{body}");
        }
        let (status, _) = client.put(&path, &json!({ "default_role": "super_admin" })).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(client.get_ok(&path).await, before);
    }

    async fn defect_11_who_is_of_an_inactive_organization_is_blocked_at_once(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}", people.organization());
        let runs = app.client(&people.tenant_admin);
        switch(&app, &path, &people.tenant_admin, false).await;
        for actor in [&people.org_admin, &people.member, &people.colleague] {
            is_blocked(&app, actor).await;
        }
        assert_eq!(app.client(&people.neighbour).get("/users/me").await.0, StatusCode::OK);
        // Whoever runs the tenant still sees it, to switch it on again.
        assert_eq!(runs.get_ok(&path).await["is_active"], false);
        switch(&app, &path, &people.tenant_admin, true).await;
        assert_eq!(app.client(&people.member).get("/users/me").await.0, StatusCode::OK);
    }

    async fn defect_11_who_is_of_an_inactive_tenant_is_blocked_at_once(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/tenants/{}", people.tenant_admin.tenant_id.unwrap());
        switch(&app, &path, &people.super_admin, false).await;
        for actor in [&people.tenant_admin, &people.org_admin, &people.member, &people.neighbour] {
            is_blocked(&app, actor).await;
        }
        assert_eq!(app.client(&people.stranger).get("/users/me").await.0, StatusCode::OK);
        switch(&app, &path, &people.super_admin, true).await;
        assert_eq!(app.client(&people.tenant_admin).get("/users/me").await.0, StatusCode::OK);
    }

    async fn defect_24_archiving_what_has_data_leaves_the_data_alone(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let score = crate::routes::predictions::annual("ACME");
        assert_eq!(app.client(&people.member).post("/predictions/annual", &score).await.0, StatusCode::OK);
        let before = owners(&app).await;
        assert_eq!(before[0], ("organization".to_owned(), Some(people.organization())));
        let admin = app.client(&people.super_admin);
        for path in [
            format!("/organizations/{}?force=true", people.organization()),
            format!("/tenants/{}?force=true", people.tenant_admin.tenant_id.unwrap()),
        ] {
            let (status, body) = admin.delete(&path).await;
            assert_eq!(status, StatusCode::OK, "{body}");
            assert_eq!(owners(&app).await, before);
        }
    }

    async fn defect_29_names_and_places_are_given_once(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let admin = app.client(&people.super_admin);
        let new = json!({ "name": "Third", "domain": "third.example" });
        let (one, other) = tokio::join!(admin.post("/tenants", &new), admin.post("/tenants", &new));
        let mut answers = [one.0, other.0];
        answers.sort_unstable();
        assert_eq!(answers[0], StatusCode::OK, "{one:?} {other:?}");
        assert!(matches!(answers[1], StatusCode::BAD_REQUEST | StatusCode::CONFLICT), "{one:?} {other:?}");

        let path = format!("/organizations/{}", people.organization());
        assert_eq!(admin.put(&path, &json!({ "max_users": 4 })).await.0, StatusCode::OK);
        let users = format!("{path}/users");
        let (first, second) = (json!({ "user_id": people.user.user_id }), json!({ "user_id": people.other_user.user_id }));
        let less = json!({ "max_users": 3 });
        let (one, other, change) =
            tokio::join!(admin.post(&users, &first), admin.post(&users, &second), admin.put(&path, &less));
        let found = admin.get_ok(&path).await;
        let held = found["total_users"].as_i64().unwrap();
        assert!(held <= found["max_users"].as_i64().unwrap(), "{one:?} {other:?} {change:?}");
        let added = [&one, &other].into_iter().filter(|a| a.0 == StatusCode::OK).count();
        assert_eq!(held, 3 + i64::try_from(added).unwrap(), "{one:?} {other:?}");
        assert_eq!(added + usize::from(change.0 == StatusCode::OK), 1, "{one:?} {other:?} {change:?}");
    }
}

/// What a company's and a prediction's rows say about whose they are.
async fn owners(app: &TestApp) -> Vec<(String, Option<uuid::Uuid>)> {
    const OWNERS: &str = "SELECT access_level, organization_id FROM companies
                          UNION ALL SELECT access_level, organization_id FROM annual_predictions";
    let mut tx = app.state.db.system_read("look at whose a test's rows are").await.unwrap();
    on!(tx, |c| sqlx::query_as(OWNERS).fetch_all(c).await).unwrap()
}

async fn switch(app: &TestApp, path: &str, by: &Actor, is_active: bool) {
    let (status, body) = app.client(by).put(path, &json!({ "is_active": is_active })).await;
    assert_eq!((status, &body["is_active"]), (StatusCode::OK, &json!(is_active)), "{body}");
}

/// Whatever somebody asks for, the answer says that their place is switched off, and nothing else.
async fn is_blocked(app: &TestApp, actor: &Actor) {
    for path in ["/users/me", "/organizations", "/predictions/annual", "/predictions/annual/system"] {
        let (status, body) = app.client(actor).get(path).await;
        assert_eq!(status, StatusCode::UNAUTHORIZED, "{path} as {}", actor.role);
        let told: Vec<&String> =
            body.as_object().map(|o: &serde_json::Map<String, Value>| o.keys().collect()).unwrap();
        assert_eq!(told, ["detail"], "{body}");
    }
}
