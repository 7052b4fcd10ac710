//! What leaves the process.

use std::{
    borrow::Cow,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use accunode_telemetry::TRACE_SPANS;
use opentelemetry::trace::{SpanKind, Status};
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{SpanData, SpanEvents, SpanExporter, SpanLinks},
};

use super::{FAILED, SENT};

/// Attributes that may leave. People and tenants are not among them: the log knows whose a request or job is.
const ATTRIBUTES: [&str; 11] = [
    "request.id",
    "http.request.method",
    "http.route",
    "http.response.status_code",
    "job.id",
    "job.kind",
    "job.outcome",
    "attempt",
    "upload.id",
    "chunk.number",
    "rows.committed",
];

/// Cleans spans before they are exported, and counts them.
#[derive(Debug)]
pub(super) struct Leaving<E> {
    exporter: E,
    waiting: Arc<AtomicUsize>,
    failing: AtomicBool,
}

impl<E> Leaving<E> {
    /// `waiting` goes down by the spans of each batch.
    pub(super) fn new(exporter: E, waiting: Arc<AtomicUsize>) -> Self {
        Self { exporter, waiting, failing: AtomicBool::new(false) }
    }

    /// An outage is one line of the log, and so is its end.
    fn tell(&self, outcome: &OTelSdkResult) {
        let was_failing = self.failing.swap(outcome.is_err(), Ordering::Relaxed);
        match outcome {
            Err(error) if !was_failing => tracing::warn!(%error, "traces cannot be sent"),
            Ok(()) if was_failing => tracing::info!("traces are sent again"),
            _ => {}
        }
    }
}

impl<E: SpanExporter> SpanExporter for Leaving<E> {
    async fn export(&self, batch: Vec<SpanData>) -> OTelSdkResult {
        let spans = batch.len();
        self.waiting.fetch_sub(spans, Ordering::Relaxed);
        let outcome = self.exporter.export(batch.into_iter().map(cleaned).collect()).await;
        let name = if outcome.is_ok() { SENT } else { FAILED };
        TRACE_SPANS.with_label_values(&[name]).inc_by(u64::try_from(spans).unwrap_or(u64::MAX));
        self.tell(&outcome);
        outcome
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.exporter.shutdown_with_timeout(timeout)
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.exporter.force_flush()
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.exporter.set_resource(resource);
    }
}

/// A span with nothing in it but what may leave, under the name and of the kind that readers of traces expect.
fn cleaned(mut span: SpanData) -> SpanData {
    span.attributes.retain(|attribute| ATTRIBUTES.contains(&attribute.key.as_str()));
    span.events = SpanEvents::default();
    span.links = SpanLinks::default();
    if let Status::Error { .. } = span.status {
        span.status = Status::error("");
    }
    let value = |name: &str| {
        let found = span.attributes.iter().find(|attribute| attribute.key.as_str() == name);
        found.map(|attribute| attribute.value.to_string()).unwrap_or_default()
    };
    let (name, kind) = match span.name.as_ref() {
        "request" => {
            let name = format!("{} {}", value("http.request.method"), value("http.route"));
            (Cow::Owned(name), SpanKind::Server)
        }
        "job" => (Cow::Owned(value("job.kind")), SpanKind::Consumer),
        _ => return span,
    };
    SpanData { name, span_kind: kind, ..span }
}

#[cfg(test)]
mod tests {
    use opentelemetry::{
        InstrumentationScope, KeyValue,
        trace::{Event, SpanContext, SpanId},
    };

    use super::*;

    fn span(name: &'static str, attributes: &[(&'static str, &'static str)]) -> SpanData {
        let mut events = SpanEvents::default();
        events.events.push(Event::with_name("SELECT secret"));
        SpanData {
            span_context: SpanContext::NONE,
            parent_span_id: SpanId::INVALID,
            parent_span_is_remote: false,
            span_kind: SpanKind::Internal,
            name: name.into(),
            start_time: std::time::UNIX_EPOCH,
            end_time: std::time::UNIX_EPOCH,
            attributes: attributes.iter().map(|(name, value)| KeyValue::new(*name, *value)).collect(),
            dropped_attributes_count: 0,
            events,
            links: SpanLinks::default(),
            status: Status::error("a secret reason"),
            instrumentation_scope: InstrumentationScope::default(),
        }
    }

    #[test]
    fn what_is_not_on_the_list_stays_here() {
        let attributes = [
            ("request.id", "r-1"),
            ("user.id", "amy"),
            ("tenant.id", "bank"),
            ("http.route", "/score"),
            ("error", "secret"),
            ("http.request.method", "POST"),
        ];
        let span = cleaned(span("request", &attributes));
        let names: Vec<_> = span.attributes.iter().map(|attribute| attribute.key.as_str()).collect();
        assert_eq!(names, ["request.id", "http.route", "http.request.method"]);
        assert_eq!((span.name.as_ref(), span.span_kind), ("POST /score", SpanKind::Server));
        assert!(span.events.is_empty());
        assert_eq!(span.status, Status::error(""));
    }

    #[test]
    fn a_job_has_the_name_of_its_kind() {
        let job = cleaned(span("job", &[("job.kind", "upload.chunk")]));
        assert_eq!((job.name.as_ref(), job.span_kind), ("upload.chunk", SpanKind::Consumer));
        let part = cleaned(span("store", &[]));
        assert_eq!((part.name.as_ref(), part.span_kind), ("store", SpanKind::Internal));
    }
}
