//! What the client makes of refusals: the sentence in `detail`, else that in `message`, and the fields of a form.

use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{detail, has};
use crate::{
    app::{Limits, TestApp},
    routes::predictions::annual,
};

/// What a form shows beside its fields.
fn marked((status, body): (StatusCode, Value)) -> Vec<(String, String)> {
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    let shape = json!({ "success": false, "error": "=Validation failed", "message": "text",
                        "errors": [{ "field": "text", "message": "text" }] });
    has(&body, &shape);
    assert!(body.get("detail").is_none(), "it would be shown in place of the message: {body}");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    body["errors"].as_array().unwrap().iter().map(|e| (text(&e["field"]), text(&e["message"]))).collect()
}

fn pairs(list: &[(&str, &str)]) -> Vec<(String, String)> {
    list.iter().map(|(field, message)| ((*field).to_owned(), (*message).to_owned())).collect()
}

on_both_engines! {
    async fn forms_learn_what_is_wrong_field_by_field(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let nobody = app.anonymous();
        let fields = marked(nobody.post("/auth/register", &json!({ "full_name": "x".repeat(256) })).await);
        assert_eq!(fields, pairs(&[("email", "Email is required"), ("password", "Password is required"),
                                   ("full_name", "Full Name is too long")]));
        let weak = json!({ "email": "a@example.org", "username": "a_person", "full_name": "A", "password": "short" });
        let fields = marked(nobody.post("/auth/register", &weak).await);
        assert_eq!((fields.len(), fields[0].0.as_str()), (1, "password"));
        assert!(fields[0].1.contains('8'), "{fields:?}");
        // Whoever registers has no say in the role.
        let raised = json!({ "email": "a@example.org", "password": "correct horse 1", "role": "super_admin" });
        assert_eq!(marked(nobody.post("/auth/register", &raised).await)[0].0, "role");
        let user = app.client(&app.people.user);
        let mut body = annual("ABC");
        body["reporting_year"] = json!(2024);
        body["company_name"] = json!("");
        body.as_object_mut().unwrap().remove("sector");
        let fields = marked(user.post("/predictions/annual", &body).await);
        assert_eq!(fields.iter().map(|(field, _)| field.as_str()).collect::<Vec<_>>(), ["company_name", "sector", "reporting_year"]);
        assert_eq!((fields[0].1.as_str(), fields[1].1.as_str()), ("Company Name is too short", "Sector is required"));
        // What is no JSON at all has the same shape.
        assert!(!marked(nobody.post_text("/auth/login", "{").await).is_empty());
    }

    async fn every_other_refusal_is_one_sentence(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let wrong = json!({ "email": "member@example.com", "password": "wrong horse 1" });
        let unknown = json!({ "email": "unknown@example.com", "password": "wrong horse 1" });
        let text = detail(app.anonymous().post("/auth/login", &wrong).await, StatusCode::UNAUTHORIZED);
        assert_eq!(text, detail(app.anonymous().post("/auth/login", &unknown).await, StatusCode::UNAUTHORIZED));
        detail(app.anonymous().get("/users/me").await, StatusCode::UNAUTHORIZED);
        detail(member.get("/tenants").await, StatusCode::FORBIDDEN);
        for id in ["no-uuid", "0", "00000000-0000-0000-0000-000000000000"] {
            detail(member.get(&format!("/organizations/{id}")).await, StatusCode::NOT_FOUND);
            detail(member.put(&format!("/predictions/annual/{id}"), &annual("ABC")).await, StatusCode::NOT_FOUND);
            detail(member.post(&format!("/predictions/jobs/{id}/cancel"), &json!({})).await, StatusCode::NOT_FOUND);
        }
        detail(member.get("/no/such/page").await, StatusCode::NOT_FOUND);
        detail(member.put("/auth/login", &json!({})).await, StatusCode::METHOD_NOT_ALLOWED);
    }

    async fn whoever_asks_too_often_is_told_for_how_long(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { rates: "auth=1/min", ..Limits::default() }).await;
        let wrong = json!({ "email": "member@example.com", "password": "wrong horse 1" });
        detail(app.anonymous().post("/auth/login", &wrong).await, StatusCode::UNAUTHORIZED);
        let (status, body) = app.anonymous().post("/auth/login", &wrong).await;
        assert_eq!(status, StatusCode::TOO_MANY_REQUESTS);
        has(&body, &json!({ "error": "text", "message": "text", "detail": "=1 per 1 minute", "retry_after": "whole",
                            "client_id": "text" }));
    }
}
