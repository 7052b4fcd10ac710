//! `accunode migrate`: brings the database up to date.

use std::process::ExitCode;

use accunode_db::Db;
use anyhow::{Context, Result};
use clap::Args;
use secrecy::ExposeSecret;

use crate::app::{DataDir, settings};

/// What to migrate.
#[derive(Args)]
pub struct MigrateArgs {
    #[command(flatten)]
    data: DataDir,
}

/// Migrates the database that `DATABASE_URL` names, or the embedded one.
///
/// # Errors
/// When it cannot be reached or migrated.
pub fn run(args: &MigrateArgs) -> Result<ExitCode> {
    let settings = settings(&args.data)?;
    crate::logs::start(&settings.log_level, &settings.environment, None)?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime does not start")?;
    runtime.block_on(Db::migrate(settings.database_url.expose_secret()))?;
    tracing::info!("the database is up to date");
    Ok(ExitCode::SUCCESS)
}
