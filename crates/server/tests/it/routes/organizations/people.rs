use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn members_see_whom_they_work_with(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}/users", people.organization());
        for actor in [&people.member, &people.org_admin, &people.tenant_admin, &people.super_admin] {
            let page = app.client(actor).get_ok(&path).await;
            let found: Vec<_> = page["users"].as_array().unwrap().iter().map(|u| u["username"].as_str().unwrap()).collect();
            assert_eq!(found, ["colleague", "member", "org_admin"], "newest first, as {}", actor.role);
        }
        let client = app.client(&people.member);
        let page = client.get_ok(&format!("{path}?role=org_admin&limit=1")).await;
        assert_eq!((&page["total"], &page["users"][0]["email"]), (&json!(1), &json!("org_admin@example.com")));
        for (query, field) in [("role=root", "role"), ("limit=101", "limit")] {
            let (status, body) = client.get(&format!("{path}?{query}")).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
        }
        assert_eq!(app.client(&people.stranger).get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.client(&people.user).get(&path).await.0, StatusCode::NOT_FOUND);
    }

    async fn details_count_people_and_administrators(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}", people.organization());
        let client = app.client(&people.tenant_admin);
        let role = format!("{path}/users/{}/role", people.colleague.user_id);
        assert_eq!(client.patch(&role, &json!({ "role": "org_admin" })).await.0, StatusCode::OK);
        let off = format!("/users/{}/deactivate", people.colleague.user_id);
        assert_eq!(client.post(&off, &json!({})).await.0, StatusCode::OK);
        let details = client.get_ok(&format!("{path}/details")).await;
        assert_eq!((&details["total_users"], &details["active_users"]), (&json!(3), &json!(2)));
        assert_eq!(details["admin_count"], 1);
        assert_eq!(details["org_admins"][0]["user_id"], json!(people.org_admin.user_id));
        let admins = client.get_ok(&format!("{path}/admins")).await;
        assert_eq!(admins.as_array().unwrap().len(), 2, "also those who are switched off");
        assert!(admins[1]["assigned_at"].as_str() > admins[0]["assigned_at"].as_str());
    }

    async fn not_by_who_is_no_analyst_in_it(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        app.set("UPDATE users SET role = 'user' WHERE id = $1", p.colleague.user_id.0).await;
        for path in ["", "/details", "/admins", "/users", "/global-data-access"] {
            let path = format!("/organizations/{}{path}", p.organization());
            assert_eq!(app.client(&p.colleague).get(&path).await.0, StatusCode::FORBIDDEN, "{path}");
        }
    }
}
