//! The subcommands of the `accunode` binary.

pub mod admin;
pub mod backup;
pub mod doctor;
pub mod health;
pub mod migrate;
pub mod model;
pub mod openapi;
pub mod score;
mod seen;
pub mod serve;
mod signals;
pub mod worker;

use std::{io, path::Path, process::ExitCode};

use anyhow::{Context as _, Result};

use crate::{logs, settings::Settings, traces::Traces};

/// Runs what works until it is told to stop, on a runtime of its own, with its log and its traces.
fn told(settings: &Settings, work: impl Future<Output = Result<()>>) -> Result<ExitCode> {
    let runtime = tokio::runtime::Runtime::new().context("the runtime does not start")?;
    runtime.block_on(async {
        let traces = Traces::begin(&settings.traces)?;
        logs::start(&settings.log_level, &settings.environment, traces.as_ref())?;
        let outcome = work.await;
        if let Some(traces) = traces {
            traces.end().await;
        }
        outcome
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Whether a path stands for standard input or output.
fn is_standard(path: &Path) -> bool {
    path.as_os_str() == "-"
}

/// The result of a command that prints: whoever read its output may have seen enough, as `head` does.
fn printed(result: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    match result {
        Err(error) if is_closed_pipe(&error) => Ok(ExitCode::SUCCESS),
        result => result,
    }
}

fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let kind = |cause: &(dyn std::error::Error + 'static)| {
        let io = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        io.or_else(|| cause.downcast_ref::<serde_json::Error>().and_then(serde_json::Error::io_error_kind))
    };
    error.chain().filter_map(kind).any(|kind| kind == io::ErrorKind::BrokenPipe)
}

/// An error with its causes in one line; a cause that the text before it repeats already is left out.
pub fn in_one_line(error: &anyhow::Error) -> String {
    let mut line = String::new();
    for cause in error.chain().map(ToString::to_string) {
        if line.is_empty() {
            line = cause;
        } else if !line.ends_with(&cause) {
            line = format!("{line}: {cause}");
        }
    }
    line
}
