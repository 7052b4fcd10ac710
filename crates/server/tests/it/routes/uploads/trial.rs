use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::{
    app::{Limits, TestApp},
    files::{annual_file, annual_row},
};

on_both_engines! {
    /// What is told of a file beforehand is what becomes of it.
    async fn a_trial_tells_what_would_become_of_a_file_and_stores_nothing(test: TestDb) {
        let app = TestApp::with(test, Limits { chunk: 2, ..Limits::default() }).await;
        let (member, stranger) = (app.client(&app.people.member), app.client(&app.people.stranger));
        stranger.upload_and_wait("annual", "theirs.csv", &annual_file(&[annual_row("AAA", 2020)])).await;
        member.upload_and_wait("annual", "known.csv", &annual_file(&[annual_row("KNOWN", 2022)])).await;
        let bad = "BAD,Bad,1,Energy,19x0,,1,2,3,4,5".to_owned();
        let rows = [annual_row("AAA", 2020), annual_row("known", 2022), bad, annual_row("AAA", 2021), annual_row("aaa", 2020)];
        let file = annual_file(&rows);
        let before = member.get_ok("/predictions/jobs").await["pagination"]["total"].clone();
        let path = "/predictions/annual/bulk-upload-async?dry_run=true";
        let (status, trial) = member.post_file(path, "file", "a.csv", &file).await;
        assert_eq!(status, StatusCode::OK, "{trial}");
        assert_eq!((trial["total_rows"].as_i64(), trial["successful_rows"].as_i64(), trial["failed_rows"].as_i64()), (Some(5), Some(2), Some(3)));
        assert_eq!(member.get_ok("/predictions/jobs").await["pagination"]["total"], before);
        assert_eq!(app.stored("uploads"), 2, "the file stays");
        let job = member.upload_and_wait("annual", "a.csv", &file).await;
        let results = member.results(job["id"].as_str().unwrap()).await;
        assert_eq!(trial["errors"], results["errors"]["error_details"]["errors"]);
        assert_eq!(trial["successful_rows"], job["successful_rows"]);
    }

    async fn a_workbook_is_tried_as_well(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { chunk: 40, ..Limits::default() }).await;
        let Some(path) = crate::files::shared("data/portfolio/quarterly_1.xlsx") else { return };
        let user = app.client(&app.people.user);
        let target = "/predictions/quarterly/bulk-upload-async?dry_run=true";
        let (status, trial) = user.post_file(target, "file", "q.XLSX", &std::fs::read(path).unwrap()).await;
        assert_eq!((status, trial["total_rows"].as_i64()), (StatusCode::OK, Some(150)), "{trial}");
        assert_eq!(app.stored("uploads"), 0, "a file stays");
    }

    async fn what_cannot_be_read_is_refused_as_otherwise(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        let target = "/predictions/annual/bulk-upload-async?dry_run=true";
        let (status, body) = user.post_file(target, "file", "a.csv", b"company_symbol;company_name;sector\nA;B;C\n").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["detail"].as_str().unwrap().contains("with commas"), "{body}");
        assert_eq!(app.anonymous().post_file(target, "file", "a.csv", b"x").await.0, StatusCode::UNAUTHORIZED);
    }
}
