use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::{
    app::{Limits, TestApp},
    files::{QUARTERLY, annual_file, annual_row},
};

/// Fifteen rows, one of which cannot be stored: fourteen are, and the right one is blamed.
fn fifteen_rows() -> Vec<u8> {
    let rows: Vec<String> = (0..15)
        .map(|i| match i {
            9 => "ROW9,Row 9,1200,Industrials,2020,,1e400,2.3,8.2,12.5,6.8".to_owned(),
            _ => annual_row(&format!("ROW{i}"), 2020),
        })
        .collect();
    annual_file(&rows)
}

on_both_engines! {
    async fn every_company_of_a_large_upload_is_counted(test: TestDb) {
        let app = TestApp::with(test, Limits { chunk: 1_000, ..Limits::default() }).await;
        let user = app.client(&app.people.user);
        let rows: Vec<_> = (0..3_000).map(|i| annual_row(&format!("S{i}"), 2023)).collect();
        let job = user.upload_and_wait("annual", "a.csv", &annual_file(&rows)).await;
        let path = format!("/predictions/jobs/{}/results", job["id"].as_str().unwrap());
        let (_, results) = user.post(&path, &json!({})).await;
        assert_eq!(results["created_data"]["companies_count"], 3_000);
    }

    async fn one_bad_row_takes_no_other_with_it(test: TestDb) {
        let app = TestApp::with(test, Limits { chunk: 50, ..Limits::default() }).await;
        let member = app.client(&app.people.member);
        let job = member.upload_and_wait("annual", "fifteen.csv", &fifteen_rows()).await;
        assert_eq!((job["successful_rows"].as_i64(), job["failed_rows"].as_i64()), (Some(14), Some(1)));
        let results = member.results(job["id"].as_str().unwrap()).await;
        assert_eq!(results["created_data"]["predictions_count"], 14);
        assert_eq!(results["created_data"]["predictions"].as_array().unwrap().len(), 14);
        let error = &results["errors"]["error_details"]["errors"][0];
        // The header is row 1, so the tenth data row is row 11.
        assert_eq!((error["row"].as_i64(), error["data"]["company_symbol"].as_str()), (Some(11), Some("ROW9")));
        assert!(error["error"].as_str().unwrap().starts_with("long_term_debt_to_total_capital:"), "{error}");
        assert_eq!(member.get_ok("/predictions/annual?size=1000").await["total"], 14);
    }

    async fn null_includes_as_little_as_false(test: TestDb) {
        let app = TestApp::new(test).await;
        let member = app.client(&app.people.member);
        let job = member.upload_and_wait("annual", "fifteen.csv", &fifteen_rows()).await;
        let path = format!("/predictions/jobs/{}/results", job["id"].as_str().unwrap());
        let wanted = json!({"include_predictions": null, "include_companies": null, "include_errors": null});
        let (status, results) = member.post(&path, &wanted).await;
        assert_eq!((status, results["created_data"]["predictions_count"].as_i64()), (StatusCode::OK, Some(14)));
        assert!(results["created_data"]["predictions"].is_null() && results["created_data"]["companies"].is_null());
    }

    async fn results_have_the_shape_that_clients_read(test: TestDb) {
        let app = TestApp::new(test).await;
        let user = app.client(&app.people.user);
        let file = format!("{QUARTERLY}\nQ1A,Quarter Works,,Energy,2023,2,0,15.3,NM,12.4\n");
        let job = user.upload_and_wait("quarterly", "q.csv", file.as_bytes()).await;
        let results = user.results(job["id"].as_str().unwrap()).await;
        let row = &results["created_data"]["predictions"][0];
        assert_eq!(row["company"]["symbol"], "Q1A");
        assert_eq!((row["reporting_year"].as_str(), row["reporting_quarter"].as_str()), (Some("2023"), Some("Q2")));
        // A ratio of 0 is 0, and one that is not meaningful is null.
        assert_eq!(row["financial_metrics"]["total_debt_to_ebitda"], 0.0);
        assert!(row["financial_metrics"]["long_term_debt_to_total_capital"].is_null());
        assert!(row["prediction"]["ensemble_probability"].is_number() && row["prediction"]["gbm_probability"].is_number());
        assert_eq!(results["job_summary"]["success_rate"], 100.0);
        assert_eq!(results["analysis"]["by_sector"]["Energy"]["count"], 1);
        let levels = results["analysis"]["by_risk_level"].as_object().unwrap();
        assert_eq!(levels.values().map(|n| n.as_i64().unwrap()).sum::<i64>(), 1);
        assert!(results["created_data"]["companies"][0]["market_cap"].is_null());
    }

    async fn duplicates_in_the_file_and_in_the_database_are_row_errors(test: TestDb) {
        let app = TestApp::new(test).await;
        let user = app.client(&app.people.user);
        let known = annual_row("KNOWN", 2022);
        user.upload_and_wait("annual", "first.csv", &annual_file(std::slice::from_ref(&known))).await;
        let rows = [known, annual_row("new", 2023), annual_row("NEW", 2023), annual_row("NEW", 2024)];
        let job = user.upload_and_wait("annual", "second.csv", &annual_file(&rows)).await;
        let results = user.results(job["id"].as_str().unwrap()).await;
        let errors: Vec<_> = results["errors"]["error_details"]["errors"].as_array().unwrap().iter()
            .map(|e| (e["row"].as_i64().unwrap(), e["error"].as_str().unwrap().to_owned())).collect();
        // Of equal rows in one chunk the first is kept.
        assert_eq!(errors, [
            (2, "Prediction already exists for KNOWN 2022".to_owned()),
            (4, "Prediction already exists for NEW 2023".to_owned()),
        ]);
        assert_eq!((job["successful_rows"].as_i64(), results["errors"]["error_count"].as_i64()), (Some(2), Some(2)));
    }

    /// A file says what is known of a company, but an unknown value does not wipe out a known one.
    async fn files_update_companies_and_keep_what_they_do_not_say(test: TestDb) {
        let app = TestApp::new(test).await;
        let user = app.client(&app.people.user);
        user.upload_and_wait("annual", "a.csv", &annual_file(&[annual_row("AAA", 2022)])).await;
        let renamed = "AAA,Renamed Works,,Energy,2023,,25.5,2.3,8.2,12.5,6.8".to_owned();
        let refused = "AAA,Never Works,5,Mining,2022,,25.5,2.3,8.2,12.5,6.8".to_owned();
        let job = user.upload_and_wait("annual", "b.csv", &annual_file(&[renamed, refused])).await;
        let company = user.results(job["id"].as_str().unwrap()).await["created_data"]["companies"][0].clone();
        assert_eq!((company["name"].as_str(), company["sector"].as_str()), (Some("Renamed Works"), Some("Energy")));
        assert_eq!(company["market_cap"], 1200.0);
    }

    async fn what_is_not_asked_for_is_left_out(test: TestDb) {
        let app = TestApp::new(test).await;
        let people = &app.people;
        let member = app.client(&people.member);
        let job = member.upload_and_wait("annual", "a.csv", &annual_file(&[annual_row("AAA", 2022)])).await;
        let path = format!("/predictions/jobs/{}/results", job["id"].as_str().unwrap());
        let (status, body) = app.client(&people.colleague).post(&path, &json!({})).await;
        assert_eq!(status, StatusCode::OK);
        assert!(body["errors"].is_null() && body["created_data"]["predictions"].is_null());
        assert_eq!(body["created_data"]["companies_count"], 1);
        let (status, body) = member.post(&path, &json!({ "include_errors": "yes" })).await;
        assert_eq!((status, body["errors"][0]["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("include_errors")));
        assert_eq!(app.client(&people.stranger).post(&path, &json!({})).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.anonymous().post(&path, &json!({})).await.0, StatusCode::UNAUTHORIZED);
    }
}
