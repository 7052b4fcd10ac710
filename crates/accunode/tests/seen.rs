//! What others see of a running process: metrics, traces, signs of life, its log, and how it ends.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

#[path = "seen/collector.rs"]
mod collector;
#[path = "seen/end.rs"]
mod end;
#[path = "seen/log.rs"]
mod log;
#[path = "seen/metrics.rs"]
mod metrics;
#[path = "seen/program.rs"]
mod program;
#[path = "seen/traces.rs"]
mod traces;
