//! Room for so many spans and no more.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use accunode_telemetry::TRACE_SPANS;
use opentelemetry::Context;
use opentelemetry_sdk::{
    Resource,
    error::OTelSdkResult,
    trace::{BatchSpanProcessor, Span, SpanData, SpanProcessor},
};

use super::DROPPED;

/// Spans that may wait to be sent.
pub(super) const MOST: usize = 4_096;

/// Hands spans to the thread that sends them, and counts those for which there is no room: the thread's own count is
/// nobody's to read.
#[derive(Debug)]
pub(super) struct Bounded {
    batches: BatchSpanProcessor,
    /// Goes down when a batch is taken.
    waiting: Arc<AtomicUsize>,
}

impl Bounded {
    pub(super) fn new(batches: BatchSpanProcessor, waiting: Arc<AtomicUsize>) -> Self {
        Self { batches, waiting }
    }
}

impl SpanProcessor for Bounded {
    fn on_start(&self, span: &mut Span, context: &Context) {
        self.batches.on_start(span, context);
    }

    fn on_end(&self, span: SpanData) {
        if self.waiting.fetch_add(1, Ordering::Relaxed) < MOST {
            self.batches.on_end(span);
        } else {
            self.waiting.fetch_sub(1, Ordering::Relaxed);
            TRACE_SPANS.with_label_values(&[DROPPED]).inc();
        }
    }

    fn force_flush(&self) -> OTelSdkResult {
        self.batches.force_flush()
    }

    fn shutdown_with_timeout(&self, timeout: Duration) -> OTelSdkResult {
        self.batches.shutdown_with_timeout(timeout)
    }

    fn set_resource(&mut self, resource: &Resource) {
        self.batches.set_resource(resource);
    }
}
