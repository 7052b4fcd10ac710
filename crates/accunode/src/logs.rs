//! Logs: one line an event on stderr, JSON in production and wherever nobody looks at a terminal.

use std::io::{IsTerminal, stderr};

use anyhow::{Context, Result};
use tracing_subscriber::{EnvFilter, filter::LevelFilter, fmt};

/// Starts logging at `level` (`info`, `debug`, or a filter like `info,sqlx=warn`).
///
/// # Errors
/// When the level cannot be read.
pub fn start(level: &str, environment: &str) -> Result<()> {
    let filter = filter(level)?;
    let logs = fmt().with_env_filter(filter).with_writer(stderr);
    if environment == "production" || !stderr().is_terminal() {
        logs.json().flatten_event(true).init();
    } else {
        logs.compact().init();
    }
    Ok(())
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
    fn a_word_that_is_no_level_is_refused() {
        for good in ["info", "DEBUG", "off", "info,sqlx=warn", "accunode_queue=trace"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        for bad in ["loud", "info,loud", "sqlx=loud"] {
            assert!(filter(bad).unwrap_err().to_string().contains("LOG_LEVEL"), "{bad}");
        }
    }
}
