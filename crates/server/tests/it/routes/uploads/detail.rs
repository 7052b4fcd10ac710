use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::{
    app::{Limits, TestApp},
    files::{annual_file, annual_row},
};

on_both_engines! {
    async fn everything_about_a_job(test: TestDb) {
        let app = TestApp::new(test).await;
        let member = app.client(&app.people.member);
        let bad = "BAD,Bad,1,Energy,19x0,,1,2,3,4,5".to_owned();
        let job = member.upload_and_wait("annual", "a.csv", &annual_file(&[annual_row("AAA", 2022), bad])).await;
        let path = format!("/predictions/jobs/{}", job["id"].as_str().unwrap());
        let job = member.get_ok(&path).await["job"].clone();
        assert_eq!((job["status"].as_str(), job["job_type"].as_str()), (Some("completed"), Some("annual")));
        assert_eq!(job["file_info"]["original_filename"], "a.csv");
        assert_eq!((job["progress"]["processed_rows"].as_i64(), job["progress"]["remaining_rows"].as_i64()), (Some(2), Some(0)));
        assert!(job["performance"]["processing_time_seconds"].is_number());
        assert!(job["context"]["created_by"].is_string() && job["celery_info"]["celery_status"].is_null());
        assert_eq!((job["errors"]["has_errors"].as_bool(), job["errors"]["error_count"].as_i64()), (Some(true), Some(1)));
        assert!(job["errors"].get("error_details").is_none());
        let job = member.get_ok(&format!("{path}?include_errors=true")).await["job"].clone();
        assert_eq!(job["errors"]["error_details"]["errors"][0]["row"], 3);
        assert_eq!(app.client(&app.people.colleague).get(&path).await.0, StatusCode::OK);
        assert_eq!(app.client(&app.people.stranger).get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.anonymous().get(&path).await.0, StatusCode::UNAUTHORIZED);
    }

    /// Page by page, by offset or by cursor, every refused row comes once and in order.
    async fn every_refused_row_can_be_read(test: TestDb) {
        let app = TestApp::with(test, Limits { chunk: 3, ..Limits::default() }).await;
        let user = app.client(&app.people.user);
        let row = |i: usize| if i.is_multiple_of(2) { format!("B{i},Bad,1,Energy,19x0,,1,2,3,4,5") } else { annual_row(&format!("G{i}"), 2020) };
        let job = user.upload_and_wait("annual", "a.csv", &annual_file(&(0..25).map(row).collect::<Vec<_>>())).await;
        let path = format!("/predictions/jobs/{}/errors", job["id"].as_str().unwrap());
        let expected: Vec<i64> = (0..13).map(|i| 2 + 2 * i).collect();
        for by_cursor in [true, false] {
            let (mut found, mut query) = (Vec::new(), String::new());
            loop {
                let page = user.get_ok(&format!("{path}?limit=4{query}")).await;
                assert_eq!(page["pagination"]["total"], 13);
                found.extend(page["errors"].as_array().unwrap().iter().map(|e| e["row"].as_i64().unwrap()));
                if page["pagination"]["has_more"] == false {
                    assert!(page["pagination"]["next_cursor"].is_null());
                    break;
                }
                query = if by_cursor { format!("&cursor={}", page["pagination"]["next_cursor"]) } else { format!("&offset={}", found.len()) };
            }
            assert_eq!(found, expected);
        }
        for (query, field) in [("limit=0", "limit"), ("limit=1001", "limit"), ("offset=-1", "offset"), ("cursor=-1", "cursor")] {
            let (status, body) = user.get(&format!("{path}?{query}")).await;
            assert_eq!((status, body["errors"][0]["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(field)));
        }
        assert_eq!(app.client(&app.people.other_user).get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.anonymous().get(&path).await.0, StatusCode::UNAUTHORIZED);
    }
}
