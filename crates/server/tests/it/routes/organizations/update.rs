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

    async fn every_change_is_in_the_tenants_log_and_no_secret(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let admin = app.client(&p.tenant_admin);
        let path = format!("/organizations/{}", p.organization());
        let tenant = format!("/tenants/{}", p.tenant_admin.tenant_id.unwrap());
        let listed = json!({ "email": "user@example.com" });
        let user = format!("{path}/users/{}", p.user.user_id);
        let (_, token) = admin.post(&format!("{path}/regenerate-token"), &json!({})).await;
        let answers = [
            admin.put(&path, &json!({ "description": "new" })).await,
            admin.patch(&format!("{path}/global-data-access?allow_access=true"), &json!({})).await,
            admin.post(&format!("{path}/whitelist"), &listed).await,
            admin.post(&format!("{path}/users"), &json!({ "user_id": p.user.user_id })).await,
            admin.patch(&format!("{user}/role"), &json!({ "role": "org_admin" })).await,
            admin.delete(&user).await,
            admin.delete(&format!("{path}/whitelist/user@example.com")).await,
            admin.put(&tenant, &json!({ "description": "new" })).await,
            admin.delete(&format!("{path}?force=true")).await,
            app.client(&p.super_admin).delete(&format!("{tenant}?force=true")).await,
        ];
        for (status, body) in answers {
            assert_eq!(status, StatusCode::OK, "{body}");
        }
        let query = format!("/audit?size=100&tenant_id={}", p.tenant_admin.tenant_id.unwrap());
        let log = app.client(&p.super_admin).get_ok(&query).await;
        let actions: Vec<_> = log["entries"].as_array().unwrap().iter().rev().map(|e| e["action"].as_str().unwrap()).collect();
        assert_eq!(actions, [
            "organization.join_token.regenerate", "organization.update", "organization.global_data.change",
            "organization.whitelist.add", "organization.member.add", "organization.member.role",
            "organization.member.remove", "organization.whitelist.remove", "tenant.update", "organization.delete",
            "organization.delete", "tenant.delete",
        ]);
        for secret in [token["new_token"].as_str().unwrap(), "join_token\"", "$argon2", "password"] {
            assert!(!log.to_string().contains(secret), "{secret}");
        }
    }
}
