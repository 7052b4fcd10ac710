//! Logs: one line an event on stderr, JSON in production and wherever nobody looks at a terminal.

mod json;

use std::io::{IsTerminal, stderr};

use anyhow::{Context, Result};
use tracing::Subscriber;
use tracing_subscriber::{
    EnvFilter, Layer, filter::LevelFilter, fmt, layer::SubscriberExt as _, registry, registry::LookupSpan,
    util::SubscriberInitExt as _,
};

use crate::traces::Traces;

/// Starts logging at `level` (`info`, `debug`, or a filter like `info,sqlx=warn`), and tells `traces` of spans, which
/// do not depend on the level.
///
/// # Errors
/// When the level cannot be read.
pub fn start(level: &str, environment: &str, traces: Option<&Traces>) -> Result<()> {
    let filter = filter(level)?;
    let json = environment == "production" || !stderr().is_terminal();
    match traces {
        // One filter for everything costs less than one for each who listens.
        None if json => registry().with(filter).with(json::Keep).with(json_lines()).init(),
        None => fmt().with_env_filter(filter).with_writer(stderr).compact().init(),
        Some(traces) if json => {
            let lines = json::Keep.and_then(json_lines()).with_filter(filter);
            registry().with(lines).with(traces.layer()).init();
        }
        Some(traces) => {
            let lines = fmt::layer().with_writer(stderr).compact().with_filter(filter);
            registry().with(lines).with(traces.layer()).init();
        }
    }
    Ok(())
}

fn json_lines<S: Subscriber + for<'a> LookupSpan<'a>>() -> impl Layer<S> {
    fmt::layer().event_format(json::Json).fmt_fields(json::NoFields).with_writer(stderr)
}

/// The level where `LOG_LEVEL` is not set: where the program is worked on, its own lines of debugging, too.
#[must_use]
pub fn usual(environment: &str) -> &'static str {
    match environment {
        "development" => "info,accunode=debug",
        _ => "info",
    }
}

/// The filter of `LOG_LEVEL`. A lone word that is no level would be taken for a module's name and silence
/// everything else.
fn filter(level: &str) -> Result<EnvFilter> {
    let named = |part: &str| part.contains('=') || part.trim().parse::<LevelFilter>().is_ok();
    let filter = EnvFilter::try_new(level).ok().filter(|_| level.split(',').all(named));
    filter.with_context(|| format!("LOG_LEVEL is '{level}', but debug, info, warn or error is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_usual_can_be_read() {
        for environment in ["development", "production", "staging"] {
            assert!(filter(usual(environment)).is_ok(), "{environment}");
        }
    }

    #[test]
    fn a_word_that_is_no_level_is_refused() {
        for good in ["info", "DEBUG", "off", "info,sqlx=warn", "accunode_queue=trace"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["loud", "info,loud", "sqlx=loud"] {
            assert!(filter(bad).unwrap_err().to_string().contains("LOG_LEVEL"), "{bad}");
        }
    }
}
