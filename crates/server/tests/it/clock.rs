//! The machine's clock is set forward or back by an hour while people work.

use std::time::Duration;

use accunode_db::{Clock, on};
use accunode_infra::{RateLimits, Scaler};
use accunode_server::{
    features::scaling::jobs::Candidate,
    http::limits::{Limits, RateClass},
};
use accunode_testkit::{
    TestDb, on_both_engines,
    report::{Report, full},
};
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    app::TestApp,
    files::{annual_file, annual_row},
    sessions::PASSWORD,
};

const HOUR: Duration = Duration::from_secs(3_600);
const HERE: &str = "203.0.113.7";

async fn with_clock(test: TestDb) -> (TestApp, Clock) {
    let clock = Clock::settable();
    let app = TestApp::changed(test, |parts| {
        parts.clock = clock.clone();
        parts.config.chunk_rows = 20;
        let off: String = RateClass::ALL.iter().map(|class| format!("{}=off;", class.as_str())).collect();
        parts.limits = Limits::new(RateLimits::in_process(), &format!("{off}health=3/h")).unwrap();
    })
    .await;
    (app, clock)
}

fn portfolio(prefix: &str, rows: usize) -> Vec<u8> {
    annual_file(&(0..rows).map(|i| annual_row(&format!("{prefix}{i}"), 2020)).collect::<Vec<_>>())
}

/// Hands a file in as somebody who has just signed in.
async fn hand_in(app: &TestApp, file: &[u8]) -> String {
    let (status, accepted) = app.client(&app.people.member).upload("annual", "clock.csv", file).await;
    assert_eq!(status, StatusCode::OK, "{accepted}");
    accepted["job_id"].as_str().unwrap().to_owned()
}

async fn processed(app: &TestApp, id: &str) -> i64 {
    let body = app.client(&app.people.member).get_ok(&format!("/predictions/jobs/{id}/status")).await;
    body["job"]["processed_rows"].as_i64().unwrap()
}

/// Waits for its end: every row is there once, and counted once.
async fn ends_well(app: &TestApp, id: &str, rows: usize) {
    let job: Value = app.client(&app.people.member).wait(id).await;
    let rows = i64::try_from(rows).unwrap();
    let counted = ["total_rows", "processed_rows", "successful_rows"].map(|name| job[name].as_i64());
    assert_eq!((job["status"].as_str(), counted), (Some("completed"), [Some(rows); 3]), "{job}");
    const STORED: &str = "SELECT count(*), count(DISTINCT source_row) FROM annual_predictions
                          WHERE bulk_upload_job_id = $1";
    let id: Uuid = id.parse().unwrap();
    let mut tx = app.state.db.system_read("test").await.unwrap();
    let stored: (i64, i64) = on!(tx, |c| sqlx::query_as(STORED).bind(id).fetch_one(c).await).unwrap();
    assert_eq!(stored, (rows, rows));
}

/// Asks something of which three are allowed in an hour; the wait in seconds, when one is demanded.
async fn health(app: &TestApp) -> Option<u64> {
    let request = Request::get("/health").header("x-forwarded-for", HERE).body(Body::empty()).unwrap();
    let answer = app.anonymous().raw(request).await;
    let wait = answer.headers().get(header::RETRY_AFTER).map(|wait| wait.to_str().unwrap().parse().unwrap());
    assert_eq!(answer.status() == StatusCode::TOO_MANY_REQUESTS, wait.is_some());
    wait
}

on_both_engines! {
    async fn uploads_go_on(test: TestDb) {
        let (app, clock) = with_clock(test).await;
        let mut report = Report::of(format!("clock set forward and back by an hour ({:?})", app.state.db.engine()));
        app.work();
        app.work();
        let (rows, rounds) = if full() { (20_000, 8) } else { (1_500, 1) };
        let mut uploads = Vec::new();
        for round in 0..rounds {
            let prefix = format!("R{round}X");
            let id = hand_in(&app, &portfolio(&prefix, rows / rounds)).await;
            for forward in [true, false, false, true] {
                let seen = processed(&app, &id).await;
                while processed(&app, &id).await == seen && seen < i64::try_from(rows / rounds).unwrap() {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                if forward { clock.advance(HOUR) } else { clock.set_back(HOUR) }
            }
            // One that is handed in just before, while everybody is busy.
            let late = hand_in(&app, &portfolio(&format!("L{round}X"), 50)).await;
            clock.set_back(HOUR);
            uploads.extend([(id, rows / rounds), (late, 50)]);
        }
        report.during(format!("{} steps; uploads, sign-ins and limits go on", rounds * 5));
        for (id, rows) in &uploads {
            ends_well(&app, id, *rows).await;
        }
        assert_eq!(app.times("upload.complete").await, uploads.len());
        assert!(app.miscounted().await.is_empty());
        report.passed("every row there once, no job dead or stuck");
    }

    async fn people_stay_signed_in(test: TestDb) {
        let (app, clock) = with_clock(test).await;
        let session = app.sign_in(&app.people.member).await;
        clock.set_back(HOUR);
        assert!(app.admits(&session.access).await, "a token of a moment that has not come yet");
        assert!(app.refreshes(&session.refresh).await);
        clock.advance(HOUR * 2);
        assert!(!app.admits(&session.access).await, "an hour is what it holds for");
        let (status, body) = app.post_empty("/auth/refresh", &session.refresh).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert!(app.admits(body["access_token"].as_str().unwrap()).await);
    }

    async fn nobody_is_kept_out_for_longer(test: TestDb) {
        let (app, clock) = with_clock(test).await;
        for _ in 0..3 {
            assert_eq!(health(&app).await, None);
        }
        let most = 3_600 + 3 * 60;
        assert!(health(&app).await.is_some_and(|wait| wait <= most));
        clock.set_back(HOUR);
        let wait = health(&app).await.unwrap();
        assert!(wait <= most, "{wait}");
        clock.advance(Duration::from_secs(most));
        assert_eq!(health(&app).await, None);
        // Those whose password was guessed at.
        let (member, email) = (&app.people.member, app.email(&app.people.member));
        app.sign_in(member).await;
        for _ in 0..10 {
            assert_eq!(app.log_in_from(HERE, &email, "wrong horse 1").await.0, StatusCode::UNAUTHORIZED);
        }
        assert_eq!(app.log_in_from(HERE, &email, PASSWORD).await.0, StatusCode::TOO_MANY_REQUESTS);
        clock.set_back(HOUR);
        assert_eq!(app.log_in_from(HERE, &email, PASSWORD).await.0, StatusCode::OK);
    }

    async fn another_server_leads_when_the_one_that_led_is_gone(test: TestDb) {
        let (app, clock) = with_clock(test).await;
        let stand_by = || app.second_state(|parts| { parts.clock = clock.clone(); parts.scaler = Scaler::None; });
        let (mut first, mut second) = (Candidate::new(stand_by()), Candidate::new(stand_by()));
        assert!(first.beat().await.unwrap() && !second.beat().await.unwrap());
        drop(first);
        clock.set_back(HOUR);
        assert!(second.beat().await.unwrap());
    }
}
