use accunode_domain::{Kind, Ratio};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use super::{annual, changed, made, quarterly, stored};
use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn new_numbers_come_in_and_the_old_ones_stay_as_a_version(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let before = made(&app, &app.people.member, "annual", "UPD").await;
        let path = format!("/predictions/annual/{}", before["id"].as_str().unwrap());
        let body = changed(annual("OTHER"), &json!({
            "reporting_year": "2023", "total_debt_to_ebitda": "NM", "net_income_margin": -40, "company_name": "New Name",
            "market_cap": 7, "sector": "Energy"
        }));
        let (status, answer) = member.put(&path, &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!((&answer["success"], &answer["message"]), (&json!(true), &json!("Annual prediction updated successfully")));
        let after = &answer["prediction"];
        let score = app.state.models.get(Kind::Annual).score(&[
            Ratio::Value(25.5), Ratio::NotMeaningful, Ratio::Value(-40.0), Ratio::Value(12.5), Ratio::Value(6.8)]).unwrap();
        assert_eq!(after["probability"].as_f64(), Some(score.probability));
        assert_eq!((&after["company_symbol"], &after["reporting_year"]), (&json!("UPD"), &json!("2023")));
        // The editor made the company, so what is known of it follows.
        assert_eq!((&after["company_name"], &after["market_cap"], &after["sector"]), (&json!("New Name"), &json!(7.0), &json!("Energy")));
        assert_eq!((&after["version"], &after["created_at"]), (&json!(2), &before["created_at"]));
        assert_eq!(after["predicted_at"], after["updated_at"]);
        assert_eq!(after["created_by_email"], "member@example.com");
        assert_eq!(member.get_ok(&path).await["prediction"], *after);
        let versions = member.get_ok(&format!("{path}/versions")).await["versions"].clone();
        assert_eq!(versions.as_array().unwrap().len(), 2);
        let (now, then) = (&versions[0], &versions[1]);
        assert_eq!((&now["version"], &now["current"], &then["version"], &then["current"]), (&json!(2), &json!(true), &json!(1), &json!(false)));
        assert_eq!((&now["probability"], &then["probability"]), (&after["probability"], &before["probability"]));
        assert_eq!((&then["reporting_year"], &then["grade"], &then["risk_level"]), (&json!("2024"), &before["grade"], &before["risk_level"]));
        assert_eq!(then["inputs"][1], json!({ "ratio": "total_debt_to_ebitda", "value": 2.3, "state": "value" }));
        assert_eq!(now["inputs"][1], json!({ "ratio": "total_debt_to_ebitda", "value": null, "state": "not_meaningful" }));
        assert_eq!((&then["scored_at"], &then["scored_by_email"]), (&before["created_at"], &json!("member@example.com")));
        assert_eq!(then["model_hash"], before["model_hash"]);
    }

    async fn a_quarterly_one_keeps_all_three_probabilities(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let before = made(&app, &app.people.user, "quarterly", "QTR").await;
        let path = format!("/predictions/quarterly/{}", before["id"].as_str().unwrap());
        let body = changed(quarterly("QTR"), &json!({ "return_on_capital": null, "reporting_quarter": 4 }));
        let (status, answer) = app.client(&app.people.user).put(&path, &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        assert_eq!(answer["prediction"]["reporting_quarter"], "Q4");
        let versions = app.client(&app.people.user).get_ok(&format!("{path}/versions")).await["versions"].clone();
        for (version, row) in [(&versions[0], &answer["prediction"]), (&versions[1], &before)] {
            assert_eq!(version["probability"], row["ensemble_probability"]);
            assert_eq!(version["logistic_probability"], row["logistic_probability"]);
            assert_eq!(version["gbm_probability"], row["gbm_probability"]);
        }
        assert_ne!(versions[0]["probability"], versions[1]["probability"]);
    }

    async fn anothers_company_stays_as_it_is(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        made(&app, &app.people.member, "annual", "SHARED").await;
        let second = changed(annual("SHARED"), &json!({ "reporting_year": "2023" }));
        let row = stored(&app, &app.people.colleague, "annual", &second).await;
        let body = changed(second, &json!({ "company_name": "Mine Now", "market_cap": 1, "sector": "Energy" }));
        let path = format!("/predictions/annual/{}", row["id"].as_str().unwrap());
        let (status, answer) = app.client(&app.people.colleague).put(&path, &body).await;
        assert_eq!(status, StatusCode::OK, "{answer}");
        let after = &answer["prediction"];
        assert_eq!((&after["company_name"], &after["market_cap"], &after["sector"]),
                   (&row["company_name"], &row["market_cap"], &row["sector"]));
        assert_eq!(after["version"], 2);
    }

    async fn a_period_that_is_taken_is_refused_in_words_that_clients_read(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let quarter = changed(annual("TAKEN"), &json!({ "reporting_quarter": "Q4" }));
        stored(&app, &app.people.member, "annual", &quarter).await;
        let row = made(&app, &app.people.member, "annual", "TAKEN").await;
        let path = format!("/predictions/annual/{}", row["id"].as_str().unwrap());
        let (status, answer) = member.put(&path, &quarter).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(answer["detail"], "Annual prediction for TAKEN in 2024 Q4 already exists in your organization scope");
        assert_eq!(member.get_ok(&path).await["prediction"], row);
        made(&app, &app.people.user, "quarterly", "TAKEN").await;
        let other = changed(quarterly("TAKEN"), &json!({ "reporting_quarter": "Q1" }));
        let row = stored(&app, &app.people.user, "quarterly", &other).await;
        let path = format!("/predictions/quarterly/{}", row["id"].as_str().unwrap());
        let (_, answer) = app.client(&app.people.user).put(&path, &quarterly("TAKEN")).await;
        assert_eq!(answer["detail"], "Quarterly prediction for TAKEN in 2024 Q3 already exists in your personal scope");
    }

    async fn what_is_wrong_is_named_and_the_symbol_is_not_looked_at(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let row = made(&app, &app.people.user, "annual", "NAMES").await;
        let path = format!("/predictions/annual/{}", row["id"].as_str().unwrap());
        let user = app.client(&app.people.user);
        let mut body = changed(annual(""), &json!({ "reporting_year": 2024, "market_cap": -1 }));
        let (status, answer) = user.put(&path, &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let fields: Vec<_> = answer["errors"].as_array().unwrap().iter().map(|e| e["field"].as_str().unwrap()).collect();
        assert_eq!(fields, ["market_cap", "reporting_year"]);
        body = annual("NAMES");
        body.as_object_mut().unwrap().remove("company_symbol");
        assert_eq!(user.put(&path, &body).await.0, StatusCode::OK);
    }

    /// The platform's people leave the creator in place, and the tenant reads of it in its audit log.
    async fn the_creator_stays_and_the_log_tells_both_states(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let row = made(&app, &app.people.member, "annual", "LOGGED").await;
        let path = format!("/predictions/annual/{}", row["id"].as_str().unwrap());
        let body = changed(annual("LOGGED"), &json!({ "reporting_year": "2022" }));
        let (_, answer) = app.client(&app.people.super_admin).put(&path, &body).await;
        let after = &answer["prediction"];
        assert_eq!((&after["created_by"], &after["created_by_email"]), (&row["created_by"], &json!("member@example.com")));
        assert_eq!(after["access_level"], "organization");
        let log = app.client(&app.people.tenant_admin).get_ok("/audit?action=prediction.update").await;
        let entry = &log["entries"][0];
        assert_eq!((&entry["before"]["reporting_year"], &entry["after"]["reporting_year"]), (&json!("2024"), &json!("2022")));
        assert_eq!((&entry["before"]["version"], &entry["after"]["version"]), (&json!(1), &json!(2)));
        assert_eq!(entry["target_id"], row["id"]);
        // Who of the platform scored it is not named to the tenant.
        let versions = app.client(&app.people.member).get_ok(&format!("{path}/versions")).await;
        assert!(versions["versions"][0]["scored_by_email"].is_null());
    }

    /// Versions are numbered without gaps, whoever comes first.
    async fn two_at_once_come_one_after_the_other(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let row = made(&app, &app.people.member, "annual", "BOTH").await;
        let path = format!("/predictions/annual/{}", row["id"].as_str().unwrap());
        let (first, second) = (app.client(&app.people.member), app.client(&app.people.super_admin));
        let bodies = ["2020", "2021"].map(|year| changed(annual("BOTH"), &json!({ "reporting_year": year })));
        let (a, b) = tokio::join!(first.put(&path, &bodies[0]), second.put(&path, &bodies[1]));
        assert_eq!((a.0, b.0), (StatusCode::OK, StatusCode::OK), "{} {}", a.1, b.1);
        let versions = first.get_ok(&format!("{path}/versions")).await["versions"].clone();
        let numbers: Vec<_> = versions.as_array().unwrap().iter().map(|v| v["version"].as_i64().unwrap()).collect();
        assert_eq!(numbers, [3, 2, 1]);
    }
}
