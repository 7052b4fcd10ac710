use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{company, count};
use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn the_level_follows_the_role(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let organization = json!(people.organization());
        for (actor, level, of) in [
            (&people.super_admin, "system", &Value::Null),
            (&people.tenant_admin, "personal", &Value::Null),
            (&people.org_admin, "organization", &organization),
        ] {
            let (status, body) = app.client(actor).post("/companies/", &company(" xmp ")).await;
            assert_eq!(status, StatusCode::OK, "{body}");
            assert_eq!((&body["success"], &body["message"]), (&json!(true), &json!("Company created successfully")));
            let data = &body["data"];
            assert_eq!((&data["symbol"], &data["name"]), (&json!("XMP"), &json!(" xmp  Works".trim())));
            assert_eq!((&data["access_level"], &data["organization_id"]), (&json!(level), of));
        }
        let (status, _) = app.client(&people.user).post("/companies", &company("XMP")).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert_eq!(count(&app).await, 3);
    }

    async fn a_symbol_is_taken_once_for_an_owner(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for (actor, status) in [
            (&people.member, StatusCode::OK),
            (&people.member, StatusCode::BAD_REQUEST),
            (&people.colleague, StatusCode::BAD_REQUEST),
            (&people.neighbour, StatusCode::OK),
            (&people.stranger, StatusCode::OK),
            (&people.tenant_admin, StatusCode::OK),
            (&people.tenant_admin, StatusCode::BAD_REQUEST),
            (&people.super_admin, StatusCode::OK),
            (&people.super_admin, StatusCode::BAD_REQUEST),
        ] {
            let (given, body) = app.client(actor).post("/companies", &company("XMP")).await;
            assert_eq!(given, status, "{}: {body}", actor.role);
            if status == StatusCode::BAD_REQUEST {
                let text = body["detail"].as_str().unwrap();
                assert!(text.contains("XMP already exists in your") && !text.contains("SQL"), "{text}");
            }
        }
        assert_eq!(count(&app).await, 5);
    }

    async fn every_wrong_field_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let errors = async |body: Value| {
            let (status, body) = member.post("/companies", &body).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            let list = body["errors"].as_array().unwrap().clone();
            list.iter().map(|e| e["field"].as_str().unwrap().to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(errors(json!({})).await, ["symbol", "name", "sector", "market_cap"]);
        let with = |field: &str, value: Value| {
            let mut body = company("XMP");
            body[field] = value;
            body
        };
        for (field, value) in [
            ("symbol", json!("X".repeat(21))), ("symbol", json!("")), ("symbol", json!(5)), ("symbol", json!("A\u{0}")),
            ("name", json!("N".repeat(201))), ("sector", json!("S".repeat(101))), ("market_cap", json!(-1)),
            ("market_cap", json!("much")), ("market_cap", json!(null)), ("exchange", json!("E".repeat(51))),
            ("industry", json!("I".repeat(101))), ("industry", json!([])),
        ] {
            assert_eq!(errors(with(field, value.clone())).await, [field], "{value}");
        }
        for (field, value) in [
            ("market_cap", json!(0)), ("exchange", json!("NYSE")), ("industry", json!("Mills")), ("description", json!("Long")),
            ("unknown", json!(1)),
        ] {
            let mut body = with(field, value);
            body["symbol"] = json!(field.to_uppercase());
            let (status, body) = member.post("/companies", &body).await;
            assert_eq!(status, StatusCode::OK, "{body}");
            assert!(body["data"].get("exchange").is_none());
        }
    }

    async fn an_analyst_of_no_organization_is_told_so(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        app.set("UPDATE users SET organization_id = NULL, tenant_id = NULL WHERE id = $1", member.user_id.0).await;
        let (status, body) = app.client(member).post("/companies", &company("XMP")).await;
        assert!(matches!(status, StatusCode::BAD_REQUEST | StatusCode::FORBIDDEN), "{status} {body}");
        assert_eq!(count(&app).await, 0);
    }

    async fn it_is_noted(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let id = crate::routes::companies::added(&app.client(&app.people.member), "XMP").await;
        let log = app.client(&app.people.tenant_admin).get_ok("/audit?action=company.").await;
        let entry = &log["entries"][0];
        assert_eq!((&entry["action"], &entry["target_id"]), (&json!("company.create"), &json!(id)));
        assert_eq!((&entry["after"]["symbol"], &entry["after"]["access_level"]), (&json!("XMP"), &json!("organization")));
    }
}
