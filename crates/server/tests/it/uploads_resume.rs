//! Uploads whose worker goes away, and files too large to be counted before the answer.

use std::time::Duration;

use accunode_sheets::{Cell, Writer};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use tokio_util::sync::CancellationToken;

use crate::{
    app::{Limits, TestApp},
    files::{ANNUAL, annual_file, annual_row},
};

on_both_engines! {
    /// The first worker stops in the middle; the second one goes on with the chunks that are left.
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

    /// What cannot be counted before the answer: a large workbook.
    async fn a_large_workbook_is_counted_by_the_worker(test: TestDb) {
        let app = TestApp::with(test, Limits { bytes: 20 << 20, rows: 6, chunk: 4, ..Limits::default() }).await;
        let user = app.client(&app.people.user);
        let (status, accepted) = user.upload("annual", "wide.xlsx", &wide_workbook(6)).await;
        assert_eq!(status, StatusCode::OK, "{accepted}");
        assert!(accepted["total_rows"].is_null(), "{accepted}");
        assert_eq!(accepted["queue_priority"], "low_priority");
        let id = accepted["job_id"].as_str().unwrap();
        let job = user.wait(id).await;
        assert_eq!((job["total_rows"].as_i64(), job["successful_rows"].as_i64()), (Some(6), Some(6)), "{job}");
        assert!(!app.files().join(format!("uploads/{id}.rows")).exists(), "what was unpacked stays");
        // One row too many is found before anything is stored.
        let job = user.upload_and_wait("annual", "long.xlsx", &wide_workbook(7)).await;
        assert_eq!((job["status"].as_str(), job["processed_rows"].as_i64()), (Some("failed"), Some(0)), "{job}");
        assert!(job["error_message"].as_str().unwrap().contains("6 rows"), "{job}");
    }

    async fn chunks_of_one_file_run_at_once_and_end_it_once(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { chunk: 1, ..Limits::default() }).await;
        let member = app.client(&app.people.member);
        for round in 0..5 {
            let rows: Vec<String> = (0..8).map(|i| annual_row(&format!("P{round}X{i}"), 2020)).collect();
            let (_, accepted) = member.upload("annual", "p.csv", &annual_file(&rows)).await;
            for _ in 0..4 {
                app.work();
            }
            let job = member.wait(accepted["job_id"].as_str().unwrap()).await;
            assert_eq!((job["status"].as_str(), job["successful_rows"].as_i64()), (Some("completed"), Some(8)));
        }
        let super_admin = app.client(&app.people.super_admin);
        let ends = super_admin.get_ok("/audit?action=upload.complete&limit=100").await;
        assert_eq!(ends["entries"].as_array().map(Vec::len), Some(5), "{ends}");
    }

    /// A job that died in the middle ends its upload; one that is tried again goes on with it.
    async fn a_dead_chunk_ends_the_upload(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { chunk: 2, ..Limits::default() }).await;
        let member = app.client(&app.people.member);
        let rows: Vec<String> = (0..6).map(|i| annual_row(&format!("D{i}"), 2020)).collect();
        let (_, accepted) = member.upload("annual", "d.csv", &annual_file(&rows)).await;
        let id = accepted["job_id"].as_str().unwrap();
        // The file of another upload in its place: no chunk of it can be read any more.
        let file = app.files().join(format!("uploads/{id}.csv"));
        std::fs::write(&file, "x").unwrap();
        let mut tx = app.state.db.system("test").await.unwrap();
        accunode_db::on!(tx, |c| sqlx::query("UPDATE job SET max_attempts = 1").execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        app.work();
        let job = member.wait(id).await;
        assert_eq!((job["status"].as_str(), job["processed_rows"].as_i64()), (Some("failed"), Some(0)), "{job}");
        assert!(job["error_message"].as_str().unwrap().contains("internal error"), "{job}");
        assert_eq!(member.get_ok("/predictions/annual?size=1").await["total"], 0);
    }
}

/// A workbook of wide rows that hardly packs: so few rows, and more than what is counted at once.
fn wide_workbook(rows: usize) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("wide.xlsx");
    let notes: Vec<String> = (0..40).map(|i| format!("note{i}")).collect();
    let header: Vec<&str> = ANNUAL.split(',').chain(notes.iter().map(String::as_str)).collect();
    let mut writer = Writer::create(&path, &header).unwrap();
    let mut seed = 1_u64;
    for i in 0..rows {
        let row = annual_row(&format!("L{i}"), 2020);
        let noise: Vec<String> = (0..40)
            .map(|_| {
                let letter = |_| {
                    seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                    char::from(b'0' + u8::try_from(seed >> 33 & 63).unwrap())
                };
                (0..30_000).map(letter).collect()
            })
            .collect();
        let cells: Vec<Cell<'_>> =
            row.split(',').chain(noise.iter().map(String::as_str)).map(Cell::echo).collect();
        writer.write(&cells).unwrap();
    }
    writer.finish().unwrap();
    std::fs::read(path).unwrap()
}
