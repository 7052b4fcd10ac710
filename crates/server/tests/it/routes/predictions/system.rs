use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use super::{annual, quarterly};
use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn everybody_reads_what_the_super_admin_makes(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let admin = app.client(&people.super_admin);
        let (_, created) = admin.post("/predictions/annual", &annual("SYS")).await;
        admin.post("/predictions/quarterly", &quarterly("SYQ")).await;
        app.client(&people.user).post("/predictions/annual", &annual("MINE")).await;
        for actor in [&people.super_admin, &people.tenant_admin, &people.member, &people.stranger, &people.user] {
            let client = app.client(actor);
            let body = client.get_ok("/predictions/annual/system?size=1000").await;
            assert_eq!(body["total"], 1);
            assert_eq!(body["predictions"][0], created["prediction"]);
            assert_eq!(client.get_ok("/predictions/quarterly/system").await["predictions"][0]["company_symbol"], "SYQ");
        }
    }

    async fn filters_are_echoed(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.super_admin);
        let (_, created) = admin.post("/predictions/annual", &annual("SYS")).await;
        let level = created["prediction"]["risk_level"].as_str().unwrap();
        let path = format!("/predictions/annual/system?sector=INDUS&risk_level={}", level.to_lowercase());
        let body = admin.get_ok(&path).await;
        assert_eq!(body["total"], 1);
        assert_eq!((&body["filters"]["access_level"], &body["filters"]["sector"]), (&json!("system"), &json!("INDUS")));
        assert_eq!(admin.get_ok("/predictions/annual/system?sector=Energy").await["total"], 0);
        let (status, body) = admin.get("/predictions/annual/system?risk_level=RED").await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("risk_level")));
    }

    async fn nobody_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        assert_eq!(app.anonymous().get("/predictions/annual/system").await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(app.anonymous().get("/predictions/quarterly/system").await.0, StatusCode::UNAUTHORIZED);
    }
}
