use accunode_domain::Kind;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use super::{activated, app, changed, imported};

const PATH: &str = "/models/active/annual/rollback";

on_both_engines! {
    async fn the_one_before_comes_back(test: TestDb) {
        let (app, second) = app(test).await;
        let root = app.client(&app.people.super_admin);
        let in_use = || app.state.models.get(Kind::Annual).version().to_owned();
        let (status, body) = root.post(PATH, &json!({})).await;
        assert_eq!(status, StatusCode::CONFLICT, "{body}");
        for (version, intercept) in [("2.0.0", 0.3), ("3.0.0", 0.4)] {
            let model = imported(&app, &app.people.super_admin, &changed(Kind::Annual, version, intercept)).await;
            assert_eq!(activated(&app, &second, &model).await.0, StatusCode::OK);
        }
        assert_eq!(in_use(), "3.0.0");
        // By whoever imported it, too: two people have looked at the one that comes back.
        let (status, body) = root.post(PATH, &json!({ "reason": "too many alarms" })).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!((in_use().as_str(), body["number"].as_i64()), ("2.0.0", Some(3)));
        let entries = root.get_ok("/audit?action=model.roll_back").await;
        let entry = &entries["entries"][0];
        assert_eq!(entry["before"]["model_version"], "3.0.0");
        assert_eq!((&entry["after"]["model_version"], &entry["after"]["reason"]), (&json!("2.0.0"), &json!("too many alarms")));
        assert_eq!(root.post(PATH, &json!({})).await.0, StatusCode::OK);
        assert_eq!(in_use(), "3.0.0");
        assert_eq!(root.get_ok("/models/activations?kind=annual").await["total"], 4);
        assert_eq!(root.get_ok("/models/activations?kind=quarterly").await["total"], 0);
    }

    async fn before_the_first_change_it_was_what_came_with_the_program(test: TestDb) {
        let (app, second) = app(test).await;
        let model = imported(&app, &app.people.super_admin, &changed(Kind::Annual, "2.0.0", 0.3)).await;
        assert_eq!(activated(&app, &second, &model).await.0, StatusCode::OK);
        assert_eq!(app.client(&second).post(PATH, &json!({})).await.0, StatusCode::OK);
        assert_eq!(app.state.models.get(Kind::Annual).hash(), app.state.models.came(Kind::Annual).hash());
    }

    async fn nobody_else_brings_a_model_back(test: TestDb) {
        let (app, _) = app(test).await;
        for actor in [&app.people.tenant_admin, &app.people.org_admin, &app.people.member, &app.people.user] {
            assert_eq!(app.client(actor).post(PATH, &json!({})).await.0, StatusCode::FORBIDDEN);
        }
        assert_eq!(app.anonymous().post(PATH, &json!({})).await.0, StatusCode::UNAUTHORIZED);
        let root = app.client(&app.people.super_admin);
        let (status, body) = root.post("/models/active/monthly/rollback", &json!({})).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
    }
}
