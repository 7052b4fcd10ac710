//! `/metrics` prints what `docs/metrics.md` says.

use std::{collections::BTreeSet, fmt::Write as _, path::Path};

use accunode_telemetry::TABLE;
use accunode_testkit::{TestDb, block_on, redis_url};
use reqwest::StatusCode;
use serde_json::json;

use crate::program::{EMAIL, Program};

/// The table of the document, as the program knows it.
fn table() -> String {
    let mut text = String::from("| name | kind | labels | meaning |\n|---|---|---|---|\n");
    for line in TABLE {
        let labels: Vec<_> = line.labels.iter().map(|label| format!("`{label}`")).collect();
        let labels = if labels.is_empty() { "–".to_owned() } else { labels.join(", ") };
        writeln!(text, "| `{}` | {} | {labels} | {} |", line.name, line.kind, line.help).unwrap();
    }
    text
}

#[test]
fn the_document_is_the_programs_table() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/metrics.md");
    let document = std::fs::read_to_string(path).unwrap();
    let table = table();
    assert!(document.ends_with(&table), "the table of docs/metrics.md has to be:\n{table}");
}

/// Names in the text, as its lines `# TYPE` tell them.
fn names(text: &str) -> BTreeSet<&str> {
    text.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split(' ').next()).collect()
}

fn expected(apart_from: &[&str]) -> BTreeSet<&'static str> {
    let without = |help: &str| !apart_from.iter().any(|condition| help.contains(condition));
    TABLE.iter().filter(|line| without(line.help)).map(|line| line.name).collect()
}

/// The value of the one sample that begins so.
fn value(text: &str, sample: &str) -> f64 {
    let mut found = text.lines().filter_map(|line| line.strip_prefix(sample)?.strip_prefix(' '));
    let value = found.next().unwrap_or_else(|| panic!("no {sample} in\n{text}"));
    value.parse().unwrap()
}

async fn every_metric_is_printed(test: &TestDb, settings: &[(&str, &str)], expected: BTreeSet<&str>) {
    let server = Program::start("serve", test.url(), settings);
    let wrong = json!({ "email": EMAIL, "password": "wrong horse 1" });
    let login = server.client().post(server.url("/api/v1/auth/login").await).json(&wrong);
    assert_eq!(login.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    assert_eq!(
        server.get(&server.url("/api/v1/companies/hidden-name").await).await.0,
        StatusCode::UNAUTHORIZED
    );
    let (status, text) = server.get(&server.seen("/metrics").await).await;
    assert_eq!((status, names(&text)), (StatusCode::OK, expected));
    let login = "accunode_http_requests_total{method=\"POST\",route=\"/api/v1/auth/login\",status=\"401\"}";
    let timed = "accunode_http_request_duration_seconds_count\
                 {method=\"POST\",route=\"/api/v1/auth/login\",route_class=\"auth\"}";
    assert_eq!((value(&text, login), value(&text, timed)), (1.0, 1.0));
    assert_eq!(value(&text, "accunode_login_failures_total{reason=\"credentials\"}"), 1.0);
    assert_eq!(value(&text, "accunode_login_failures_total{reason=\"locked\"}"), 0.0);
    assert_eq!(value(&text, "accunode_http_requests_in_flight"), 0.0);
    assert_eq!(value(&text, "accunode_queue_jobs{lane=\"high\",state=\"dead\"}"), 0.0);
    assert!(value(&text, "process_resident_memory_bytes") > 1e6);
    assert!(!text.contains("hidden-name") && text.contains("route=\"/api/v1/companies/{id}\""), "{text}");
    for bound in ["0.1", "0.2", "0.3", "0.5", "10"] {
        assert!(text.contains(&format!("le=\"{bound}\"")), "{bound}");
    }
}

#[test]
fn every_metric_is_printed_on_sqlite() {
    block_on(async {
        let known = expected(&["PostgreSQL only", "with Redis only"]);
        every_metric_is_printed(&TestDb::sqlite().await, &[], known).await;
    });
}

#[test]
fn every_metric_is_printed_with_postgres_and_redis() {
    block_on(async {
        let (Some(test), Some(redis)) = (TestDb::postgres().await, redis_url()) else { return };
        every_metric_is_printed(&test, &[("REDIS_URL", &redis)], expected(&[])).await;
    });
}

#[test]
fn a_worker_tells_what_becomes_of_its_jobs() {
    block_on(async {
        let test = TestDb::sqlite().await;
        let worker = Program::start("worker", test.url(), &[]);
        let (ready, live) = (worker.seen("/health/ready").await, worker.seen("/health/live").await);
        worker.until(&ready, StatusCode::OK).await;
        assert_eq!(worker.get(&live).await.0, StatusCode::OK);
        worker.says("working").await;
        let (_, text) = worker.get(&worker.seen("/metrics").await).await;
        assert!(text.contains("accunode_jobs_total{kind=\"upload.chunk\",outcome=\"dead\"} 0"), "{text}");
        assert!(text.contains("accunode_job_duration_seconds_count{kind=\"upload.chunk\"} 0"), "{text}");
    });
}

#[test]
fn without_a_port_nobody_is_told() {
    block_on(async {
        let test = TestDb::sqlite().await;
        let server = Program::start("serve", test.url(), &[("METRICS_PORT", "")]);
        let metrics = server.url("/metrics").await;
        assert_eq!(server.get(&metrics).await.0, StatusCode::NOT_FOUND);
        assert!(!server.log().iter().any(|line| line.contains("metrics are served")));
    });
}
