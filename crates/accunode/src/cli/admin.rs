//! `accunode admin`: what administrators do beside the server.

mod create_user;

use std::{io::Write, process::ExitCode};

use accunode_db::Db;
use accunode_server::features::audit_log::{api::Chain, service::verify};
use anyhow::{Context, Result, bail};
use clap::{Args, Subcommand};
use secrecy::ExposeSecret;

use super::printed;
use crate::{
    app::{self, DataDir},
    settings::Settings,
};

/// What to do.
#[derive(Args)]
pub struct AdminArgs {
    #[command(subcommand)]
    command: AdminCommand,
}

#[derive(Subcommand)]
enum AdminCommand {
    /// Check that nobody changed the audit log behind the program's back.
    VerifyAudit(VerifyAuditArgs),
    /// Make an account. Its password is read from ACCUNODE_NEW_PASSWORD, or else from standard input.
    CreateUser(create_user::CreateUserArgs),
}

/// Which database.
#[derive(Args)]
struct VerifyAuditArgs {
    #[command(flatten)]
    data: DataDir,
}

/// Runs a subcommand.
///
/// # Errors
/// As the subcommand's.
pub fn run(args: &AdminArgs) -> Result<ExitCode> {
    match &args.command {
        AdminCommand::VerifyAudit(args) => printed(verify_audit(args)),
        AdminCommand::CreateUser(args) => printed(create_user::run(args)),
    }
}

/// Prints a line for each chain; exit code 1 when one is broken.
fn verify_audit(args: &VerifyAuditArgs) -> Result<ExitCode> {
    let settings = app::settings(&args.data)?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime does not start")?;
    let chains = runtime.block_on(chains(&settings))?;
    let mut out = std::io::stdout().lock();
    for chain in &chains {
        writeln!(out, "{}", line(chain))?;
    }
    let broken = chains.iter().filter(|chain| !chain.intact).count();
    writeln!(out, "chains: {}, broken: {broken}", chains.len())?;
    Ok(if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn chains(settings: &Settings) -> Result<Vec<Chain>> {
    let db = Db::connect(settings.database_url.expose_secret(), &settings.database_options())
        .await
        .context("the database cannot be opened")?;
    let pending = db.pending_migrations().await?;
    if !pending.is_empty() {
        bail!("{} migrations are missing: run `accunode migrate`", pending.len());
    }
    Ok(verify::all(&db).await?)
}

fn line(chain: &Chain) -> String {
    let name = chain.tenant_id.map_or("of no tenant".to_owned(), |tenant| format!("of tenant {tenant}"));
    match &chain.broken_at {
        Some(link) => format!("chain {name}: BROKEN at entry {}: {}", link.seq, link.reason),
        None => {
            let head = chain.head_hash.as_deref().unwrap_or_default();
            format!("chain {name}: intact up to entry {}, head {head}", chain.entries)
        }
    }
}
