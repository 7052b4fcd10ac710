use accunode_domain::Kind;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::Value;
use uuid::Uuid;

use super::{activated, app, changed, imported};

on_both_engines! {
    /// Whoever has a number may see which model made it; who brought the model along is the platform's business.
    async fn everybody_reads_models_and_cards(test: TestDb) {
        let (app, second) = app(test).await;
        let root = &app.people.super_admin;
        let model = imported(&app, root, &changed(Kind::Annual, "2.0.0", 0.3)).await;
        assert_eq!(activated(&app, &second, &model).await.0, StatusCode::OK);
        let path = format!("/models/{}", model["id"].as_str().unwrap());
        for (name, actor) in app.people.all() {
            let platform = name == "super_admin" || name == "other_user";
            let client = app.client(actor);
            let list = client.get_ok("/models").await;
            assert_eq!((&list["total"], &list["models"][0]["id"]), (&3.into(), &model["id"]));
            let detail = client.get_ok(&path).await;
            assert!(detail["card"].as_str().unwrap().len() > 1_000);
            assert_eq!(detail["content"]["thresholds"]["critical"], 0.15);
            assert_eq!(detail["content"]["calibration"]["intercept"], 0.3);
            assert_eq!(detail["content"]["members"][1]["type"], "lightgbm");
            assert_eq!(detail["content"]["members"][1]["trees"], 600);
            assert_eq!(detail["content"]["training_ranges"].as_array().unwrap().len(), 5);
            let history = client.get_ok("/models/activations?kind=annual").await;
            assert_eq!(history["activations"][0]["model_hash"], model["hash"]);
            for (entry, field) in [(&detail, "imported_by_email"), (&history["activations"][0], "activated_by_email"),
                                   (&detail, "imported_by"), (&history["activations"][0], "reason")] {
                assert_eq!(entry[field].is_string(), platform, "{name}: {field} of {entry}");
            }
        }
        assert_eq!(app.anonymous().get("/models").await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(app.anonymous().get(&path).await.0, StatusCode::UNAUTHORIZED);
    }

    async fn what_came_with_the_program_is_there_once_and_in_use(test: TestDb) {
        let (app, _) = app(test).await;
        // As another server, and this one at its next start, would.
        accunode_server::models::register(&app.state).await.unwrap();
        accunode_server::models::register(&app.second_state(|_| {})).await.unwrap();
        let member = app.client(&app.people.member);
        for kind in Kind::ALL {
            let list = member.get_ok(&format!("/models?kind={kind}")).await;
            assert_eq!(list["total"], 1);
            let model = &list["models"][0];
            assert_eq!(model["hash"], app.state.models.get(kind).hash());
            assert_eq!((model["origin"].as_str(), &model["in_use"]), (Some("shipped"), &Value::Bool(true)));
            assert!(model["golden_rows"].as_i64().unwrap() >= 20);
        }
    }

    async fn what_is_not_there_is_not_found(test: TestDb) {
        let (app, _) = app(test).await;
        let client = app.client(&app.people.member);
        assert_eq!(client.get(&format!("/models/{}", Uuid::now_v7())).await.0, StatusCode::NOT_FOUND);
        assert_eq!(client.get("/models?kind=monthly").await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(client.get("/models?limit=101").await.0, StatusCode::UNPROCESSABLE_ENTITY);
    }
}
