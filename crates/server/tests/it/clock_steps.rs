//! The machine's clock is put right by an hour, forward and back, in the middle of work.

use std::time::Duration;

use accunode_db::{Clock, Timestamp};
use accunode_server::features::audit_log::service::verify;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::{
    app::{Client, TestApp},
    files::{annual_file, annual_row},
};

const HOUR: Duration = Duration::from_secs(3_600);
const ROWS: usize = 60;

/// Hands in a file of companies whose symbols begin with this letter.
async fn hand_in(client: &Client, letter: &str) -> String {
    let rows: Vec<String> = (0..ROWS).map(|i| annual_row(&format!("{letter}{i}"), 2020)).collect();
    let (status, accepted) = client.upload("annual", "clock.csv", &annual_file(&rows)).await;
    assert_eq!(status, StatusCode::OK, "{accepted}");
    accepted["job_id"].as_str().unwrap().to_owned()
}

async fn is_whole(client: &Client, upload: &str) {
    let job = client.wait(upload).await;
    assert_eq!(
        (job["successful_rows"].as_u64(), job["failed_rows"].as_u64()),
        (Some(ROWS as u64), Some(0)),
        "{job}"
    );
}

on_both_engines! {
    async fn a_step_of_the_clock_loses_nothing(test: TestDb) {
        let start = Timestamp::from_unix_seconds(1_800_000_000);
        let clock = Clock::manual(start);
        let app = TestApp::changed(test, |parts| {
            parts.clock = clock.clone();
            parts.config.chunk_rows = 10;
        })
        .await;
        app.work_on_what_waits();
        let early = app.client(&app.people.member);
        let first = hand_in(&early, "A").await;
        // Forward, while that is worked on: its leases are over at once, and so are tokens of an hour.
        clock.set(start + HOUR);
        let (status, _) = early.get("/predictions/annual").await;
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        let late = app.client(&app.people.member);
        is_whole(&late, &first).await;
        let second = hand_in(&late, "B").await;
        is_whole(&late, &second).await;
        // Back: what was given out in what is now the future holds, and so does what had ended.
        clock.set(start);
        for client in [&early, &late] {
            assert_eq!(client.get("/predictions/annual").await.0, StatusCode::OK);
        }
        let third = hand_in(&early, "C").await;
        is_whole(&early, &third).await;
        // Handed in just before a step back: worked on at once, or when the clock has come there again; never lost.
        clock.set(start + HOUR);
        let fourth = hand_in(&late, "D").await;
        clock.set(start);
        clock.set(start + HOUR);
        is_whole(&late, &fourth).await;
        let total = &late.get_ok("/predictions/annual?size=1").await["total"];
        assert_eq!(total.as_u64(), Some(4 * ROWS as u64));
        assert!(app.miscounted().await.is_empty());
        let chains = verify::all(app.test.db()).await.unwrap();
        assert!(chains.iter().all(|chain| chain.intact), "{chains:?}");
    }
}
