use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

fn names(page: &Value) -> Vec<&str> {
    page["organizations"].as_array().unwrap().iter().map(|o| o["name"].as_str().unwrap()).collect()
}

on_both_engines! {
    async fn everybody_sees_their_own_part(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for (actor, seen) in [
            (&people.super_admin, vec!["other", "second", "first"]),
            (&people.tenant_admin, vec!["other", "first"]),
            (&people.org_admin, vec!["first"]),
            (&people.member, vec!["first"]),
            (&people.neighbour, vec!["other"]),
            (&people.foreign_tenant_admin, vec!["second"]),
            (&people.user, vec![]),
        ] {
            let page = app.client(actor).get_ok("/organizations/").await;
            assert_eq!(names(&page), seen, "{}", actor.role);
            assert_eq!(page["total"].as_u64(), Some(seen.len() as u64));
        }
    }

    async fn a_member_sees_neither_the_join_token_nor_other_organizations(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let own = format!("/organizations/{}", people.organization());
        for (actor, told) in [(&people.member, false), (&people.org_admin, true), (&people.tenant_admin, true)] {
            let client = app.client(actor);
            for path in ["/organizations".to_owned(), own.clone(), format!("{own}/details")] {
                let body = client.get_ok(&path).await;
                let shown = if path == "/organizations" { body["organizations"].as_array().unwrap().last().unwrap() } else { &body };
                assert_eq!(shown["join_token"].is_string(), told, "{path} as {}", actor.role);
                if !told {
                    assert!(shown["join_created_at"].is_null() && shown["join_expires_at"].is_null(), "{shown}");
                }
            }
        }
        let member = app.client(&people.member);
        for hidden in [&people.neighbour, &people.stranger] {
            let path = format!("/organizations/{}", hidden.organization_id.unwrap());
            for part in ["", "/details", "/users", "/admins", "/global-data-access"] {
                assert_eq!(member.get(&format!("{path}{part}")).await.0, StatusCode::NOT_FOUND, "{part}");
            }
        }
    }

    async fn an_organization_comes_with_its_tenant_and_people(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for actor in [&people.super_admin, &people.tenant_admin, &people.member] {
            let found = app.client(actor).get_ok(&format!("/organizations/{}", people.organization())).await;
            assert_eq!(found["allow_global_data_access"], false, "clients send back what they read here");
            assert_eq!(found["org_admin"]["email"], "org_admin@example.com");
            assert_eq!((&found["total_users"], &found["active_users"]), (&json!(3), &json!(3)));
            assert_eq!((&found["total_members"], &found["active_members"]), (&json!(2), &json!(2)));
            assert_eq!(found["members"].as_array().unwrap().len(), 2);
            assert_eq!((&found["tenant"]["name"], &found["tenant"]["tenant_code"]), (&json!("first"), &json!("first")));
            assert_eq!(found["tenant"]["tenant_admins"][0]["email"], "tenant_admin@example.com");
            assert_eq!(found["tenant"]["total_tenant_admins"], 1);
        }
    }

    async fn searching_and_paging(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let admin = app.client(&people.super_admin);
        let theirs = format!("tenant_id={}", people.stranger.tenant_id.unwrap());
        for (query, found) in [
            ("search=OTH", vec!["other"]),
            ("search=%25", vec![]),
            ("is_active=true", vec!["other", "second", "first"]),
            ("is_active=false", vec![]),
            ("page=2&limit=2", vec!["first"]),
            (theirs.as_str(), vec!["second"]),
        ] {
            assert_eq!(names(&admin.get_ok(&format!("/organizations?{query}")).await), found, "{query}");
        }
        let page = admin.get_ok("/organizations?page=2&limit=2").await;
        assert_eq!((&page["skip"], &page["limit"], &page["total"]), (&json!(2), &json!(2), &json!(3)));
        assert_eq!((&page["total_admins"], &page["total_members"], &page["total_users"]), (&json!(1), &json!(2), &json!(3)));
        // A filter narrows what is in sight and never widens it.
        assert_eq!(names(&app.client(&people.tenant_admin).get_ok(&format!("/organizations?{theirs}")).await), Vec::<&str>::new());
        for (query, field) in [("page=0", "page"), ("limit=0", "limit"), ("limit=101", "limit"), ("tenant_id=1", "tenant_id")] {
            let (status, body) = admin.get(&format!("/organizations?{query}")).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
        }
    }
}
