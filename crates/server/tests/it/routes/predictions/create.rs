use accunode_domain::{Kind, Ratio};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{annual, quarterly};
use crate::app::{Limits, TestApp};

fn changed(mut body: Value, changes: Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

on_both_engines! {
    async fn an_annual_score_is_the_models(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (status, body) = app.client(&app.people.member).post("/predictions/annual", &annual("xmp")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let bundle = app.state.models.get(Kind::Annual);
        let score = bundle.score(&[25.5, 2.3, 8.2, 12.5, 6.8].map(Ratio::Value)).unwrap();
        let stored = &body["prediction"];
        assert_eq!(stored["probability"].as_f64(), Some(score.probability));
        assert_eq!(stored["risk_level"], score.risk_level.as_str());
        assert_eq!((stored["company_symbol"].as_str(), stored["reporting_year"].as_str()), (Some("XMP"), Some("2024")));
        assert_eq!((stored["access_level"].as_str(), &stored["reporting_quarter"]), (Some("organization"), &Value::Null));
        assert_eq!(stored["created_by_email"], "member@example.com");
        assert_eq!(stored["model_version"], bundle.version());
    }

    async fn a_quarterly_score_has_three_probabilities(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = changed(quarterly("xmp"), json!({ "reporting_quarter": 3, "sga_margin": "15.3" }));
        let (status, body) = app.client(&app.people.user).post("/predictions/quarterly", &body).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let score = app.state.models.get(Kind::Quarterly).score(&[2.8, 15.3, 28.7, 12.4].map(Ratio::Value)).unwrap();
        let stored = &body["prediction"];
        assert_eq!(stored["ensemble_probability"].as_f64(), Some(score.probability));
        assert_eq!(stored["logistic_probability"].as_f64(), score.scorecard_probability());
        assert_eq!(stored["gbm_probability"].as_f64(), score.lightgbm_probability());
        assert_eq!((stored["reporting_quarter"].as_str(), stored["access_level"].as_str()), (Some("Q3"), Some("personal")));
    }

    /// The level follows the role: contract of access levels.
    async fn the_level_follows_the_role(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for (actor, level) in [
            (&people.super_admin, "system"),
            (&people.tenant_admin, "personal"),
            (&people.org_admin, "organization"),
            (&people.stranger, "organization"),
            (&people.user, "personal"),
        ] {
            let (status, body) = app.client(actor).post("/predictions/annual", &annual("SAME")).await;
            assert_eq!(status, StatusCode::OK, "{level}: {body}");
            assert_eq!(body["prediction"]["access_level"], level);
        }
    }

    /// Clients read the symbol, the period and the scope out of this text.
    async fn a_second_one_for_the_period_is_refused_in_words_that_clients_read(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (member, colleague) = (app.client(&app.people.member), app.client(&app.people.colleague));
        let with_quarter = changed(annual("dup"), json!({ "reporting_quarter": "q4" }));
        for body in [&annual("dup"), &with_quarter] {
            assert_eq!(member.post("/predictions/annual", body).await.0, StatusCode::OK);
        }
        let (status, body) = colleague.post("/predictions/annual", &annual("Dup")).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(body["detail"], "Annual prediction for DUP in 2024 already exists in your organization scope");
        let (_, body) = colleague.post("/predictions/annual", &with_quarter).await;
        assert_eq!(body["detail"], "Annual prediction for DUP in 2024 Q4 already exists in your organization scope");
        let user = app.client(&app.people.user);
        user.post("/predictions/quarterly", &quarterly("dup")).await;
        let (_, body) = user.post("/predictions/quarterly", &quarterly("dup")).await;
        assert_eq!(body["detail"], "Quarterly prediction for DUP in 2024 Q3 already exists in your personal scope");
    }

    async fn odd_ratios_are_stored_and_flagged(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = changed(annual("odd"), json!({
            "long_term_debt_to_total_capital": "NM", "total_debt_to_ebitda": null, "net_income_margin": -299.5,
            "ebit_to_interest_expense": 100_000_000, "return_on_assets": 1e300
        }));
        let (status, body) = app.client(&app.people.user).post("/predictions/annual", &body).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let stored = &body["prediction"];
        assert!(stored["total_debt_to_ebitda"].is_null() && stored["ebit_to_interest_expense"].is_null());
        assert_eq!(stored["net_income_margin"], -299.5);
        let quality = stored["quality"].as_array().unwrap();
        let has = |field: &str, code: &str| quality.contains(&json!({ "field": field, "code": code }));
        assert!(has("long_term_debt_to_total_capital", "not_meaningful"));
        assert!(has("total_debt_to_ebitda", "missing"));
        assert!(has("net_income_margin", "out_of_bounds"));
        assert!(has("ebit_to_interest_expense", "sentinel"));
    }

    async fn every_problem_is_named_at_once(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = json!({
            "company_symbol": "A-SYMBOL-OF-MORE-THAN-20", "company_name": "", "market_cap": 0, "sector": 5,
            "reporting_year": 2024, "reporting_quarter": "Q5", "long_term_debt_to_total_capital": "lots",
            "total_debt_to_ebitda": [], "net_income_margin": 1, "ebit_to_interest_expense": "1e999"
        });
        let (status, body) = app.client(&app.people.user).post("/predictions/annual", &body).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        let message = |field: &str| {
            let errors = body["errors"].as_array().unwrap();
            errors.iter().find(|e| e["field"] == field).map(|e| e["message"].as_str().unwrap().to_owned())
        };
        assert_eq!(message("company_symbol").unwrap(), "Company Symbol is too long");
        assert_eq!(message("company_name").unwrap(), "Company Name is too short");
        assert_eq!(message("return_on_assets").unwrap(), "Return On Assets is required");
        assert!(message("market_cap").unwrap().starts_with("Invalid market cap"));
        for field in ["sector", "reporting_year", "reporting_quarter", "long_term_debt_to_total_capital",
                      "total_debt_to_ebitda", "ebit_to_interest_expense"] {
            assert!(message(field).is_some(), "{field}: {body}");
        }
        assert!(message("net_income_margin").is_none());
    }

    /// The same rules as for the cells of a file.
    async fn texts_follow_the_rules_of_files(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        for (field, text) in [
            ("company_symbol", "A\0B".to_owned()),
            // Twenty characters that become forty in capitals.
            ("company_symbol", "ß".repeat(20)),
            ("company_symbol", "2026-03-01".to_owned()),
            ("company_name", "zero\0character".to_owned()),
            ("sector", "\u{1}".to_owned()),
            ("net_income_margin", "12%".to_owned()),
        ] {
            let body = changed(annual("ODD"), json!({ field: text }));
            let (status, body) = user.post("/predictions/annual", &body).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field}: {body}");
            assert_eq!(body["errors"][0]["field"], field, "{body}");
        }
    }

    async fn nobody_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        assert_eq!(app.anonymous().post("/predictions/annual", &annual("X")).await.0, StatusCode::UNAUTHORIZED);
    }

    /// Whoever comes second gets the duplicate's text, and nothing is stored twice.
    async fn two_at_once_are_one(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (first, second) = (app.client(&app.people.member), app.client(&app.people.colleague));
        let body = annual("RACE");
        let (a, b) = tokio::join!(first.post("/predictions/annual", &body), second.post("/predictions/annual", &body));
        let mut codes = [a.0.as_u16(), b.0.as_u16()];
        codes.sort_unstable();
        assert_eq!(codes, [200, 400], "{} {}", a.1, b.1);
        assert_eq!(first.get_ok("/predictions/annual").await["total"], 1);
    }
}
