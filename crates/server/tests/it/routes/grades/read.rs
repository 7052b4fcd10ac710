use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{halves, with};
use crate::app::{Limits, TestApp};

/// Whose the scale in force is, and at which version.
async fn in_force(app: &TestApp, actor: &accunode_domain::Actor, query: &str) -> (Value, Value) {
    let body = app.client(actor).get_ok(&format!("/master-scale{query}")).await;
    (body["origin"].clone(), body["version"].clone())
}

on_both_engines! {
    async fn the_built_in_scale_is_there_from_the_start(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (_, actor) in app.people.all() {
            let body = app.client(actor).get_ok("/master-scale").await;
            assert_eq!((&body["origin"], &body["version"], &body["id"]), (&json!("built_in"), &json!(0), &Value::Null));
            assert_eq!(body["grades"][0], json!({ "grade": "A+", "lower": 0.0, "upper": 0.0005 }));
            assert_eq!(body["grades"][9], json!({ "grade": "D", "lower": 0.128, "upper": null }));
        }
        assert_eq!(app.anonymous().get("/master-scale").await.0, StatusCode::UNAUTHORIZED);
    }

    async fn a_tenants_scale_goes_before_the_platforms_and_is_nobody_elses(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let tenant = people.tenant_admin.tenant_id.unwrap();
        for (actor, body) in [
            (&people.super_admin, halves(0.3)),
            (&people.tenant_admin, with(halves(0.1), json!({ "note": "secret reasons" }))),
            (&people.tenant_admin, halves(0.2)),
        ] {
            let (status, body) = app.client(actor).put("/master-scale", &body).await;
            assert_eq!(status, StatusCode::OK, "{body}");
        }
        for actor in [&people.tenant_admin, &people.org_admin, &people.member, &people.neighbour] {
            assert_eq!(in_force(&app, actor, "").await, (json!("tenant"), json!(2)), "{}", actor.role);
            assert_eq!(in_force(&app, actor, &format!("?tenant_id={tenant}")).await, (json!("tenant"), json!(2)));
            let versions = app.client(actor).get_ok("/master-scale/versions").await;
            let seen: Vec<_> = versions["versions"].as_array().unwrap().iter()
                .map(|v| format!("{} {}", v["origin"].as_str().unwrap(), v["version"])).collect();
            assert_eq!(seen, ["tenant 2", "tenant 1", "platform 1", "built_in 0"]);
        }
        let foreign = [&people.stranger, &people.foreign_org_admin, &people.foreign_tenant_admin, &people.user];
        for actor in foreign {
            assert_eq!(in_force(&app, actor, "").await, (json!("platform"), json!(1)), "{}", actor.role);
            let client = app.client(actor);
            let versions = client.get_ok("/master-scale/versions").await;
            assert_eq!(versions["versions"].as_array().unwrap().len(), 2);
            assert!(!versions.to_string().contains("secret reasons"));
            for path in ["/master-scale", "/master-scale/versions"] {
                let (status, _) = client.get(&format!("{path}?tenant_id={tenant}")).await;
                assert_eq!(status, StatusCode::FORBIDDEN);
            }
        }
        assert_eq!(in_force(&app, &people.super_admin, "").await, (json!("platform"), json!(1)));
        let named = format!("?tenant_id={tenant}");
        assert_eq!(in_force(&app, &people.super_admin, &named).await, (json!("tenant"), json!(2)));
        let unknown = format!("/master-scale?tenant_id={}", uuid::Uuid::now_v7());
        assert_eq!(app.client(&people.super_admin).get(&unknown).await.0, StatusCode::NOT_FOUND);
    }
}
