//! Defects that systems of this kind are known to have, each with the test that it is not one here.

use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

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
