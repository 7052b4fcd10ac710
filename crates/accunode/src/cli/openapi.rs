//! `accunode openapi`: prints the API document.

use std::{io::Write, process::ExitCode};

use anyhow::Result;

/// Prints the document as JSON on stdout.
///
/// # Errors
/// When stdout cannot be written.
pub fn run() -> Result<ExitCode> {
    let document = accunode_server::router::openapi().to_pretty_json()?;
    let written = writeln!(std::io::stdout().lock(), "{document}");
    super::printed(written.map(|()| ExitCode::SUCCESS).map_err(Into::into))
}
