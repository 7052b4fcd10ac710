//! Logs: one line an event on stderr, JSON in production and wherever nobody looks at a terminal.

mod json;

use std::io::{IsTerminal, stderr};

use anyhow::{Context, Result};
use tracing_subscriber::{
    EnvFilter, filter::LevelFilter, fmt, layer::SubscriberExt as _, registry, util::SubscriberInitExt as _,
};

/// Starts logging at `level` (`info`, `debug`, or a filter like `info,sqlx=warn`).
///
/// # Errors
/// When the level cannot be read.
pub fn start(level: &str, environment: &str) -> Result<()> {
    let filter = filter(level)?;
    if environment == "production" || !stderr().is_terminal() {
        let lines = fmt::layer().event_format(json::Json).fmt_fields(json::NoFields).with_writer(stderr);
        registry().with(filter).with(json::Keep).with(lines).init();
    } else {
        fmt().with_env_filter(filter).with_writer(stderr).compact().init();
    }
    Ok(())
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
