//! Making metrics from the table's lines.

use prometheus::{
    Counter, CounterVec, Gauge, GaugeVec, Histogram, HistogramOpts, HistogramVec, IntCounter, IntCounterVec,
    IntGauge, IntGaugeVec, Opts, Result, core::Collector,
};

use crate::REGISTRY;

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Described {
    /// The name that is printed.
    pub name: &'static str,
    /// `counter`, `gauge` or `histogram`.
    pub kind: &'static str,
    /// Its labels.
    pub labels: &'static [&'static str],
    /// What it says.
    pub help: &'static str,
    /// Bounds of a histogram's buckets.
    pub buckets: &'static [f64],
}

/// A kind of metric that a line of the table can be.
pub trait Metric: Collector + Clone + Sized + 'static {
    /// As Prometheus calls it.
    const KIND: &'static str;

    /// Makes it.
    ///
    /// # Errors
    /// A name that is none.
    fn make(line: &Described) -> Result<Self>;
}

macro_rules! plain {
    ($($type:ty: $kind:literal,)*) => {$(
        impl Metric for $type {
            const KIND: &'static str = $kind;
            fn make(line: &Described) -> Result<Self> {
                Self::new(line.name, line.help)
            }
        }
    )*};
}

macro_rules! labelled {
    ($($type:ty: $kind:literal,)*) => {$(
        impl Metric for $type {
            const KIND: &'static str = $kind;
            fn make(line: &Described) -> Result<Self> {
                Self::new(Opts::new(line.name, line.help), line.labels)
            }
        }
    )*};
}

plain! {
    IntCounter: "counter",
    Counter: "counter",
    IntGauge: "gauge",
    Gauge: "gauge",
}

labelled! {
    IntCounterVec: "counter",
    CounterVec: "counter",
    IntGaugeVec: "gauge",
    GaugeVec: "gauge",
}

impl Metric for Histogram {
    const KIND: &'static str = "histogram";
    fn make(line: &Described) -> Result<Self> {
        Self::with_opts(HistogramOpts::new(line.name, line.help).buckets(line.buckets.to_vec()))
    }
}

impl Metric for HistogramVec {
    const KIND: &'static str = "histogram";
    fn make(line: &Described) -> Result<Self> {
        Self::new(HistogramOpts::new(line.name, line.help).buckets(line.buckets.to_vec()), line.labels)
    }
}

/// Makes a line of the table and has it printed from now on.
#[allow(clippy::expect_used)] // the table is constant, and a test makes all of it
pub(crate) fn registered<M: Metric>(line: &Described) -> M {
    let metric = M::make(line).expect("a metric of the table can be made");
    REGISTRY.register(Box::new(metric.clone())).expect("names of the table are its lines' own");
    metric
}
