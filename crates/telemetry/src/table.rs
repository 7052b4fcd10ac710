//! The table.
//!
//! What a scrape asks the system for is a metric with labels even where it has none: so it can be taken out again
//! where it does not apply, or is not known at the moment.

use std::sync::LazyLock;

use crate::{
    Counter, CounterVec, Described, GaugeVec, Histogram, HistogramVec, IntCounterVec, IntGauge, IntGaugeVec,
    make::registered,
};

/// Bounds of the buckets of histograms, in seconds.
mod buckets {
    /// Requests, from five milliseconds to ten seconds, with the bounds that are promised among them.
    pub(super) const REQUESTS: &[f64] =
        &[0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1.0, 2.0, 5.0, 10.0];
    /// Waiting for a connection, from a tenth of a millisecond.
    pub(super) const WAITS: &[f64] = &[0.000_1, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0];
    /// Jobs, up to their limit of five minutes.
    pub(super) const JOBS: &[f64] =
        &[0.01, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0];
    pub(super) const NONE: &[f64] = &[];
}

macro_rules! metrics {
    ($($name:ident: $type:ident = $text:literal [$($label:literal),*] $buckets:ident $help:literal;)*) => {
        $(
            #[doc = $help]
            pub static $name: LazyLock<$type> = LazyLock::new(|| registered(&describe::$name));
        )*

        mod describe {
            use super::{Described, buckets};
            use crate::Metric;
            $(
                pub(super) static $name: Described = Described {
                    name: $text,
                    kind: <crate::$type as Metric>::KIND,
                    labels: &[$($label),*],
                    help: $help,
                    buckets: buckets::$buckets,
                };
            )*
        }

        /// Every line.
        pub static TABLE: &[&Described] = &[$(&describe::$name),*];

        /// Has every metric without labels printed, though nothing was recorded yet.
        pub fn prepare() {
            $(LazyLock::force(&$name);)*
        }
    };
}

metrics! {
    BUILD_INFO: IntGaugeVec = "accunode_build_info" ["version", "commit"] NONE
        "1, with the version of the program and the commit it was built from";
    HTTP_REQUESTS: IntCounterVec = "accunode_http_requests_total" ["method", "route", "status"] NONE
        "Requests answered, by the route's template (`static`: the web application; `unmatched`: no route)";
    HTTP_SECONDS: HistogramVec = "accunode_http_request_duration_seconds" ["route_class", "route", "method"]
        REQUESTS "How long answers took, from the request's head to the answer's";
    HTTP_IN_FLIGHT: IntGauge = "accunode_http_requests_in_flight" [] NONE
        "Requests that are being answered";
    DB_CONNECTIONS: IntGaugeVec = "accunode_db_connections" ["pool", "state"] NONE
        "This process's connections to the database, `idle` or `used`";
    DB_CONNECTIONS_MAX: IntGaugeVec = "accunode_db_connections_max" ["pool"] NONE
        "How many connections each pool opens at most";
    DB_POOL_WAIT: Histogram = "accunode_db_pool_wait_seconds" [] WAITS
        "How long was waited for a connection, its opening included";
    DB_SERVER_CONNECTIONS: IntGaugeVec = "accunode_db_server_connections" [] NONE
        "Connections that the database server has, of everybody (PostgreSQL only)";
    DB_SERVER_CONNECTIONS_MAX: IntGaugeVec = "accunode_db_server_connections_max" [] NONE
        "Connections that the database server takes at most (PostgreSQL only)";
    QUEUE_JOBS: IntGaugeVec = "accunode_queue_jobs" ["lane", "state"] NONE
        "Jobs that wait (`ready`, those that wait for a retry among them), are worked on (`running`) or died (`dead`)";
    QUEUE_OLDEST_WAIT: GaugeVec = "accunode_queue_oldest_wait_seconds" ["lane"] NONE
        "For how long the longest waiting job could have run; 0 when none waits";
    QUEUE_BACKLOG: GaugeVec = "accunode_queue_backlog_per_worker" [] NONE
        "Jobs that wait and could run, for each worker; without workers, for the first";
    QUEUE_ROWS: GaugeVec = "accunode_queue_rows_per_second" [] NONE
        "Rows that all workers did in a second, over the last five minutes";
    WORKERS: IntGaugeVec = "accunode_workers" [] NONE
        "Processes that work on jobs, but for those that are being stopped";
    JOBS: IntCounterVec = "accunode_jobs_total" ["kind", "outcome"] NONE
        "Runs of jobs in this process that ended: `done`, to be tried again (`retry`), `dead` or given back (`released`); and those of any process that this one found with their lease run out (`expired`) and took back";
    JOB_SECONDS: HistogramVec = "accunode_job_duration_seconds" ["kind"] JOBS
        "How long runs of jobs took, however they ended";
    SCORED_ROWS: IntCounterVec = "accunode_scored_rows_total" ["kind"] NONE
        "Rows that a model scored, `annual` or `quarterly`";
    SCORING_SECONDS: Counter = "accunode_scoring_seconds_total" [] NONE
        "Time spent scoring those rows, waiting for other threads included";
    CACHE_REQUESTS: IntCounterVec = "accunode_cache_requests_total" ["outcome"] NONE
        "Questions for kept figures: `hit`, `miss`, or `error` when the cache did not answer";
    LOGIN_FAILURES: IntCounterVec = "accunode_login_failures_total" ["reason"] NONE
        "Sign-ins that were refused: `credentials`, `disabled` (account or place), `locked` or `busy`";
    RATE_LIMITED: IntCounterVec = "accunode_rate_limited_total" ["class"] NONE
        "Requests refused because they came too often, by the route's class of rates";
    REDIS_UP: IntGaugeVec = "accunode_redis_up" [] NONE
        "Whether Redis answers, 1 or 0 (with Redis only)";
    REDIS_MEMORY: IntGaugeVec = "accunode_redis_memory_used_bytes" [] NONE
        "Memory that Redis uses (with Redis only)";
    REDIS_MEMORY_MAX: IntGaugeVec = "accunode_redis_memory_max_bytes" [] NONE
        "Memory that Redis may use, 0 without a limit (with Redis only)";
    TRACE_SPANS: IntCounterVec = "accunode_trace_spans_total" ["outcome"] NONE
        "Spans of traces that were `sent`, that the collector did not take (`failed`), or for which there was no room (`dropped`)";
    CPU_SECONDS: CounterVec = "process_cpu_seconds_total" [] NONE
        "Time of processors that this process used (Linux only, as all of `process_`)";
    RESIDENT_MEMORY: IntGaugeVec = "process_resident_memory_bytes" [] NONE
        "Memory that this process holds";
    OPEN_FDS: IntGaugeVec = "process_open_fds" [] NONE
        "Files and connections that this process has open";
    START_TIME: GaugeVec = "process_start_time_seconds" [] NONE
        "When this process began, in seconds since 1970";
    CPU_CORES: IntGauge = "accunode_cpu_cores" [] NONE
        "Processors that this process may use";
}

/// Takes out what a scrape asks the system for, before it is asked anew.
pub fn forget_asked() {
    for gauge in [&DB_CONNECTIONS, &DB_CONNECTIONS_MAX, &DB_SERVER_CONNECTIONS, &DB_SERVER_CONNECTIONS_MAX] {
        gauge.reset();
    }
    for gauge in [&QUEUE_JOBS, &WORKERS, &REDIS_UP, &REDIS_MEMORY, &REDIS_MEMORY_MAX] {
        gauge.reset();
    }
    for gauge in [&QUEUE_OLDEST_WAIT, &QUEUE_BACKLOG, &QUEUE_ROWS] {
        gauge.reset();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// That each can be made, too.
    #[test]
    fn every_line_has_a_name_of_its_own_that_follows_the_rules() {
        prepare();
        let mut names: Vec<_> = TABLE.iter().map(|line| line.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), TABLE.len());
        for line in TABLE {
            assert!(line.name.starts_with("accunode_") || line.name.starts_with("process_"), "{}", line.name);
            assert_eq!(line.kind == "counter", line.name.ends_with("_total"), "{}", line.name);
            assert_eq!(line.kind == "histogram", !line.buckets.is_empty(), "{}", line.name);
        }
    }
}
