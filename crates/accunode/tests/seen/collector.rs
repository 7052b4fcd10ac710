//! A collector of traces.

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use axum::{Router, body::Bytes, extract::State, http::HeaderMap, routing::post};
use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{KeyValue, any_value::Value},
    trace::v1::Span,
};
use prost::Message as _;
use tokio::net::TcpListener;

use crate::program::SOON;

type Bodies = Arc<Mutex<Vec<Bytes>>>;

/// Keeps what it is sent, for as long as the test runs.
pub(crate) struct Collector {
    address: String,
    bodies: Bodies,
}

/// A span as it arrived.
#[derive(Debug)]
pub(crate) struct Arrived {
    pub(crate) service: String,
    pub(crate) span: Span,
}

async fn take(State(bodies): State<Bodies>, headers: HeaderMap, body: Bytes) {
    assert_eq!(headers["content-type"], "application/x-protobuf");
    bodies.lock().unwrap().push(body);
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let bodies = Bodies::default();
        let app = Router::new().route("/v1/traces", post(take)).with_state(Arc::clone(&bodies));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { address, bodies }
    }

    /// What `OTEL_EXPORTER_OTLP_ENDPOINT` is for it.
    pub(crate) fn endpoint(&self) -> &str {
        &self.address
    }

    /// All that it was sent.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.bodies.lock().unwrap().concat()
    }

    pub(crate) fn spans(&self) -> Vec<Arrived> {
        let bodies = self.bodies.lock().unwrap().clone();
        let requests = bodies.into_iter().map(|body| ExportTraceServiceRequest::decode(body).unwrap());
        let mut spans = Vec::new();
        for sent in requests.flat_map(|request| request.resource_spans) {
            let attributes = sent.resource.unwrap().attributes;
            let service = string(&attributes, "service.name").unwrap();
            let of = sent.scope_spans.into_iter().flat_map(|scope| scope.spans);
            spans.extend(of.map(|span| Arrived { service: service.clone(), span }));
        }
        spans
    }

    /// The spans, once they are such.
    pub(crate) async fn until(&self, what: &str, such: impl Fn(&[Arrived]) -> bool) -> Vec<Arrived> {
        let begin = Instant::now();
        loop {
            let spans = self.spans();
            if such(&spans) {
                return spans;
            }
            assert!(begin.elapsed() < SOON, "never {what}: {spans:#?}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Arrived {
    pub(crate) fn trace(&self) -> String {
        hex(&self.span.trace_id)
    }

    pub(crate) fn id(&self) -> String {
        hex(&self.span.span_id)
    }

    /// The span around it; empty: none.
    pub(crate) fn parent(&self) -> String {
        hex(&self.span.parent_span_id)
    }

    pub(crate) fn text(&self, attribute: &str) -> String {
        string(&self.span.attributes, attribute)
            .unwrap_or_else(|| panic!("no text {attribute}: {:?}", self.span))
    }

    pub(crate) fn number(&self, attribute: &str) -> i64 {
        match value(&self.span.attributes, attribute) {
            Some(Value::IntValue(number)) => number,
            other => panic!("{attribute} is {other:?}: {:?}", self.span),
        }
    }
}

fn value(attributes: &[KeyValue], name: &str) -> Option<Value> {
    attributes.iter().find(|attribute| attribute.key == name)?.value.clone()?.value
}

fn string(attributes: &[KeyValue], name: &str) -> Option<String> {
    match value(attributes, name)? {
        Value::StringValue(text) => Some(text),
        _ => None,
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}
