//! One trace from an upload to its last chunk, with nothing private in it; and a collector that is not there.

use std::{collections::BTreeSet, net::TcpListener};

use accunode_domain::Kind;
use accunode_testkit::{Portfolio, TestDb, block_on};
use reqwest::{StatusCode, multipart};
use serde_json::json;

use crate::{
    collector::{Arrived, Collector},
    log::{NEW_PASSWORD, call, login, text},
    program::{EMAIL, PASSWORD, Program},
};

const ATTRIBUTES: [&str; 11] = [
    "attempt",
    "chunk.number",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "job.id",
    "job.kind",
    "job.outcome",
    "request.id",
    "rows.committed",
    "upload.id",
];
const SERVER: i32 = 2;
const CONSUMER: i32 = 5;
const CALLER: &str = "00f067aa0ba902b7";
const UPLOAD: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const WORKBOOK: &str = "4bf92f3577b34da6a3ce929d0e0e4737";
/// Digits that nothing else has.
const RATIO: &str = "0.731904625";

/// Ten thousand rows and one that is marked: three chunks.
fn portfolio() -> Vec<u8> {
    let portfolio = Portfolio::good(Kind::Annual, 10_000);
    let mut file = portfolio.csv();
    let ratios = Kind::Annual.ratios().iter().map(|_| format!(",{RATIO}")).collect::<String>();
    file.extend(format!("MARKED,Marked Company,1000,Energy,2024,Q4{ratios}\n").into_bytes());
    file
}

async fn signed_in(server: &Program) -> String {
    let (_, first) = login(server, PASSWORD).await;
    let change = json!({ "current_password": PASSWORD, "new_password": NEW_PASSWORD });
    let changed = call(server, "/api/v1/auth/change-password", &text(&first["access_token"]), &change).await;
    assert_eq!(changed.0, StatusCode::OK, "{}", changed.1);
    text(&login(server, NEW_PASSWORD).await.1["access_token"])
}

async fn upload(server: &Program, token: &str, file: Vec<u8>, name: &str, trace: &str) {
    let part = multipart::Part::bytes(file).file_name(name.to_owned());
    let url = server.url("/api/v1/predictions/annual/bulk-upload-async").await;
    let request = server.client().post(url).bearer_auth(token);
    let request = request.header("traceparent", format!("00-{trace}-{CALLER}-01"));
    let answer = request.multipart(multipart::Form::new().part("file", part)).send().await.unwrap();
    assert!(answer.status().is_success(), "{}", answer.text().await.unwrap());
}

fn named<'a>(spans: &'a [Arrived], trace: &str, name: &str) -> Vec<&'a Arrived> {
    spans.iter().filter(|arrived| arrived.trace() == trace && arrived.span.name == name).collect()
}

/// The one span of that name.
fn only<'a>(spans: &'a [Arrived], trace: &str, name: &str) -> &'a Arrived {
    let found = named(spans, trace, name);
    assert_eq!(found.len(), 1, "{name} in {spans:#?}");
    found[0]
}

/// The upload's request, answered by the server as part of what its caller does.
fn request<'a>(spans: &'a [Arrived], trace: &str) -> &'a Arrived {
    let request = only(spans, trace, "POST /api/v1/predictions/annual/bulk-upload-async");
    assert_eq!((request.parent().as_str(), request.span.kind), (CALLER, SERVER));
    assert_eq!(request.number("http.response.status_code"), 200);
    assert_eq!((request.service.as_str(), request.text("request.id").is_empty()), ("answers", false));
    request
}

/// All of a trace has been sent: its upload is over, and so are the spans around its end.
fn is_over(spans: &[Arrived], trace: &str, chunks: usize) -> bool {
    let requests = named(spans, trace, "POST /api/v1/predictions/annual/bulk-upload-async");
    named(spans, trace, "upload.chunk").len() == chunks && !requests.is_empty()
}

/// The chunks of an upload, worked on by the other process.
fn chunks_are_right(spans: &[Arrived], trace: &str, around: &str, rows: &[i64]) {
    let chunks = named(spans, trace, "upload.chunk");
    let mut found = Vec::new();
    for chunk in &chunks {
        assert_eq!((chunk.parent().as_str(), chunk.service.as_str()), (around, "works"));
        assert_eq!((chunk.span.kind, chunk.number("attempt")), (CONSUMER, 1));
        assert_eq!((chunk.text("job.outcome").as_str(), chunk.text("job.id").len()), ("done", 36));
        found.push((chunk.number("chunk.number"), chunk.number("rows.committed")));
        for part in ["score", "store"] {
            let inside = named(spans, trace, part).into_iter().filter(|part| part.parent() == chunk.id());
            assert_eq!(inside.count(), 1, "{part}");
        }
    }
    found.sort_unstable();
    assert_eq!(found, (0..).zip(rows.iter().copied()).collect::<Vec<_>>());
    let finish = only(spans, trace, "finish").parent();
    assert!(named(spans, trace, "store").iter().any(|store| store.id() == finish), "{finish}");
}

async fn one_trace(test: TestDb) {
    let collector = Collector::start().await;
    let settings = |service, workers| {
        [
            ("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint()),
            ("OTEL_BSP_SCHEDULE_DELAY", "100"),
            ("OTEL_SERVICE_NAME", service),
            ("WORKERS", workers),
        ]
    };
    let mut server = Program::start("serve", test.url(), &settings("answers", "0"));
    let token = signed_in(&server).await;
    let mut worker = server.beside("worker", test.url(), &settings("works", "2"));
    upload(&server, &token, portfolio(), "marked.csv", UPLOAD).await;
    collector.until("an upload's trace", |spans| is_over(spans, UPLOAD, 3)).await;

    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("marked.xlsx");
    Portfolio::good(Kind::Annual, 20).prefix("MARKED").write_xlsx(&file).unwrap();
    upload(&server, &token, std::fs::read(&file).unwrap(), "marked.xlsx", WORKBOOK).await;
    collector.until("a workbook's trace", |spans| is_over(spans, WORKBOOK, 1)).await;
    let done = worker.tells("a chunk is done", |event| event["job.kind"] == "upload.chunk").await;
    assert!(done["job.id"].is_string() && done["user.id"].is_string(), "{done}");
    for program in [&mut server, &mut worker] {
        program.terminate();
        assert!(program.ends().await.success());
    }

    let spans = collector.spans();
    chunks_are_right(&spans, UPLOAD, &request(&spans, UPLOAD).id(), &[5_000, 5_000, 1]);
    let plan = only(&spans, WORKBOOK, "upload.plan");
    assert_eq!(plan.parent(), request(&spans, WORKBOOK).id());
    assert_eq!(only(&spans, WORKBOOK, "split").parent(), plan.id());
    chunks_are_right(&spans, WORKBOOK, &plan.id(), &[20]);
    nothing_private(&collector, &spans, &token);
}

fn nothing_private(collector: &Collector, spans: &[Arrived], token: &str) {
    let attributes = spans.iter().flat_map(|arrived| &arrived.span.attributes);
    let names: BTreeSet<_> = attributes.map(|attribute| attribute.key.as_str()).collect();
    assert_eq!(names, BTreeSet::from(ATTRIBUTES));
    for Arrived { span, .. } in spans {
        let message = span.status.as_ref().map_or("", |status| status.message.as_str());
        assert!(span.events.is_empty() && span.links.is_empty() && message.is_empty(), "{span:?}");
    }
    let bytes = collector.bytes();
    let holds = |text: &str| bytes.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(holds("upload.chunk"));
    for private in [token, EMAIL, PASSWORD, NEW_PASSWORD, RATIO, "MARKED", "Marked", "marked.", "SELECT"] {
        assert!(!holds(private), "{private} has left");
    }
}

#[test]
fn an_upload_is_one_trace_to_its_last_chunk_on_sqlite() {
    block_on(async { one_trace(TestDb::sqlite().await).await });
}

#[test]
fn an_upload_is_one_trace_to_its_last_chunk_on_postgres() {
    block_on(async {
        if let Some(test) = TestDb::postgres().await {
            one_trace(test).await;
        }
    });
}

#[test]
fn a_malformed_traceparent_is_ignored_and_an_unsampled_one_obeyed() {
    block_on(async {
        let (test, collector) = (TestDb::sqlite().await, Collector::start().await);
        let endpoint = format!("{}/v1/traces", collector.endpoint());
        let settings = [("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", endpoint.as_str()), ("WORKERS", "0")];
        let mut server = Program::start("serve", test.url(), &settings);
        let url = server.url("/health/live").await;
        let good = format!("00-{UPLOAD}-{CALLER}-01");
        let ask = |id: &str| server.client().get(&url).header("x-request-id", id.to_owned());
        let asked = [
            ask("asked-malformed").header("traceparent", format!("{good}-more")),
            ask("asked-twice").header("traceparent", &good).header("traceparent", &good),
            ask("asked-without"),
            ask("asked-unsampled").header("traceparent", format!("00-{UPLOAD}-{CALLER}-00")),
            ask("asked-well").header("traceparent", &good),
        ];
        for request in asked {
            assert_eq!(request.send().await.unwrap().status(), StatusCode::OK);
        }
        // What has not been sent yet is sent at the end.
        server.terminate();
        assert!(server.ends().await.success());
        let spans = collector.spans();
        let mut found: Vec<_> = spans.iter().filter(|s| s.text("request.id").starts_with("asked")).collect();
        found.sort_by_key(|arrived| arrived.text("request.id"));
        let ids: Vec<_> = found.iter().map(|arrived| arrived.text("request.id")).collect();
        assert_eq!(ids, ["asked-malformed", "asked-twice", "asked-well", "asked-without"]);
        for arrived in found {
            let expected = if arrived.text("request.id") == "asked-well" { CALLER } else { "" };
            assert_eq!(arrived.parent(), expected, "{arrived:?}");
            assert_eq!(arrived.trace() == UPLOAD, !expected.is_empty(), "{arrived:?}");
        }
    });
}

#[test]
fn without_a_collector_requests_are_answered_and_the_process_ends() {
    block_on(async {
        let test = TestDb::sqlite().await;
        // One that nobody listens at, and one that takes connections and never says a word.
        let gone = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let silent = TcpListener::bind("127.0.0.1:0").unwrap();
        for address in [gone, silent.local_addr().unwrap()] {
            let endpoint = format!("http://{address}");
            let settings =
                [("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint.as_str()), ("OTEL_BSP_SCHEDULE_DELAY", "100")];
            let mut server = Program::start("serve", test.url(), &settings);
            let url = server.url("/health").await;
            for _ in 0..20 {
                assert_eq!(server.get(&url).await.0, StatusCode::OK);
            }
            server.says("traces cannot be sent").await;
            let (_, metrics) = server.get(&server.seen("/metrics").await).await;
            let failed = metrics.lines().find_map(|line| {
                line.strip_prefix("accunode_trace_spans_total{outcome=\"failed\"} ")?.parse::<u64>().ok()
            });
            assert!(failed > Some(0), "{metrics}");
            server.terminate();
            assert!(server.ends().await.success());
            let told = server.log().iter().filter(|line| line.contains("traces cannot be sent")).count();
            assert_eq!(told, 1, "an outage is one line of the log");
        }
    });
}
