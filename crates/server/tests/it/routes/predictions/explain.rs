use accunode_domain::Kind;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{annual, body, changed, made, stored};
use crate::app::{Limits, TestApp};

/// The contributions of an explanation add up to what they explain.
fn adds_up(explanation: &Value) {
    let number = |name: &str| explanation[name].as_f64().unwrap();
    let ratios = explanation["ratios"].as_array().unwrap();
    let sum: f64 = ratios.iter().map(|r| r["contribution"].as_f64().unwrap()).sum();
    assert!((sum - (number("log_odds") - number("base_log_odds"))).abs() < 1e-9, "{explanation}");
}

on_both_engines! {
    async fn whoever_asks_is_told_why(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.super_admin);
        for (kind, probability) in [(Kind::Annual, "probability"), (Kind::Quarterly, "ensemble_probability")] {
            let path = format!("/predictions/{kind}");
            let (_, made) = admin.post(&format!("{path}?explain=true"), &body(kind.as_str(), "WHY")).await;
            let made = &made["prediction"];
            adds_up(&made["explanation"]);
            assert_eq!(made["explanation"]["ratios"].as_array().unwrap().len(), kind.ratios().len());
            let p = made[probability].as_f64().unwrap();
            let log_odds = made["explanation"]["log_odds"].as_f64().unwrap();
            assert!((log_odds - (p / (1.0 - p)).ln()).abs() < 1e-9);
            let one = format!("{path}/{}", made["id"].as_str().unwrap());
            assert_eq!(admin.get_ok(&format!("{one}?explain=true")).await["prediction"], *made);
            assert!(admin.get_ok(&one).await["prediction"].get("explanation").is_none());
            let page = admin.get_ok(&format!("{path}/system?explain=true")).await;
            assert_eq!(page["predictions"][0], *made);
            let page = admin.get_ok(&format!("{path}/system")).await;
            assert!(page["predictions"][0].get("explanation").is_none());
            let (_, again) = admin.post(&format!("{one}/rescore?explain=true"), &Value::Null).await;
            assert_eq!(again["prediction"]["explanation"], made["explanation"]);
        }
    }

    /// A page of rows that different models scored: each by its own, none where that is not to be found any more.
    async fn a_model_that_is_gone_explains_nothing(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        made(&app, &app.people.user, "annual", "KNOWN").await;
        let gone = made(&app, &app.people.user, "annual", "GONE").await;
        assert!(gone["model_hash"].is_string());
        let sql = "UPDATE annual_predictions SET model_hash = 'of a model that is gone'
                   WHERE company_id = (SELECT id FROM companies WHERE symbol = 'GONE')";
        app.test.as_owner(&bypassing(&app, sql)).await.unwrap();
        let page = user.get_ok("/predictions/annual?explain=true&size=1000").await;
        let rows = page["predictions"].as_array().unwrap();
        assert_eq!((&rows[0]["company_symbol"], rows[0].get("explanation")), (&json!("GONE"), Some(&Value::Null)));
        assert!(rows[0]["explanation_note"].as_str().unwrap().contains("not to be found"), "{}", rows[0]);
        adds_up(&rows[1]["explanation"]);
        assert_eq!(rows[1].get("explanation_note"), None);
        let (status, body) = user.get("/predictions/annual?explain=perhaps").await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("explain")));
    }

    /// A model whose file cannot be read leaves its own rows without a reason, and no others.
    async fn a_model_that_cannot_be_read_explains_nothing(test: TestDb) {
        const DAMAGED: &str = "INSERT INTO models (id, kind, name, version, hash, file_key, origin, golden_rows,
                                                   summary, created_at)
                               VALUES ($1, 'annual', 'damaged', '7', 'of a damaged model', 'models/damaged.zip',
                                       'shipped', 0, '{}', $2)";
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        for symbol in ["KNOWN", "DAMAGED"] {
            made(&app, &app.people.user, "annual", symbol).await;
        }
        let mut tx = app.state.db.system("a damaged model of a test").await.unwrap();
        let now = app.state.clock.now();
        accunode_db::on!(tx, |c| sqlx::query(DAMAGED).bind(uuid::Uuid::now_v7()).bind(now).execute(c).await.map(drop))
            .unwrap();
        tx.commit().await.unwrap();
        let sql = "UPDATE annual_predictions SET model_hash = 'of a damaged model'
                   WHERE company_id = (SELECT id FROM companies WHERE symbol = 'DAMAGED')";
        app.test.as_owner(&bypassing(&app, sql)).await.unwrap();
        let folder = app.files().join("models");
        std::fs::create_dir_all(&folder).unwrap();
        for content in [None, Some(&b"no archive"[..])] {
            if let Some(content) = content {
                std::fs::write(folder.join("damaged.zip"), content).unwrap();
            }
            let page = user.get_ok("/predictions/annual?explain=true").await;
            let rows = page["predictions"].as_array().unwrap();
            assert_eq!((&rows[0]["company_symbol"], &rows[0]["explanation"]), (&json!("DAMAGED"), &Value::Null));
            assert!(rows[0]["explanation_note"].as_str().unwrap().ends_with(" cannot be read at the moment"));
            adds_up(&rows[1]["explanation"]);
        }
    }

    async fn pages_are_explained_row_by_row(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (i, ratio) in [1.0, 30.0, 60.0, 95.0].iter().enumerate() {
            let body = changed(annual(&format!("ROW{i}")), &json!({ "long_term_debt_to_total_capital": ratio }));
            stored(&app, &app.people.user, "annual", &body).await;
        }
        let page = app.client(&app.people.user).get_ok("/predictions/annual?explain=true").await;
        for row in page["predictions"].as_array().unwrap() {
            adds_up(&row["explanation"]);
            assert_eq!(row["explanation"]["ratios"][0]["value"], row["long_term_debt_to_total_capital"]);
            let p = row["probability"].as_f64().unwrap();
            assert!((row["explanation"]["log_odds"].as_f64().unwrap() - (p / (1.0 - p)).ln()).abs() < 1e-9);
        }
    }
}

/// On PostgreSQL the policies hold even the owner of the tables, unless the application's own work is meant.
fn bypassing(app: &TestApp, sql: &str) -> String {
    match app.test.engine() {
        accunode_db::Engine::Postgres => format!("SET app.role = 'system'; {sql}"),
        accunode_db::Engine::Sqlite => sql.to_owned(),
    }
}
