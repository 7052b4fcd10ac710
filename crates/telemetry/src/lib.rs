//! Every metric of the system in one table: name, kind, labels and meaning. The crates record into these statics; the
//! server prints them for Prometheus. And which trace work belongs to: [`traces`].
//!
//! Recording costs one or two atomic additions. A metric with labels is looked up by them under a lock for reading, so
//! what is recorded with each request keeps the looked-up metric.

mod make;
mod process;
mod table;
pub mod traces;

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

pub use make::{Described, Metric};
pub use process::{Process, cores};
pub use prometheus::{
    Counter, CounterVec, Gauge, GaugeVec, Histogram, HistogramVec, IntCounter, IntCounterVec, IntGauge,
    IntGaugeVec,
};
pub use table::*;

use prometheus::{Registry, TextEncoder};

/// The type of the text, as Prometheus wants it named.
pub const CONTENT_TYPE: &str = "text/plain; version=0.0.4; charset=utf-8";

/// What is printed.
static REGISTRY: LazyLock<Registry> = LazyLock::new(Registry::new);

/// All that was recorded, in Prometheus' text format.
///
/// # Errors
/// What cannot be written, which is a defect.
pub fn text() -> Result<String, prometheus::Error> {
    TextEncoder::new().encode_to_string(&REGISTRY.gather())
}

/// Runs to its end and notes how long that took.
pub async fn timed<F: Future>(histogram: &Histogram, future: F) -> F::Output {
    let begun = Instant::now();
    let output = future.await;
    histogram.observe(begun.elapsed().as_secs_f64());
    output
}

/// Notes that a model scored rows of a kind for so long.
pub fn scored(kind: &str, rows: usize, time: Duration) {
    SCORED_ROWS.with_label_values(&[kind]).inc_by(u64::try_from(rows).unwrap_or(u64::MAX));
    SCORING_SECONDS.inc_by(time.as_secs_f64());
}
