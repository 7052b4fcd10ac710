//! Logs: one line an event on stderr, JSON in production and wherever nobody looks at a terminal.

use std::io::{IsTerminal, stderr};

use anyhow::{Context, Result};
use tracing_subscriber::{EnvFilter, fmt};

/// Starts logging at `level` (`info`, `debug`, or a filter like `info,sqlx=warn`).
///
/// # Errors
/// When the level cannot be read.
pub fn start(level: &str, environment: &str) -> Result<()> {
    let filter = EnvFilter::try_new(level)
        .with_context(|| format!("LOG_LEVEL is '{level}', but debug, info, warn or error is expected"))?;
    let logs = fmt().with_env_filter(filter).with_writer(stderr);
    if environment == "production" || !stderr().is_terminal() {
        logs.json().flatten_event(true).init();
    } else {
        logs.compact().init();
    }
    Ok(())
}
