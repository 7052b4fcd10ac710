use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    app::{Limits, TestApp},
    routes::users::audited,
};

const PATH: &str = "/tenant-admin/create-tenant-with-admin";

fn new(name: &str, email: &str) -> Value {
    json!({
        "tenant_name": name, "tenant_domain": "Risk.Example.org", "admin_email": email,
        "admin_password": "correct horse 1", "admin_first_name": "Amy", "admin_last_name": "Lee"
    })
}

on_both_engines! {
    async fn a_tenant_begins_with_who_runs_it_and_an_organization(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        let (status, made) = client.post(PATH, &new("New Bank", "Amy@New.example")).await;
        assert_eq!(status, StatusCode::OK, "{made}");
        assert_eq!((&made["tenant_slug"], &made["tenant_domain"]), (&json!("new-bank"), &json!("risk.example.org")));
        assert_eq!((&made["admin_email"], &made["admin_full_name"]), (&json!("amy@new.example"), &json!("Amy Lee")));
        assert_eq!(made["default_org_name"], "New Bank - Main Organization");
        assert_eq!(made["default_org_join_token"].as_str().unwrap().len(), 32);
        for (field, action) in [("tenant_id", "tenant.create"), ("default_org_id", "organization.create"),
                                ("admin_user_id", "user.create")] {
            assert_eq!(audited(&app, made[field].as_str().unwrap()).await, [action]);
        }
        let login = json!({ "email": "amy@new.example", "password": "correct horse 1" });
        let (_, token) = app.anonymous().post("/auth/login", &login).await;
        let me = app.with_token(token["access_token"].as_str().unwrap()).get_ok("/users/me").await;
        assert_eq!((&me["role"], &me["organization_id"]), (&json!("tenant_admin"), &made["default_org_id"]));
        assert_eq!((&me["tenant"]["total_organizations"], &me["tenant"]["total_users"]), (&json!(1), &json!(1)));
    }

    async fn slugs_that_are_taken_get_a_number_and_names_are_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        let plain = |name: &str, email: &str| {
            let mut body = new(name, email);
            body["tenant_domain"] = Value::Null;
            body
        };
        let (_, first) = client.post(PATH, &plain("New Bank", "a@example.com")).await;
        let (status, second) = client.post(PATH, &plain("New  Bank!", "b@example.com")).await;
        assert_eq!((status, &first["tenant_slug"]), (StatusCode::OK, &json!("new-bank")), "{second}");
        assert!(second["tenant_slug"].as_str().unwrap().starts_with("new-bank-"), "{second}");
        let (status, body) = client.post(PATH, &plain("New Bank", "c@example.com")).await;
        assert_eq!((status, &body["detail"]), (StatusCode::BAD_REQUEST, &json!("A tenant with this name already exists")));
        // Nothing of it stays.
        let login = json!({ "email": "c@example.com", "password": "correct horse 1" });
        assert_eq!(app.anonymous().post("/auth/login", &login).await.0, StatusCode::UNAUTHORIZED);
        let (status, body) = client.post(PATH, &plain("Third Bank", "MEMBER@example.com")).await;
        assert_eq!((status, &body["detail"]), (StatusCode::BAD_REQUEST, &json!("Email already registered")));
        assert_eq!(client.get_ok("/users/me").await["total_tenants"], 4);
    }

    async fn without_an_organization_there_is_none(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let mut body = new("New Bank", "a@example.com");
        body["create_default_org"] = json!(false);
        let (status, made) = app.client(&app.people.super_admin).post(PATH, &body).await;
        assert_eq!((status, &made["default_org_id"]), (StatusCode::OK, &Value::Null), "{made}");
        let mut body = new("Other Bank", "b@example.com");
        body["tenant_domain"] = json!("other.example.org");
        body["default_org_name"] = json!("Trading");
        let (_, made) = app.client(&app.people.super_admin).post(PATH, &body).await;
        assert_eq!(made["default_org_name"], "Trading");
    }

    async fn what_is_no_domain_or_taken_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        let mut body = new("New Bank", "a@example.com");
        body["tenant_domain"] = json!("no domain");
        let (status, answer) = client.post(PATH, &body).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{answer}");
        client.post(PATH, &new("New Bank", "a@example.com")).await;
        let (status, answer) = client.post(PATH, &new("Other Bank", "b@example.com")).await;
        assert_eq!((status, &answer["detail"]), (StatusCode::BAD_REQUEST, &json!("A tenant with this domain already exists")));
    }

    async fn bad_fields_are_named_together_and_others_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = json!({ "tenant_name": "x", "tenant_domain": 5, "admin_email": "amy",
                           "admin_password": "x", "admin_first_name": " ", "create_default_org": "perhaps" });
        let (status, answer) = app.client(&app.people.super_admin).post(PATH, &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
        let fields: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|e| e["field"].clone()).collect();
        assert_eq!(fields, ["tenant_name", "tenant_domain", "admin_email", "admin_password", "admin_first_name",
                            "admin_last_name", "create_default_org"]);
        for actor in [&app.people.tenant_admin, &app.people.org_admin, &app.people.user] {
            let (status, _) = app.client(actor).post(PATH, &new("New Bank", "a@example.com")).await;
            assert_eq!(status, StatusCode::FORBIDDEN);
        }
    }
}
