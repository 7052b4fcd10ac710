use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

fn names(page: &Value) -> Vec<&str> {
    page["tenants"].as_array().unwrap().iter().map(|t| t["name"].as_str().unwrap()).collect()
}

on_both_engines! {
    async fn a_super_admin_sees_all_tenants_with_their_people(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let page = app.client(&app.people.super_admin).get_ok("/tenants").await;
        assert_eq!(names(&page), ["second", "first"]);
        assert_eq!((&page["total"], &page["skip"], &page["limit"]), (&json!(2), &json!(0), &json!(50)));
        assert_eq!(page["total_tenant_admins"], 2);
        assert_eq!((&page["total_organizations"], &page["total_users"]), (&json!(3), &json!(8)));
        let first = &page["tenants"][1];
        assert_eq!((&first["total_users_in_tenant"], &first["total_active_users"]), (&json!(5), &json!(5)));
        assert_eq!((&first["total_organizations"], &first["active_organizations"]), (&json!(2), &json!(2)));
        // Nobody of the test's people has a full name.
        assert_eq!(first["tenant_admins"][0]["email"], "tenant_admin@example.com");
        assert_eq!(first["tenant_admins"][0]["full_name"], Value::Null);
        let (known, other) = (&first["organizations"][0], &first["organizations"][1]);
        assert_eq!((&known["name"], &known["total_users"]), (&json!("first"), &json!(3)));
        assert_eq!(known["admin"]["email"], "org_admin@example.com");
        assert_eq!(known["members"].as_array().unwrap().len(), 2);
        assert_eq!((&other["admin"], &other["total_users"]), (&Value::Null, &json!(1)));
        assert_eq!(known["join_token"], "first");
    }

    async fn a_tenant_admin_sees_the_own_tenant_alone(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let client = app.client(&people.tenant_admin);
        let page = client.get_ok("/tenants").await;
        assert_eq!((names(&page), &page["total"]), (vec!["first"], &json!(1)));
        let own = format!("/tenants/{}", people.tenant_admin.tenant_id.unwrap());
        assert_eq!(client.get_ok(&own).await["organizations"].as_array().unwrap().len(), 2);
        let foreign = format!("/tenants/{}", people.stranger.tenant_id.unwrap());
        assert_eq!(client.get(&foreign).await.0, StatusCode::NOT_FOUND);
        assert_eq!(client.get(&format!("{foreign}/stats")).await.0, StatusCode::NOT_FOUND);
        for id in ["none", "01234567-0123-7123-8123-0123456789ab"] {
            assert_eq!(client.get(&format!("/tenants/{id}")).await.0, StatusCode::NOT_FOUND, "{id}");
        }
        for actor in [&people.org_admin, &people.member, &people.user] {
            assert_eq!(app.client(actor).get("/tenants").await.0, StatusCode::FORBIDDEN);
            assert_eq!(app.client(actor).get(&own).await.0, StatusCode::FORBIDDEN);
        }
    }

    async fn searching_and_paging(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.super_admin);
        let new = json!({ "name": "Third", "domain": "third.example", "description": "100% of something" });
        assert_eq!(admin.post("/tenants", &new).await.0, StatusCode::OK);
        for (query, found) in [
            ("search=FIRST", vec!["first"]),
            ("search=third.ex", vec!["Third"]),
            ("search=100%25", vec!["Third"]),
            ("search=1_0", vec![]),
            ("is_active=false", vec![]),
            ("skip=1&limit=1", vec!["second"]),
        ] {
            assert_eq!(names(&admin.get_ok(&format!("/tenants?{query}")).await), found, "{query}");
        }
        for (query, field) in [("skip=-1", "skip"), ("limit=0", "limit"), ("limit=101", "limit"), ("search=a%00", "search")] {
            let (status, body) = admin.get(&format!("/tenants?{query}")).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
        }
    }

    async fn figures(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/tenants/{}/stats", people.tenant_admin.tenant_id.unwrap());
        for actor in [&people.tenant_admin, &people.super_admin] {
            let stats = app.client(actor).get_ok(&path).await;
            assert_eq!((&stats["tenant_name"], &stats["total_organizations"]), (&json!("first"), &json!(2)));
            assert_eq!((&stats["active_organizations"], &stats["total_users"]), (&json!(2), &json!(4)));
        }
        assert_eq!(app.client(&people.org_admin).get(&path).await.0, StatusCode::FORBIDDEN);
    }
}
