//! Traces, sent by OTLP: the spans that log lines stand in, cleaned of what is nobody else's business.
//!
//! Spans are sent in batches by a thread of their own. Nothing waits for it: what finds no room is dropped and counted.

mod bounded;
mod client;
mod leaving;

use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

use accunode_telemetry::{TRACE_SPANS, traces};
use anyhow::{Context as _, Result};
use opentelemetry::{KeyValue, trace::TracerProvider as _};
use opentelemetry_otlp::{Protocol, SpanExporter, WithExportConfig as _, WithHttpConfig as _};
use opentelemetry_sdk::{
    Resource,
    trace::{BatchConfigBuilder, BatchSpanProcessor, Sampler, SdkTracerProvider},
};
use tracing::{Level, Metadata, Subscriber, level_filters::LevelFilter};
use tracing_subscriber::{Layer, filter::FilterFn, registry::LookupSpan};

use self::{bounded::Bounded, client::Client, leaving::Leaving};
use crate::settings::TraceSettings;

/// How long a batch may take, tries included.
const TIMEOUT: Duration = Duration::from_secs(3);
/// How long a process that ends waits for its last spans.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// What becomes of spans, as it is counted.
const SENT: &str = "sent";
const FAILED: &str = "failed";
const DROPPED: &str = "dropped";

/// The export of this process's spans.
#[derive(Debug)]
pub struct Traces {
    provider: SdkTracerProvider,
}

impl Traces {
    /// Begins to export, where there is an endpoint. Must be called on the runtime.
    ///
    /// # Errors
    /// What is wrong with the settings. Nothing is connected to.
    pub fn begin(settings: &TraceSettings) -> Result<Option<Self>> {
        for outcome in [SENT, FAILED, DROPPED] {
            TRACE_SPANS.with_label_values(&[outcome]);
        }
        let Some(endpoint) = &settings.endpoint else { return Ok(None) };
        let exporter = SpanExporter::builder()
            .with_http()
            .with_http_client(Client::new(TIMEOUT)?)
            .with_endpoint(endpoint.as_str())
            .with_protocol(Protocol::HttpBinary)
            .with_timeout(TIMEOUT)
            .build()
            .context("traces cannot be set up from OTEL_EXPORTER_OTLP_…")?;
        let waiting = Arc::new(AtomicUsize::new(0));
        let batches = BatchConfigBuilder::default().with_max_queue_size(bounded::MOST).build();
        let batches = BatchSpanProcessor::builder(Leaving::new(exporter, Arc::clone(&waiting)))
            .with_batch_config(batches)
            .build();
        let version = KeyValue::new("service.version", env!("CARGO_PKG_VERSION"));
        let resource =
            Resource::builder().with_service_name(settings.service.clone()).with_attribute(version);
        let provider = SdkTracerProvider::builder()
            .with_span_processor(Bounded::new(batches, waiting))
            // Whoever sent a request, or enqueued a job, has decided already.
            .with_sampler(Sampler::ParentBased(Box::new(Sampler::TraceIdRatioBased(settings.share))))
            .with_resource(resource.build())
            .build();
        traces::begin();
        Ok(Some(Self { provider }))
    }

    /// What has to be told of spans.
    pub fn layer<S: Subscriber + for<'a> LookupSpan<'a>>(&self) -> impl Layer<S> + use<S> {
        let ours = FilterFn::new(is_ours).with_max_level_hint(LevelFilter::INFO);
        tracing_opentelemetry::layer()
            .with_tracer(self.provider.tracer("accunode"))
            .with_context_activation(false)
            .with_location(false)
            .with_threads(false)
            .with_tracked_inactivity(false)
            .with_filter(ours)
    }

    /// Sends what is left, for some seconds at most.
    pub async fn end(self) {
        let ending = move || self.provider.shutdown_with_timeout(LAST_WORDS);
        if let Ok(Err(error)) = tokio::task::spawn_blocking(ending).await {
            tracing::warn!(%error, "the last spans could not be sent");
        }
    }
}

/// The program's own spans. Events are lines of the log, which may say more than a trace should.
fn is_ours(metadata: &Metadata<'_>) -> bool {
    metadata.is_span() && *metadata.level() <= Level::INFO && metadata.target().starts_with("accunode")
}
