use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::{
    app::{Limits, TestApp},
    files::{ANNUAL, annual_file, annual_row, shared},
};

on_both_engines! {
    async fn a_file_becomes_a_job(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let file = annual_file(&[annual_row("AAA", 2023), annual_row("BBB", 2023)]);
        let (status, accepted) = app.client(&app.people.member).upload("annual", "Portfolio.CSV", &file).await;
        assert_eq!(status, StatusCode::OK, "{accepted}");
        assert_eq!((accepted["total_rows"].as_i64(), accepted["queue_priority"].as_str()), (Some(2), Some("high_priority")));
        for field in ["job_id", "task_id", "processing_message", "current_system_load"] {
            assert!(accepted[field].is_string(), "{field}");
        }
        for field in ["estimated_time_minutes", "queue_position", "worker_capacity"] {
            assert!(accepted[field].is_number(), "{field}");
        }
    }

    /// Clients read the columns out of this text.
    async fn missing_columns_are_listed_in_words_that_clients_read(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let file = b"company_symbol,sector,reporting_year,net_income_margin,ebit_to_interest_expense\nA,B,2020,1,2\n";
        let (status, body) = app.client(&app.people.user).upload("annual", "a.csv", file).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert_eq!(
            body["detail"],
            "Missing required columns: company_name, long_term_debt_to_total_capital, total_debt_to_ebitda, return_on_assets"
        );
    }

    async fn files_that_cannot_be_read_are_refused_with_the_reason(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { rows: 2, bytes: 2_000, ..Limits::default() }).await;
        let user = app.client(&app.people.user);
        let three: Vec<_> = ["A", "B", "C"].map(|s| annual_row(s, 2020)).into();
        let large = annual_file(&vec![annual_row("A", 2020); 200]);
        for (name, content, code, text) in [
            ("a.xls", annual_file(&three), 400, ".xls"),
            ("a.txt", annual_file(&three), 400, ".csv or .xlsx"),
            ("a.xlsx", annual_file(&three), 400, "not an Excel workbook"),
            ("a.csv", Vec::new(), 400, "empty"),
            ("a.csv", ANNUAL.as_bytes().to_vec(), 400, "no rows"),
            ("a.csv", annual_file(&three), 400, "2 rows"),
            ("a.csv", large, 413, "2000 bytes"),
        ] {
            let (status, body) = user.upload("annual", name, &content).await;
            assert_eq!(status.as_u16(), code, "{name}: {body}");
            assert!(body["detail"].as_str().unwrap().contains(text), "{name}: {body} lacks '{text}'");
        }
        assert_eq!(user.get_ok("/predictions/jobs").await["pagination"]["total"], 0);
    }

    async fn a_form_without_a_file_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        let (status, body) = user.post_text("/predictions/annual/bulk-upload-async", "{}").await;
        assert_eq!((status, body["errors"][0]["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("file")));
    }

    /// What is shown is the name alone, printable and of a bounded length.
    async fn odd_file_names_are_taken(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        let file = annual_file(&[annual_row("AAA", 2023)]);
        for name in ["../../a\tb.csv".to_owned(), format!("{}.CSV", "n".repeat(3_000))] {
            let (status, body) = user.upload("annual", &name, &file).await;
            assert_eq!(status, StatusCode::OK, "{body}");
        }
        let jobs = user.get_ok("/predictions/jobs").await;
        assert_eq!(jobs["jobs"][1]["original_filename"], "a\u{fffd}b.csv");
        assert_eq!(jobs["jobs"][0]["original_filename"].as_str().unwrap().len(), 255);
    }

    async fn a_form_larger_than_any_file_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { bytes: 2_000, ..Limits::default() }).await;
        let user = app.client(&app.people.user);
        // Another part in front of the file: nothing of it is kept.
        let form = user.form("annual", "other", "a.csv", &vec![b'x'; 100_000]).await;
        assert_eq!(form.0, StatusCode::PAYLOAD_TOO_LARGE, "{}", form.1);
    }

    async fn nobody_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let file = annual_file(&[annual_row("AAA", 2023)]);
        assert_eq!(app.anonymous().upload("annual", "a.csv", &file).await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(app.anonymous().upload("quarterly", "a.csv", &file).await.0, StatusCode::UNAUTHORIZED);
    }

    /// The level of the rows follows the role, as for single ones.
    async fn rows_belong_to_the_uploaders_level(test: TestDb) {
        let app = TestApp::new(test).await;
        let people = &app.people;
        for (actor, level) in [
            (&people.super_admin, "system"),
            (&people.tenant_admin, "personal"),
            (&people.member, "organization"),
            (&people.user, "personal"),
        ] {
            let client = app.client(actor);
            let job = client.upload_and_wait("annual", "a.csv", &annual_file(&[annual_row("SAME", 2023)])).await;
            assert_eq!((job["status"].as_str(), job["successful_rows"].as_i64()), (Some("completed"), Some(1)), "{job}");
            let results = client.results(job["id"].as_str().unwrap()).await;
            assert_eq!(results["created_data"]["companies"][0]["access_level"], level);
        }
    }

    async fn the_real_quarterly_portfolio(test: TestDb) {
        let Some(path) = shared("data/portfolio/quarterly_1.xlsx") else { return };
        let app = TestApp::new(test).await;
        let member = app.client(&app.people.member);
        let job = member.upload_and_wait("quarterly", "quarterly_1.xlsx", &std::fs::read(path).unwrap()).await;
        assert_eq!((job["total_rows"].as_i64(), job["processed_rows"].as_i64()), (Some(150), Some(150)));
        let listed = member.get_ok("/predictions/quarterly?size=1000").await;
        assert_eq!(listed["total"], job["successful_rows"]);
    }
}
