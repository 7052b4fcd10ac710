use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Client, Limits, TestApp};

/// What clients send: every field, with its present value.
async fn form(client: &Client, path: &str) -> Value {
    let found = client.get_ok(path).await;
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
    fields.into_iter().map(|f| (f.to_owned(), found[f].clone())).collect::<serde_json::Map<_, _>>().into()
}

on_both_engines! {
    async fn an_org_admin_changes_names_and_joining(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.org_admin);
        let path = format!("/organizations/{}", app.people.organization());
        let mut form = form(&client, &path).await;
        form["name"] = json!("Renamed");
        form["domain"] = json!("Example.org");
        form["join_enabled"] = json!(false);
        let (status, changed) = client.put(&path, &form).await;
        assert_eq!(status, StatusCode::OK, "{changed}");
        assert_eq!((&changed["name"], &changed["domain"]), (&json!("Renamed"), &json!("example.org")));
        assert_eq!((&changed["join_enabled"], &changed["slug"]), (&json!(false), &json!("first")));
        assert_eq!(client.get_ok(&path).await["name"], "Renamed");
    }

    async fn what_is_not_for_an_org_admin_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.org_admin);
        let path = format!("/organizations/{}", app.people.organization());
        let before = client.get_ok(&path).await;
        let change = json!({ "max_users": 3, "is_active": false, "name": "Renamed" });
        let (status, body) = client.put(&path, &change).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(body["detail"].as_str().unwrap().ends_with("max_users, is_active"), "{body}");
        assert_eq!(client.get_ok(&path).await, before);
    }

    async fn whoever_runs_the_tenant_changes_everything(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}", people.organization());
        for (actor, most) in [(&people.tenant_admin, 9), (&people.super_admin, 10)] {
            let change = json!({ "max_users": most, "allow_global_data_access": true, "is_active": true });
            let (status, changed) = app.client(actor).put(&path, &change).await;
            assert_eq!((status, &changed["max_users"]), (StatusCode::OK, &json!(most)), "{changed}");
            assert_eq!(changed["allow_global_data_access"], true);
        }
    }

    async fn it_holds_its_people(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.tenant_admin);
        let path = format!("/organizations/{}", app.people.organization());
        let (status, body) = client.put(&path, &json!({ "max_users": 2 })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["detail"].as_str().unwrap().contains("3 people"), "{body}");
        assert_eq!(client.put(&path, &json!({ "max_users": 3 })).await.0, StatusCode::OK);
    }

    async fn refused_changes(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}", people.organization());
        let client = app.client(&people.tenant_admin);
        for (change, expected) in [
            (json!({ "name": "other" }), StatusCode::BAD_REQUEST),
            (json!({ "domain": "nonsense" }), StatusCode::BAD_REQUEST),
            (json!({ "default_role": "org_admin" }), StatusCode::UNPROCESSABLE_ENTITY),
            (json!({ "max_users": 0 }), StatusCode::UNPROCESSABLE_ENTITY),
        ] {
            assert_eq!(client.put(&path, &change).await.0, expected, "{change}");
        }
        let change = json!({ "name": "Mine now" });
        for (actor, expected) in [
            (&people.member, StatusCode::FORBIDDEN),
            (&people.foreign_org_admin, StatusCode::NOT_FOUND),
            (&people.foreign_tenant_admin, StatusCode::NOT_FOUND),
        ] {
            assert_eq!(app.client(actor).put(&path, &change).await.0, expected, "{}", actor.role);
        }
    }
}
