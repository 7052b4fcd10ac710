//! What was measured.

use std::{
    collections::BTreeMap,
    time::{Duration, Instant},
};

use serde_json::{Map, Value, json};

use crate::mix::Operation;

/// Everything between two steps.
pub(crate) struct Record {
    since: Instant,
    /// When people stopped to do new things, if they did.
    until: Option<Instant>,
    /// Microseconds of each request that went well, by operation.
    took: Vec<Vec<u32>>,
    /// By operation, and status or reason.
    errors: BTreeMap<(Operation, String), u64>,
    /// Milliseconds from handing in to the end, of each upload.
    uploads: Vec<u32>,
    rows: u64,
    opened: u64,
    actions: u64,
}

impl Record {
    pub(crate) fn new() -> Self {
        Self {
            since: Instant::now(),
            until: None,
            took: vec![Vec::new(); Operation::ALL.len()],
            errors: BTreeMap::new(),
            uploads: Vec::new(),
            rows: 0,
            opened: 0,
            actions: 0,
        }
    }

    pub(crate) fn answered(&mut self, operation: Operation, took: Duration) {
        self.took[operation as usize].push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
    }

    pub(crate) fn failed(&mut self, operation: Operation, why: String) {
        *self.errors.entry((operation, why)).or_default() += 1;
    }

    pub(crate) fn ended(&mut self, rows: u64, took: Duration) {
        self.uploads.push(u32::try_from(took.as_millis()).unwrap_or(u32::MAX));
        self.rows += rows;
    }

    pub(crate) fn connected(&mut self, times: u64) {
        self.opened += times;
    }

    pub(crate) fn acted(&mut self) {
        self.actions += 1;
    }

    /// What still comes in belongs to what was begun before.
    pub(crate) fn ends_now(&mut self) {
        self.until = Some(Instant::now());
    }

    /// One line of JSON for whoever started the load.
    pub(crate) fn report(mut self, people: usize, think: Duration) -> Value {
        let until = self.until.unwrap_or_else(Instant::now);
        let seconds = until.duration_since(self.since).as_secs_f64();
        let requests: usize = self.took.iter().map(Vec::len).sum();
        let mut classes: BTreeMap<&str, Vec<u32>> = BTreeMap::new();
        let mut operations = Map::new();
        for operation in Operation::ALL {
            let took = &mut self.took[*operation as usize];
            classes.entry(operation.class()).or_default().extend_from_slice(took);
            let mut figures = quantiles(took, 1_000.0);
            figures["class"] = operation.class().into();
            operations.insert(operation.name().to_owned(), figures);
        }
        let classes: Map<_, _> = classes
            .into_iter()
            .map(|(name, mut took)| (name.to_owned(), quantiles(&mut took, 1_000.0)))
            .collect();
        let errors: Vec<_> = self
            .errors
            .iter()
            .map(|((operation, why), count)| {
                json!({"class": operation.class(), "operation": operation.name(), "why": why, "count": count})
            })
            .collect();
        json!({
            "people": people,
            "think": think.as_secs_f64(),
            "seconds": seconds,
            "actions": self.actions,
            "requests": requests,
            "rows": self.rows,
            "connections_opened": self.opened,
            "classes": classes,
            "operations": operations,
            "uploads_ended": quantiles(&mut self.uploads, 1.0),
            "errors": errors,
        })
    }
}

/// Quantiles in milliseconds, of durations in `unit`ths of one.
fn quantiles(took: &mut [u32], unit: f64) -> Value {
    took.sort_unstable();
    let at = |percent: usize| {
        let place = (took.len() * percent).div_ceil(100).saturating_sub(1);
        took.get(place).map(|took| f64::from(*took) / unit)
    };
    json!({"count": took.len(), "p50": at(50), "p95": at(95), "p99": at(99), "max": at(100)})
}
