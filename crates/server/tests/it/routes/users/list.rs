use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

/// The user names that somebody is shown, sorted.
async fn shown(app: &TestApp, actor: &Actor, query: &str) -> Vec<String> {
    let page = app.client(actor).get_ok(&format!("/users{query}")).await;
    assert_eq!(page["users"], page["items"]);
    let users = page["users"].as_array().unwrap();
    let mut names: Vec<_> = users.iter().map(|u| u["username"].as_str().unwrap().to_owned()).collect();
    assert_eq!(page["total"].as_u64().unwrap() as usize, names.len(), "these lists fit one page");
    names.sort();
    names
}

on_both_engines! {
    async fn each_role_is_shown_its_own_people(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        assert_eq!(shown(&app, &people.super_admin, "?limit=100").await.len(), 11);
        let tenant = ["colleague", "member", "neighbour", "org_admin", "tenant_admin"];
        assert_eq!(shown(&app, &people.tenant_admin, "").await, tenant);
        assert_eq!(shown(&app, &people.org_admin, "").await, ["colleague", "member", "org_admin"]);
        assert_eq!(shown(&app, &people.member, "").await, ["member"]);
        assert_eq!(shown(&app, &people.user, "").await, ["user"]);
    }

    async fn a_tenant_admin_sees_people_who_carry_only_the_tenant(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let new = json!({ "email": "new@example.com", "password": "correct horse 1", "username": "newcomer" });
        let (status, body) = app.client(&app.people.tenant_admin).post("/users", &new).await;
        assert_eq!((status, &body["organization_id"]), (StatusCode::OK, &json!(null)), "{body}");
        assert!(shown(&app, &app.people.tenant_admin, "").await.contains(&"newcomer".to_owned()));
        assert!(!shown(&app, &app.people.foreign_tenant_admin, "").await.contains(&"newcomer".to_owned()));
        let (status, _) = app.client(&app.people.org_admin).get(&format!("/users/{}", body["id"].as_str().unwrap())).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
    }

    async fn lists_are_narrowed_and_paged(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let by = async |query: String| shown(&app, &people.super_admin, &query).await;
        let organization = people.organization();
        assert_eq!(by(format!("?organization_id={organization}&role=org_admin")).await, ["org_admin"]);
        let tenant = people.foreign_tenant_admin.tenant_id.unwrap();
        let foreign = ["foreign_org_admin", "foreign_tenant_admin", "stranger"];
        assert_eq!(by(format!("?tenant_id={tenant}")).await, foreign);
        assert_eq!(by("?search=ORG_admin".to_owned()).await, ["foreign_org_admin", "org_admin"]);
        assert_eq!(by("?size=100&tenant_id=&organization_id=&role=&search=".to_owned()).await.len(), 11);
        assert_eq!(by("?is_active=false".to_owned()).await, Vec::<String>::new());
        assert_eq!(by("?search=%25".to_owned()).await, Vec::<String>::new());
    }

    async fn both_ways_to_page_give_the_same(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        let by_page = client.get_ok("/users?page=2&size=4").await;
        assert_eq!(by_page, client.get_ok("/users?skip=4&limit=4").await);
        assert_eq!((&by_page["total"], &by_page["skip"], &by_page["limit"]), (&json!(11), &json!(4), &json!(4)));
        assert_eq!(by_page["users"].as_array().unwrap().len(), 4);
        for (query, field) in [("page=0", "page"), ("size=101", "size"), ("skip=-1", "skip"), ("limit=0", "limit"),
                               ("role=boss", "role"), ("organization_id=x", "organization_id")] {
            let (status, body) = client.get(&format!("/users?{query}")).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{body}");
        }
    }

    async fn names_are_found_in_any_case_and_script(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        app.client(&app.people.member).put("/users/me", &json!({ "full_name": "Élodie Ångström" })).await;
        for part in ["%C3%89lodie", "ngstr", "STR%C3%B6M", "member@EXAMPLE"] {
            assert_eq!(shown(&app, &app.people.org_admin, &format!("?search={part}")).await, ["member"], "{part}");
        }
    }

    async fn another_tenants_organization_is_not_there(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let organization = app.people.organization();
        let (status, _) = app.client(&app.people.foreign_tenant_admin).get(&format!("/users?organization_id={organization}")).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        let query = format!("?organization_id={organization}");
        assert_eq!(shown(&app, &app.people.foreign_org_admin, &query).await, Vec::<String>::new());
    }
}
