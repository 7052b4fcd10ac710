use std::{num::NonZeroU32, time::Duration};

use accunode_db::{Db, Options, on};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{annual, changed, made, stored};
use crate::app::{Limits, TestApp};

const SCALE: &str =
    "INSERT INTO master_scales (id, tenant_id, version, grades, created_at) VALUES ($1, $2, 1, $3, $4)";

/// Gives a tenant a scale of its own.
pub(super) async fn scale_of(app: &TestApp, tenant: Uuid, grades: &Value) {
    let mut tx = app.state.db.system("a scale for a test").await.unwrap();
    let (id, grades, now) = (Uuid::now_v7(), grades.to_string(), app.state.clock.now());
    on!(tx, |c| sqlx::query(SCALE).bind(id).bind(tenant).bind(&grades).bind(now).execute(c).await.map(drop))
        .unwrap();
    tx.commit().await.unwrap();
}

on_both_engines! {
    async fn the_same_inputs_give_the_same_numbers_as_a_new_version(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let odd = changed(annual("AGAIN"), &json!({
            "long_term_debt_to_total_capital": "NM", "total_debt_to_ebitda": null, "ebit_to_interest_expense": 100_000_000
        }));
        let before = stored(&app, &app.people.member, "annual", &odd).await;
        let path = format!("/predictions/annual/{}", before["id"].as_str().unwrap());
        let (status, answer) = app.client(&app.people.member).post(&format!("{path}/rescore"), &Value::Null).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let after = &answer["prediction"];
        for same in ["probability", "raw_probability", "grade", "quality", "model_hash", "reporting_year", "company_name",
                     "long_term_debt_to_total_capital", "net_income_margin", "created_at", "created_by_email"] {
            assert_eq!(after[same], before[same], "{same}");
        }
        assert_eq!(after["version"], 2);
        assert!(before["updated_at"].is_null() && after["updated_at"].is_string());
        let log = app.client(&app.people.tenant_admin).get_ok("/audit?action=prediction.rescore").await;
        assert_eq!(log["entries"].as_array().unwrap().len(), 1);
    }

    /// Whoever holds a connection waits for no second one: with few of them, all could wait for each other.
    async fn one_connection_is_enough_for_a_scale_that_was_not_needed_yet(test: TestDb) {
        let options = Options { pool_size: NonZeroU32::MIN, acquire_timeout: Duration::from_secs(5), ..Options::default() };
        let db = Db::connect(test.url(), &options).await.unwrap();
        let app = TestApp::changed(test, |parts| parts.db = db).await;
        let before = made(&app, &app.people.member, "annual", "ALONE").await;
        let tenant = app.people.member.tenant_id.unwrap().0;
        scale_of(&app, tenant, &json!([{ "grade": "GOOD", "upper": 0.9 }, { "grade": "BAD", "upper": null }])).await;
        let path = format!("/predictions/annual/{}/rescore", before["id"].as_str().unwrap());
        let (status, answer) = app.client(&app.people.member).post(&path, &Value::Null).await;
        assert_eq!((status, &answer["prediction"]["grade"]), (StatusCode::OK, &json!("GOOD")), "{answer}");
    }

    /// The past keeps its grade; the new version has that of the scale in force where it belongs, whoever asks.
    async fn the_scale_in_force_is_that_of_the_rows_tenant(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let before = made(&app, &app.people.member, "annual", "SCALE").await;
        let path = format!("/predictions/annual/{}", before["id"].as_str().unwrap());
        let tenant = app.people.member.tenant_id.unwrap().0;
        scale_of(&app, tenant, &json!([{ "grade": "GOOD", "upper": 0.9 }, { "grade": "BAD", "upper": null }])).await;
        assert_eq!(app.client(&app.people.member).get_ok(&path).await["prediction"]["grade"], before["grade"]);
        for actor in [&app.people.super_admin, &app.people.member] {
            let (_, answer) = app.client(actor).post(&format!("{path}/rescore"), &Value::Null).await;
            assert_eq!(answer["prediction"]["grade"], "GOOD", "{answer}");
        }
        let versions = app.client(&app.people.member).get_ok(&format!("{path}/versions")).await["versions"].clone();
        assert_eq!((&versions[2]["grade"], &versions[2]["grade_scale_id"]), (&before["grade"], &Value::Null));
        assert!(versions[1]["grade_scale_id"].is_string());
    }

    /// What somebody made for themselves is graded by their own tenant's scale, by the platform's where they have none.
    async fn a_personal_row_keeps_to_its_owners_scale(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = &app.people.tenant_admin;
        let scale = json!([{ "grade": "GOOD", "upper": 0.9 }, { "grade": "BAD", "upper": null }]);
        scale_of(&app, admin.tenant_id.unwrap().0, &scale).await;
        for (owner, symbol, good) in [(admin, "TENANTS", true), (&app.people.user, "NOBODYS", false)] {
            let before = made(&app, owner, "annual", symbol).await;
            assert_eq!(before["access_level"], "personal");
            let path = format!("/predictions/annual/{}/rescore", before["id"].as_str().unwrap());
            let (status, answer) = app.client(&app.people.super_admin).post(&path, &Value::Null).await;
            assert_eq!(status, StatusCode::OK, "{answer}");
            assert_eq!(answer["prediction"]["grade"], before["grade"]);
            assert_eq!(before["grade"] == "GOOD", good, "{before}");
        }
    }
}
