use std::time::Duration;

use accunode_db::on;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn an_empty_tenant_is_archived_and_its_names_are_free(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.super_admin);
        let new = json!({ "name": "Third", "domain": "third.example" });
        let (_, tenant) = admin.post("/tenants", &new).await;
        let path = format!("/tenants/{}", tenant["id"].as_str().unwrap());
        assert_eq!(admin.delete(&path).await.0, StatusCode::OK);
        assert_eq!(admin.get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(admin.delete(&path).await.0, StatusCode::NOT_FOUND);
        let (status, again) = admin.post("/tenants", &new).await;
        assert_eq!((status, &again["slug"]), (StatusCode::OK, &tenant["slug"]), "{again}");
    }

    async fn one_in_use_is_archived_by_force_alone(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let admin = app.client(&people.super_admin);
        let path = format!("/tenants/{}", people.tenant_admin.tenant_id.unwrap());
        let (status, body) = admin.delete(&path).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["detail"].as_str().unwrap().contains("organizations (2) or people (5)"), "{body}");
        assert_eq!(app.client(&people.member).get("/users/me").await.0, StatusCode::OK);
        assert_eq!(admin.delete(&format!("{path}?force=true")).await.0, StatusCode::OK);
        for actor in [&people.tenant_admin, &people.org_admin, &people.member, &people.neighbour] {
            assert_eq!(app.client(actor).get("/users/me").await.0, StatusCode::UNAUTHORIZED, "{}", actor.role);
        }
        assert_eq!(admin.get(&format!("/organizations/{}", people.organization())).await.0, StatusCode::NOT_FOUND);
        assert_eq!(admin.get_ok("/organizations").await["total"], 1);
        // People stay attached: nothing of theirs has changed its owner.
        let member = admin.get_ok(&format!("/users/{}", people.member.user_id)).await;
        assert_eq!(member["organization_id"], json!(people.organization()));
    }

    async fn nobody_below_does(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/tenants/{}?force=true", people.tenant_admin.tenant_id.unwrap());
        for actor in [&people.tenant_admin, &people.foreign_tenant_admin, &people.org_admin] {
            assert_eq!(app.client(actor).delete(&path).await.0, StatusCode::FORBIDDEN);
        }
        assert_eq!(app.client(&people.member).get("/users/me").await.0, StatusCode::OK);
    }

    /// Whoever changes an organization holds it and then writes into the tenant's log: archiving must not hold the
    /// log while it waits for an organization.
    async fn it_waits_for_who_changes_an_organization(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let tenant = p.tenant_admin.tenant_id.unwrap();
        // The tenant's log has an entry already.
        assert_eq!(app.client(&p.tenant_admin).delete("/users/x").await.0, StatusCode::NOT_FOUND);
        let list = json!({ "email": "listed@example.org" });
        let path = format!("/organizations/{}/whitelist", p.organization());
        assert_eq!(app.client(&p.tenant_admin).post(&path, &list).await.0, StatusCode::OK);
        let last = p.organization().max(p.neighbour.organization_id.unwrap().0);
        let mut tx = app.state.db.system("change an organization").await.unwrap();
        on!(tx, |c| sqlx::query("UPDATE organizations SET description = 'new' WHERE id = $1")
            .bind(last).execute(c).await.map(drop)).unwrap();
        let client = app.client(&p.super_admin);
        let deletion = tokio::spawn(async move { client.delete(&format!("/tenants/{tenant}?force=true")).await });
        tokio::time::sleep(Duration::from_millis(500)).await;
        on!(tx, |c| sqlx::query("UPDATE audit_heads SET seq = seq WHERE chain = $1")
            .bind(tenant.0).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        let (status, body) = deletion.await.unwrap();
        assert_eq!(status, StatusCode::OK, "{body}");
    }
}
