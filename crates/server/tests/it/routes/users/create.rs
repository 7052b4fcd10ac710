use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::audited;
use crate::app::{Limits, TestApp};

const DOORS: [(&str, StatusCode); 2] =
    [("/users", StatusCode::OK), ("/auth/admin/create-user", StatusCode::CREATED)];

/// Somebody of a role to make; each has another address.
fn new(role: &str) -> Value {
    let id = uuid::Uuid::new_v4().simple().to_string();
    json!({ "email": format!("{id}@Example.com"), "password": "correct horse 1", "username": id, "role": role })
}

fn with(mut body: Value, field: &str, value: impl Into<Value>) -> Value {
    body[field] = value.into();
    body
}

async fn statuses(app: &TestApp, actor: &Actor, path: &str, roles: &[&str]) -> Vec<u16> {
    let mut answers = Vec::new();
    for role in roles {
        answers.push(app.client(actor).post(path, &new(role)).await.0.as_u16());
    }
    answers
}

on_both_engines! {
    async fn an_org_admins_people_are_put_into_the_own_organization(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (path, success) in DOORS {
            let (status, body) = app.client(&app.people.org_admin).post(path, &new("org_member")).await;
            assert_eq!((status, &body["role"]), (success, &json!("org_member")), "{body}");
            assert_eq!(body["organization_id"], json!(app.people.organization()));
            assert_eq!(body["tenant_id"], json!(app.people.org_admin.tenant_id));
            assert_eq!(body["email"], body["email"].as_str().unwrap().to_lowercase());
            assert_eq!(audited(&app, body["id"].as_str().unwrap()).await, ["user.create"]);
        }
        let (status, body) = app.client(&app.people.org_admin).post("/auth/admin/create-user", &new("user")).await;
        assert_eq!((status, &body["organization_id"]), (StatusCode::CREATED, &json!(app.people.organization())));
    }

    async fn each_door_gives_its_roles_and_refuses_the_others(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let all = ["user", "org_member", "org_admin", "tenant_admin", "super_admin"];
        assert_eq!(statuses(&app, &people.org_admin, "/users", &all).await, [403, 200, 200, 403, 403]);
        assert_eq!(statuses(&app, &people.org_admin, "/auth/admin/create-user", &all).await, [201, 201, 403, 403, 403]);
        // Without an organization named, an organization's roles do not fit: 400.
        assert_eq!(statuses(&app, &people.tenant_admin, "/users", &all).await, [200, 400, 400, 200, 403]);
        assert_eq!(statuses(&app, &people.tenant_admin, "/auth/admin/create-user", &all).await, [201, 400, 400, 403, 403]);
        assert_eq!(statuses(&app, &people.super_admin, "/users", &all).await, [200, 400, 400, 400, 200]);
        for (path, _) in DOORS {
            assert_eq!(statuses(&app, &people.member, path, &["user"]).await, [403]);
            assert_eq!(statuses(&app, &people.user, path, &["user"]).await, [403]);
            let (status, body) = app.client(&people.super_admin).post(path, &new("boss")).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("role")));
        }
    }

    async fn a_tenant_admin_names_an_organization_of_the_own_tenant(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let (own, foreign) = (people.organization(), people.stranger.organization_id.unwrap().0);
        for (path, success) in DOORS {
            let client = app.client(&people.tenant_admin);
            let (status, body) = client.post(path, &with(new("org_admin"), "organization_id", own.to_string())).await;
            assert_eq!((status, &body["organization_id"]), (success, &json!(own)), "{body}");
            assert_eq!(body["tenant_id"], json!(people.tenant_admin.tenant_id));
            let (status, _) = client.post(path, &with(new("org_admin"), "organization_id", foreign.to_string())).await;
            assert_eq!(status, StatusCode::NOT_FOUND);
            let other = people.stranger.tenant_id.unwrap().to_string();
            let (status, _) = client.post(path, &with(new("user"), "tenant_id", other)).await;
            assert_eq!(status, StatusCode::NOT_FOUND);
        }
    }

    async fn a_super_admin_names_any_place_that_fits(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let client = app.client(&people.super_admin);
        let tenant = people.stranger.tenant_id.unwrap().to_string();
        let (status, body) = client.post("/users", &with(new("tenant_admin"), "tenant_id", tenant.clone())).await;
        assert_eq!((status, &body["tenant_id"]), (StatusCode::OK, &json!(tenant)), "{body}");
        let (status, body) = client.post("/users", &with(new("super_admin"), "tenant_id", tenant.clone())).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        let unknown = uuid::Uuid::now_v7().to_string();
        for field in ["tenant_id", "organization_id"] {
            let (status, body) = client.post("/users", &with(new("user"), field, unknown.clone())).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{field}: {body}");
            let (status, body) = client.post("/users", &with(new("user"), field, "x")).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)));
        }
        let both = with(new("org_member"), "organization_id", people.organization().to_string());
        let (status, body) = client.post("/users", &with(both, "tenant_id", tenant)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }

    async fn addresses_and_names_are_taken_in_any_case_once(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        let (status, body) = client.post("/users", &with(new("user"), "email", "Member@EXAMPLE.com")).await;
        assert_eq!((status, &body["detail"]), (StatusCode::BAD_REQUEST, &json!("Email already registered")));
        let (status, body) = client.post("/users", &with(new("user"), "username", "member")).await;
        assert_eq!((status, &body["detail"]), (StatusCode::BAD_REQUEST, &json!("Username already taken")));
        let (status, body) = client.post("/users", &with(new("user"), "username", Value::Null)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(body["email"].as_str().unwrap().split('@').next(), body["username"].as_str());
    }

    async fn the_full_name_needs_no_parts_and_parts_make_one(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        let (_, body) = client.post("/users", &with(new("user"), "full_name", "Amy Lee")).await;
        assert_eq!(body["full_name"], "Amy Lee");
        let parts = with(with(new("user"), "first_name", "Bo"), "last_name", " Ray ");
        let (_, body) = client.post("/auth/admin/create-user", &with(parts, "full_name", "ignored")).await;
        assert_eq!(body["full_name"], "Bo Ray");
        let (status, body) = client.post("/users", &with(new("user"), "password", "short1")).await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("password")));
    }

    async fn who_was_made_can_sign_in(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = with(new("org_member"), "email", "New@Example.com");
        app.client(&app.people.org_admin).post("/users", &body).await;
        let login = json!({ "email": "new@example.com", "password": "correct horse 1" });
        assert_eq!(app.anonymous().post("/auth/login", &login).await.0, StatusCode::OK);
    }
}
