use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::{
    app::{Limits, TestApp},
    files::{annual_file, annual_row},
};

const ANNUAL: &str = "/predictions/bulk-upload?prediction_type=annual";

on_both_engines! {
    async fn a_small_file_is_stored_before_the_answer(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { chunk: 1, ..Limits::default() }).await;
        let member = app.client(&app.people.member);
        let rows = [annual_row("AAA", 2020), "BAD,Bad,1,Energy,19x0,,1,2,3,4,5".to_owned(), annual_row("AAA", 2020)];
        let (status, body) = member.post_file(ANNUAL, "file", "a.csv", &annual_file(&rows)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let results = &body["results"];
        assert_eq!((results["total_rows"].as_i64(), results["successful"].as_i64(), results["failed"].as_i64()), (Some(3), Some(1), Some(2)));
        assert!(results["errors"][0].as_str().unwrap().starts_with("Row 3: reporting_year"), "{body}");
        assert_eq!(results["errors"][1], "Row 4: Prediction already exists for AAA 2020");
        assert_eq!(member.get_ok("/predictions/annual?size=1").await["total"], 1);
        let job = member.get_ok("/predictions/jobs").await["jobs"][0].clone();
        assert_eq!((job["status"].as_str(), job["successful_rows"].as_i64(), job["failed_rows"].as_i64()), (Some("completed"), Some(1), Some(2)));
    }

    async fn larger_and_other_files_are_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        let rows: Vec<String> = (0..501).map(|i| annual_row(&format!("S{i}"), 2020)).collect();
        let (status, body) = user.post_file(ANNUAL, "file", "a.csv", &annual_file(&rows)).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["detail"].as_str().unwrap().contains("500 rows"), "{body}");
        let (status, body) = user.post_file(ANNUAL, "file", "a.xlsx", b"PK\x03\x04").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(body["detail"].as_str().unwrap().contains("bulk-upload-async"), "{body}");
        for path in ["/predictions/bulk-upload", "/predictions/bulk-upload?prediction_type=monthly"] {
            let (status, body) = user.post_file(path, "file", "a.csv", &annual_file(&rows[..1])).await;
            assert_eq!((status, body["errors"][0]["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("prediction_type")));
        }
        assert_eq!(user.get_ok("/predictions/jobs").await["pagination"]["total"], 0);
        assert_eq!(app.anonymous().post_file(ANNUAL, "file", "a.csv", b"x").await.0, StatusCode::UNAUTHORIZED);
    }
}
