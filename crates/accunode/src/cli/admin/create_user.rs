//! `accunode admin create-user`: an account without a server, for the first people and for emergencies.

use std::{
    io::{BufRead, IsTerminal, Write},
    process::ExitCode,
};

use accunode_domain::{Role, UserId};
use accunode_server::features::auth::service::{NewUser, account::place_by_slug, create_user};
use anyhow::{Context, Result, bail};
use clap::Args;
use secrecy::{ExposeSecret, SecretString};

use crate::{
    app::{self, DataDir},
    settings::Settings,
};

/// Where the password may stand. Never an argument: those are seen by everybody on the machine.
const PASSWORD: &str = "ACCUNODE_NEW_PASSWORD";

/// Whom to make an account for.
#[derive(Args)]
pub(super) struct CreateUserArgs {
    #[command(flatten)]
    data: DataDir,
    /// Address to sign in with.
    #[arg(long)]
    email: String,
    /// super_admin, tenant_admin, org_admin, org_member or user.
    #[arg(long)]
    role: Role,
    /// Slug of the tenant.
    #[arg(long, value_name = "SLUG")]
    tenant: Option<String>,
    /// Slug of the organization.
    #[arg(long, value_name = "SLUG")]
    organization: Option<String>,
    /// Name for people.
    #[arg(long, value_name = "NAME")]
    full_name: Option<String>,
}

/// Makes the account and prints its id.
pub(super) fn run(args: &CreateUserArgs) -> Result<ExitCode> {
    let settings = app::settings(&args.data)?;
    crate::logs::start(&settings.log_level, &settings.environment, None)?;
    let password = password()?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime does not start")?;
    let id = runtime.block_on(create(args, &settings, &password))?;
    writeln!(std::io::stdout().lock(), "{id}")?;
    Ok(ExitCode::SUCCESS)
}

/// The password: of the environment, else the first line of standard input.
fn password() -> Result<SecretString> {
    if let Ok(password) = std::env::var(PASSWORD) {
        return Ok(password.into());
    }
    let stdin = std::io::stdin();
    if stdin.is_terminal() {
        write!(std::io::stderr(), "Password (it will be shown): ")?;
    }
    let mut line = String::new();
    stdin.lock().read_line(&mut line).context("the password cannot be read from standard input")?;
    let password = line.trim_end_matches(['\r', '\n']);
    if password.is_empty() {
        bail!("a password is expected in {PASSWORD} or on standard input");
    }
    Ok(password.to_owned().into())
}

async fn create(args: &CreateUserArgs, settings: &Settings, password: &SecretString) -> Result<UserId> {
    let state = app::state(settings).await?;
    let pending = state.db.pending_migrations().await?;
    if !pending.is_empty() {
        bail!("{} migrations are missing: run `accunode migrate`", pending.len());
    }
    let (tenant_id, organization_id) =
        place_by_slug(&state, args.tenant.as_deref(), args.organization.as_deref()).await?;
    let new = NewUser {
        email: &args.email,
        password: password.expose_secret(),
        full_name: args.full_name.as_deref(),
        role: args.role,
        tenant_id,
        organization_id,
    };
    let id = create_user(&state, &new).await?;
    state.db.close().await;
    Ok(id)
}
