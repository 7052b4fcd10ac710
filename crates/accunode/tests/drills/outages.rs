//! The database or Redis is away for a while, or loses what it had.

use std::time::{Duration, Instant};

use accunode_domain::Kind;
use accunode_testkit::{
    Shutdown, block_on,
    report::{Report, lasting, only_in_full},
};
use reqwest::StatusCode;
use serde_json::Value;

use crate::{
    cluster::{Cluster, Refused, Upload, file, patiently},
    truth,
};

const LIST: &str = "/predictions/annual";

/// An upload that is being worked on.
async fn under_way(cluster: &mut Cluster) -> Upload {
    let upload = cluster.hand_in(0, 0, &file(Kind::Annual, 12_000, "WAY", 1)).await;
    let moving = "SELECT count(*) FROM bulk_upload_jobs WHERE status = 'processing'";
    patiently("the work begins", Duration::from_secs(60), async || cluster.count(moving).await > 0).await;
    upload
}

/// Asks again and again while the database is away: each answer says so, in words for people.
async fn refused_all_along(cluster: &Cluster, lasting: Duration, report: &mut Report) {
    let (start, mut answers, mut longest) = (Instant::now(), 0, Duration::ZERO);
    let mut statuses = Vec::new();
    while start.elapsed() < lasting {
        let (status, text, took) = cluster.ask(0, LIST).await;
        assert!(
            [StatusCode::SERVICE_UNAVAILABLE, StatusCode::GATEWAY_TIMEOUT].contains(&status),
            "{status}: {text}"
        );
        let body: Value = serde_json::from_str(&text).unwrap();
        assert!(body["detail"].as_str().is_some_and(|detail| detail.contains(' ')), "no plain words: {text}");
        Refused { status: Some(status), text }.is_ours();
        statuses.push(status.as_u16());
        (answers, longest) = (answers + 1, longest.max(took));
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    statuses.sort_unstable();
    statuses.dedup();
    report
        .during(format!("{answers} requests: {statuses:?}, the longest took {:.1} s", longest.as_secs_f64()));
    let health = cluster.servers[0].base().replace("/api/v1", "/health");
    patiently("health tells of it", Duration::from_secs(60), async || {
        let answer = cluster.client.get(&health).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK);
        answer.json::<Value>().await.unwrap()["services"]["database"]["connected"] == false
    })
    .await;
}

/// Nobody does anything: it answers again, and every job goes on.
async fn comes_back(cluster: &mut Cluster, uploads: &[Upload], report: Report) {
    let start = Instant::now();
    patiently("it comes back by itself", Duration::from_secs(60), async || {
        cluster.ask(0, LIST).await.0 == StatusCode::OK
    })
    .await;
    let back = start.elapsed().as_secs_f64();
    truth::holds(cluster, uploads).await;
    report.passed(format!("answers again after {back:.1} s; no job lost, every row there once"));
}

#[test]
fn the_database_is_gone() {
    block_on(async {
        let Some(mut cluster) = Cluster::start(1, 2, 1).await else { return };
        let lasting = lasting(30, 2);
        let mut report = Report::of(format!("database stopped for {} s", lasting.as_secs()));
        let upload = under_way(&mut cluster).await;
        cluster.postgres.stop(Shutdown::Immediate);
        refused_all_along(&cluster, lasting, &mut report).await;
        cluster.postgres.resume();
        comes_back(&mut cluster, &[upload], report).await;
    });
}

#[test]
fn the_database_hangs() {
    if !only_in_full("a frozen database") {
        return;
    }
    block_on(async {
        let Some(mut cluster) = Cluster::start(1, 2, 1).await else { return };
        let lasting = lasting(30, 2);
        let mut report = Report::of(format!("database frozen for {} s", lasting.as_secs()));
        let upload = under_way(&mut cluster).await;
        cluster.postgres.freeze();
        refused_all_along(&cluster, lasting, &mut report).await;
        cluster.postgres.thaw();
        comes_back(&mut cluster, &[upload], report).await;
    });
}

/// How many of some requests to one server are refused because there were too many.
async fn limited(cluster: &Cluster, requests: usize) -> usize {
    let url = cluster.servers[0].base().replace("/api/v1", "/health");
    let mut refused = 0;
    for _ in 0..requests {
        let status = cluster.client.get(&url).send().await.unwrap().status();
        assert!([StatusCode::OK, StatusCode::TOO_MANY_REQUESTS].contains(&status), "{status}");
        refused += usize::from(status == StatusCode::TOO_MANY_REQUESTS);
    }
    refused
}

/// The dashboard without the moment at which it was worked out.
async fn dashboard(cluster: &Cluster) -> Value {
    let (status, text, _) = cluster.ask(0, "/predictions/dashboard").await;
    assert_eq!(status, StatusCode::OK, "{text}");
    let mut body: Value = serde_json::from_str(&text).unwrap();
    body.as_object_mut().unwrap().remove("timestamp");
    body
}

/// What must go on whatever happens to Redis: files are taken and worked on, figures are right, floods are refused.
async fn all_goes_on(cluster: &mut Cluster, uploads: &mut Vec<Upload>, prefix: &str) {
    uploads.push(cluster.hand_in(0, 0, &file(Kind::Annual, 3_000, prefix, 2)).await);
    truth::holds(cluster, uploads).await;
    let rows = cluster.count("SELECT count(*) FROM annual_predictions").await;
    let shown = dashboard(cluster).await;
    assert_eq!(dashboard(cluster).await, shown);
    assert_eq!(shown["user_dashboard"]["annual_predictions"].as_i64(), Some(rows), "{shown}");
    assert!(limited(cluster, 25).await > 0, "nothing is limited");
}

/// Sixty seconds' worth of requests are few enough to be reached.
const RATES: &str = "health=20/min";

#[test]
fn redis_is_gone() {
    if !only_in_full("Redis gone for a minute") {
        return;
    }
    block_on(async {
        let change = async |at: &mut crate::program::Surroundings| at.rates = RATES;
        let Some(mut cluster) = Cluster::start_in(1, 2, 1, change).await else { return };
        let lasting = lasting(60, 2);
        let mut report = Report::of(format!("Redis gone for {} s", lasting.as_secs()));
        let mut uploads = Vec::new();
        all_goes_on(&mut cluster, &mut uploads, "BEFORE").await;
        cluster.redis.stop();
        let start = Instant::now();
        all_goes_on(&mut cluster, &mut uploads, "WITHOUT").await;
        let mut longest = Duration::ZERO;
        while start.elapsed() < lasting {
            let (status, text, took) = cluster.ask(0, LIST).await;
            assert_eq!(status, StatusCode::OK, "{text}");
            longest = longest.max(took);
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        report.during(format!(
            "uploads, lists, dashboards and limits go on; the longest list took {:.0} ms",
            longest.as_secs_f64() * 1_000.0
        ));
        cluster.redis.resume();
        all_goes_on(&mut cluster, &mut uploads, "AFTER").await;
        report.passed("every row there once, figures right, limits counted");
    });
}

#[test]
fn redis_is_emptied() {
    block_on(async {
        let change = async |at: &mut crate::program::Surroundings| at.rates = RATES;
        let Some(mut cluster) = Cluster::start_in(1, 2, 1, change).await else { return };
        let mut report = Report::of("Redis emptied");
        let mut uploads = Vec::new();
        all_goes_on(&mut cluster, &mut uploads, "BEFORE").await;
        let before = dashboard(&cluster).await;
        cluster.redis.empty();
        assert_eq!(dashboard(&cluster).await, before, "worked out anew");
        report.during("dashboards are worked out anew and say the same; limits count from nothing");
        all_goes_on(&mut cluster, &mut uploads, "AFTER").await;
        report.passed("every row there once, figures right, limits counted");
    });
}
