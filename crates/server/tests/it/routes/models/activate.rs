use std::time::Duration;

use accunode_domain::{Kind, Ratio};
use accunode_server::models;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::{activated, app, changed, imported};
use crate::routes::predictions::annual;

const ROW: [f64; 5] = [25.5, 2.3, 8.2, 12.5, 6.8];

on_both_engines! {
    async fn it_takes_two_people(test: TestDb) {
        let (app, second) = app(test).await;
        let root = &app.people.super_admin;
        let model = imported(&app, root, &changed(Kind::Annual, "2.0.0", 0.3)).await;
        let (status, body) = activated(&app, root, &model).await;
        assert_eq!(status, StatusCode::FORBIDDEN);
        assert!(body["detail"].as_str().unwrap().contains("four eyes"), "{body}");
        for actor in [&app.people.tenant_admin, &app.people.org_admin, &app.people.member, &app.people.user] {
            assert_eq!(activated(&app, actor, &model).await.0, StatusCode::FORBIDDEN);
        }
        let came = app.state.models.came(Kind::Annual);
        assert_eq!(app.state.models.get(Kind::Annual).hash(), came.hash());
        let (status, body) = activated(&app, &second, &model).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!((body["number"].as_i64(), body["reason"].as_str()), (Some(1), Some("better on 2025")));
        // At once on this server, and the other kind is not concerned.
        assert_eq!(app.state.models.get(Kind::Annual).version(), "2.0.0");
        assert_eq!(app.state.models.get(Kind::Quarterly).hash(), app.state.models.came(Kind::Quarterly).hash());
        let (status, body) = activated(&app, &second, &model).await;
        assert_eq!(status, StatusCode::CONFLICT, "{body}");
        let entries = app.client(root).get_ok("/audit?action=model.activate&outcome=done").await;
        assert_eq!(entries["entries"].as_array().unwrap().len(), 1);
        assert_eq!(entries["entries"][0]["after"]["model_hash"], model["hash"]);
        assert_eq!(entries["entries"][0]["before"]["kind"], "annual");
        assert_eq!(entries["entries"][0]["actor_email"], "other_user@example.com");
    }

    /// A prediction keeps the model that made it, and is explained by it.
    async fn what_was_predicted_before_keeps_its_model(test: TestDb) {
        let (app, second) = app(test).await;
        let member = app.client(&app.people.member);
        let (_, before) = member.post("/predictions/annual", &annual("OLD")).await;
        let model = imported(&app, &app.people.super_admin, &changed(Kind::Annual, "2.0.0", 0.3)).await;
        assert_eq!(activated(&app, &second, &model).await.0, StatusCode::OK);
        let (status, after) = member.post("/predictions/annual", &annual("NEW")).await;
        assert_eq!(status, StatusCode::OK, "{after}");
        let (before, after) = (&before["prediction"], &after["prediction"]);
        let came = app.state.models.came(Kind::Annual);
        assert_eq!((before["model_version"].as_str(), after["model_version"].as_str()), (Some(came.version()), Some("2.0.0")));
        let ratios = ROW.map(Ratio::Value);
        let score = app.state.models.get(Kind::Annual).score(&ratios).unwrap();
        assert_eq!(after["probability"].as_f64(), Some(score.probability));
        assert_ne!(before["probability"], after["probability"]);
        let path = format!("/predictions/annual/{}?explain=true", before["id"].as_str().unwrap());
        let shown = member.get_ok(&path).await;
        let shown = shown.get("prediction").unwrap_or(&shown);
        assert_eq!(shown["probability"], before["probability"]);
        let base = shown["explanation"]["base_log_odds"].as_f64().unwrap();
        assert_eq!(base, came.explain(&ratios).unwrap().base_log_odds);
    }

    async fn another_server_picks_it_up(test: TestDb) {
        let (app, second_admin) = app(test).await;
        let other = app.second_state(|_| {});
        let stop = CancellationToken::new();
        let watching = tokio::spawn(models::watch(other.clone(), stop.clone()));
        let model = imported(&app, &app.people.super_admin, &changed(Kind::Annual, "2.0.0", 0.3)).await;
        assert_eq!(activated(&app, &second_admin, &model).await.0, StatusCode::OK);
        // Patience, not a measurement: it looks every two seconds.
        for _ in 0..600 {
            if other.models.get(Kind::Annual).version() == "2.0.0" {
                break;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        assert_eq!(other.models.get(Kind::Annual).hash(), model["hash"].as_str().unwrap());
        stop.cancel();
        watching.await.unwrap();
    }

    /// A server that cannot load the model goes on with the one before, until it can.
    async fn a_model_that_cannot_be_loaded_leaves_the_one_before(test: TestDb) {
        let (app, second) = app(test).await;
        let model = imported(&app, &app.people.super_admin, &changed(Kind::Annual, "2.0.0", 0.3)).await;
        assert_eq!(activated(&app, &second, &model).await.0, StatusCode::OK);
        let file = app.files().join(format!("models/{}.zip", model["id"].as_str().unwrap()));
        let bytes = std::fs::read(&file).unwrap();
        let other = app.second_state(|_| {});
        // Gone, damaged, and one that holds something else.
        let foreign = changed(Kind::Annual, "3.0.0", 0.3);
        for content in [None, Some(&bytes[..bytes.len() / 2]), Some(&foreign[..])] {
            match content {
                None => std::fs::remove_file(&file).unwrap(),
                Some(content) => std::fs::write(&file, content).unwrap(),
            }
            models::refresh(&other).await.unwrap();
            assert_eq!(other.models.get(Kind::Annual).hash(), other.models.came(Kind::Annual).hash());
        }
        std::fs::write(&file, &bytes).unwrap();
        models::refresh(&other).await.unwrap();
        assert_eq!(other.models.get(Kind::Annual).version(), "2.0.0");
    }

    async fn an_unknown_model_is_not_found(test: TestDb) {
        let (app, second) = app(test).await;
        let path = format!("/models/{}/activate", Uuid::now_v7());
        assert_eq!(app.client(&second).post(&path, &json!({})).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.anonymous().post(&path, &json!({})).await.0, StatusCode::UNAUTHORIZED);
    }

    /// An upload that a worker has begun is ended with the model that it was begun with.
    async fn an_upload_is_scored_by_the_model_in_use_when_it_begins(test: TestDb) {
        let (app, second) = app(test).await;
        let model = imported(&app, &app.people.super_admin, &changed(Kind::Annual, "2.0.0", 0.3)).await;
        // Brought into use on another server: this one has not looked since.
        let other = app.second_server(|_| {});
        let token = app.token(second.user_id, 0);
        let there = crate::app::Client::of(&other, Some(&token));
        let path = format!("/models/{}/activate", model["id"].as_str().unwrap());
        assert_eq!(there.post(&path, &json!({})).await.0, StatusCode::OK);
        assert_ne!(app.state.models.get(Kind::Annual).version(), "2.0.0");
        app.work();
        let member = app.client(&app.people.member);
        let file = crate::files::annual_file(&[crate::files::annual_row("AAA", 2023)]);
        let job = member.upload_and_wait("annual", "a.csv", &file).await;
        assert_eq!(job["successful_rows"], 1, "{job}");
        let rows = member.get_ok("/predictions/annual").await;
        assert_eq!(rows["predictions"][0]["model_version"], "2.0.0");
    }
}
