use accunode_db::on;
use accunode_domain::Kind;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

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

    async fn a_kind_that_is_no_text_is_not_found(test: TestDb) {
        let (app, _) = app(test).await;
        let root = app.client(&app.people.super_admin);
        let (status, body) = root.post("/models/active/%FF/rollback", &json!({})).await;
        assert_eq!(status, StatusCode::NOT_FOUND);
        assert!(body["detail"].is_string(), "{body}");
    }

    /// The one before is that before the one in force when it comes back, whoever is faster.
    async fn a_model_that_comes_into_use_meanwhile_is_not_passed_over(test: TestDb) {
        const ACTIVATE: &str = "INSERT INTO model_activations (id, kind, number, model_id, created_at)
                                VALUES ($1, 'annual', 3, $2, $3)";
        let (app, second) = app(test).await;
        let mut ids = Vec::new();
        for (version, intercept) in [("2.0.0", 0.3), ("3.0.0", 0.4), ("4.0.0", 0.5)] {
            let model = imported(&app, &app.people.super_admin, &changed(Kind::Annual, version, intercept)).await;
            if ids.len() < 2 {
                assert_eq!(activated(&app, &second, &model).await.0, StatusCode::OK);
            }
            ids.push(model["id"].as_str().unwrap().parse::<Uuid>().unwrap());
        }
        // 4.0.0 comes into use in a transaction that ends only when the rolling back has chosen 2.0.0 and waits.
        let mut tx = app.state.db.system("bring a model into use in a test").await.unwrap();
        let now = app.state.clock.now();
        on!(tx, |c| sqlx::query(ACTIVATE).bind(Uuid::now_v7()).bind(ids[2]).bind(now).execute(c).await.map(drop)).unwrap();
        let root = app.client(&app.people.super_admin);
        let faster = async {
            tokio::time::sleep(std::time::Duration::from_millis(700)).await;
            tx.commit().await.unwrap();
        };
        let body = json!({});
        let ((status, body), ()) = tokio::join!(root.post(PATH, &body), faster);
        // Had it chosen later, it would have found 3.0.0 before 4.0.0.
        let sound = status == StatusCode::CONFLICT || body["model_version"] == "3.0.0";
        assert!(sound, "{status} {body}");
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
