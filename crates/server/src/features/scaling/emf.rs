//! Metrics for CloudWatch as lines of the log, in its embedded metric format: whatever carries the log there carries
//! them along, and nothing else is needed.

use std::io::Write;

use accunode_db::Timestamp;
use serde_json::{Value, json};

/// One line of metrics of a service. What is not known is left out.
pub(super) fn line(
    now: Timestamp,
    dimensions: &[(&str, &str)],
    metrics: &[(&str, &str, Option<f64>)],
) -> Value {
    let known = || metrics.iter().filter_map(|(name, unit, value)| Some((*name, *unit, (*value)?)));
    let names: Vec<_> = dimensions.iter().map(|(name, _)| *name).collect();
    let described: Vec<_> = known().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let mut line = json!({
        "_aws": {
            "Timestamp": now.unix_micros() / 1_000,
            "CloudWatchMetrics": [{ "Namespace": "AccuNode", "Dimensions": [names], "Metrics": described }],
        },
    });
    for (name, value) in dimensions {
        line[*name] = json!(value);
    }
    for (name, _, value) in known() {
        line[name] = json!(value);
    }
    line
}

/// Writes a line to standard output, apart from the log's own lines: it has to be the whole event.
pub(super) fn write(line: &Value) {
    let written = writeln!(std::io::stdout().lock(), "{line}");
    if let Err(error) = written {
        tracing::warn!(%error, "the metrics could not be written");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_names_every_metric_that_it_holds() {
        let now = Timestamp::from_unix_micros(1_790_000_000_123_456);
        let line = line(
            now,
            &[("ClusterName", "main"), ("ServiceName", "worker")],
            &[("BacklogPerWorker", "Count", Some(7.5)), ("OldestWait", "Seconds", None)],
        );
        let expected = json!({
            "_aws": {
                "Timestamp": 1_790_000_000_123_i64,
                "CloudWatchMetrics": [{
                    "Namespace": "AccuNode",
                    "Dimensions": [["ClusterName", "ServiceName"]],
                    "Metrics": [{ "Name": "BacklogPerWorker", "Unit": "Count" }],
                }],
            },
            "ClusterName": "main",
            "ServiceName": "worker",
            "BacklogPerWorker": 7.5,
        });
        assert_eq!(line, expected);
        assert!(!line.to_string().contains('\n'));
    }
}
