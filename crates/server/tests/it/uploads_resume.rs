//! Uploads whose worker goes away, and files too large to be counted before the answer.

use std::time::Duration;

use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{Limits, TestApp},
    files::{annual_file, annual_row},
};

on_both_engines! {
    /// The first worker stops in the middle; the second one goes on behind the last committed chunk.
    async fn the_next_worker_goes_on_where_the_last_one_stopped(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { chunk: 3, ..Limits::default() }).await;
        let member = app.client(&app.people.member);
        let rows: Vec<String> = (0..600).map(|i| annual_row(&format!("R{i}"), 2020)).collect();
        let (status, accepted) = member.upload("annual", "long.csv", &annual_file(&rows)).await;
        assert_eq!(status, StatusCode::OK, "{accepted}");
        let id = accepted["job_id"].as_str().unwrap();
        let path = format!("/predictions/jobs/{id}/status");
        let first = CancellationToken::new();
        app.work_until(first.clone());
        let processed = |job: &serde_json::Value| job["job"]["processed_rows"].as_i64().unwrap();
        while processed(&member.get_ok(&path).await) == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        first.cancel();
        let mut seen = 0;
        loop {
            tokio::time::sleep(Duration::from_millis(200)).await;
            let now = processed(&member.get_ok(&path).await);
            if now == seen {
                break;
            }
            seen = now;
        }
        assert!(seen < 600, "the first worker was too fast for this test");
        app.work();
        let job = member.wait(id).await;
        assert_eq!((job["successful_rows"].as_i64(), job["failed_rows"].as_i64()), (Some(600), Some(0)), "{job}");
        assert_eq!(member.get_ok("/predictions/annual?size=1").await["total"], 600);
    }

    async fn a_large_file_is_counted_by_the_worker(test: TestDb) {
        let app = TestApp::with(test, Limits { bytes: 20 << 20, rows: 6, chunk: 4, ..Limits::default() }).await;
        let user = app.client(&app.people.user);
        // Cells and rows may be as wide as this; six rows are more than 4 MiB.
        let notes = vec!["y".repeat(110_000); 8].join(",");
        let header = format!("{},{}", crate::files::ANNUAL, (0..8).map(|i| format!("note{i}")).collect::<Vec<_>>().join(","));
        let file = |rows: usize| {
            let rows: Vec<String> = (0..rows).map(|i| format!("{},{notes}", annual_row(&format!("L{i}"), 2020))).collect();
            format!("{header}\n{}\n", rows.join("\n")).into_bytes()
        };
        let (status, accepted) = user.upload("annual", "wide.csv", &file(6)).await;
        assert_eq!(status, StatusCode::OK, "{accepted}");
        assert!(accepted["total_rows"].is_null(), "{accepted}");
        assert_eq!(accepted["queue_priority"], "low_priority");
        let job = user.wait(accepted["job_id"].as_str().unwrap()).await;
        assert_eq!((job["total_rows"].as_i64(), job["successful_rows"].as_i64()), (Some(6), Some(6)), "{job}");
        // One row too many is found before anything is stored.
        let job = user.upload_and_wait("annual", "long.csv", &file(7)).await;
        assert_eq!((job["status"].as_str(), job["processed_rows"].as_i64()), (Some("failed"), Some(0)), "{job}");
        assert!(job["error_message"].as_str().unwrap().contains("6 rows"), "{job}");
    }
}
