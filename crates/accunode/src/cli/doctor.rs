//! `accunode doctor`: checks the configuration and everything that the server needs.

use std::{fs, io::Write, process::ExitCode, time::Duration};

use accunode_db::{Db, Options};
use accunode_domain::Kind;
use anyhow::{Context, Result, bail};
use clap::Args;
use futures_util::stream;
use secrecy::ExposeSecret;

use crate::{
    app::{self, DataDir},
    settings::{FileSettings, Settings, VARIABLES},
};

/// What to check.
#[derive(Args)]
pub struct DoctorArgs {
    #[command(flatten)]
    data: DataDir,
}

/// Prints a line for each check; exit code 1 when one failed.
///
/// # Errors
/// When stdout cannot be written.
pub fn run(args: &DoctorArgs) -> Result<ExitCode> {
    let mut out = std::io::stdout().lock();
    let set: Vec<_> = VARIABLES.into_iter().filter(|name| std::env::var_os(name).is_some()).collect();
    writeln!(
        out,
        "set in the environment: {}",
        if set.is_empty() { "nothing".to_owned() } else { set.join(", ") }
    )?;
    let runtime = tokio::runtime::Runtime::new().context("the runtime does not start")?;
    let mut failed = false;
    for (name, outcome) in runtime.block_on(checks(args)) {
        let (mark, text) = match outcome {
            Ok(text) => ("ok    ", text),
            Err(error) => {
                failed = true;
                ("FAILED", format!("{error:#}"))
            }
        };
        writeln!(out, "{mark}  {name}: {text}")?;
    }
    Ok(if failed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn checks(args: &DoctorArgs) -> Vec<(&'static str, Result<String>)> {
    let settings = match app::settings(&args.data) {
        Ok(settings) => settings,
        Err(error) => return vec![("settings", Err(error))],
    };
    vec![
        ("settings", Ok(describe(&settings))),
        ("data folder", writable(&settings)),
        ("files", files(&settings).await),
        ("secret key", app::secret_key(&settings).map(|_| "present".to_owned())),
        ("models", models(&settings)),
        ("database", database(&settings).await),
        ("redis", redis(&settings).await),
        ("mail", mail(&settings).await),
    ]
}

fn describe(settings: &Settings) -> String {
    let engine = if settings.embedded() { "embedded SQLite" } else { "PostgreSQL" };
    format!(
        "environment {}, {engine}, {}:{}, tokens {} min, uploads up to {} MB and {} rows, {} at once",
        settings.environment,
        settings.host,
        settings.port,
        settings.access_token_minutes,
        settings.max_upload_bytes >> 20,
        settings.max_upload_rows,
        settings.workers,
    )
}

fn writable(settings: &Settings) -> Result<String> {
    let probe = settings.data_dir.join(".doctor");
    fs::write(&probe, b"probe").and_then(|()| fs::remove_file(&probe)).context("cannot be written")?;
    Ok(settings.data_dir.display().to_string())
}

async fn files(settings: &Settings) -> Result<String> {
    let files = app::files(settings)?;
    let probe = stream::iter([Ok::<_, std::io::Error>("probe".into())]);
    files.put("doctor/probe", probe, 5).await.map_err(anyhow::Error::from)?;
    files.delete("doctor/probe").await?;
    Ok(match &settings.files {
        FileSettings::Folder => "in the data folder, can be written".to_owned(),
        FileSettings::S3(s3) => format!("bucket {} answers and can be written", s3.bucket),
    })
}

fn models(settings: &Settings) -> Result<String> {
    let models = app::models(settings)?;
    let name = |kind| {
        let bundle = models.get(kind);
        format!("{kind} {} {}", bundle.name(), bundle.version())
    };
    Ok(Kind::ALL.map(name).join(", "))
}

async fn database(settings: &Settings) -> Result<String> {
    let url = settings.database_url.expose_secret();
    if settings.embedded() && !settings.data_dir.join("accunode.db").exists() && url.ends_with("accunode.db")
    {
        return Ok("not made yet: `accunode serve` or `accunode migrate` makes it".to_owned());
    }
    // A sign of life is wanted, not patience.
    let options = Options { acquire_timeout: Duration::from_secs(3), ..settings.database_options() };
    let db = Db::connect(url, &options).await?;
    let pending = db.pending_migrations().await?;
    if !pending.is_empty() {
        bail!("{} migrations are missing: run `accunode migrate`", pending.len());
    }
    db.check_policies().await?;
    Ok(format!("{}, up to date", db.engine()))
}

async fn mail(settings: &Settings) -> Result<String> {
    // A sign of life is wanted, not patience.
    let mail = app::mail(settings)?;
    let answer = tokio::time::timeout(Duration::from_secs(10), mail.test()).await;
    answer.context("no answer within ten seconds")??;
    Ok(match &settings.mail.server {
        Some(server) => {
            let login = if server.username.is_some() { " and takes the login" } else { "" };
            format!("{}:{} answers{login}", server.host, server.port)
        }
        None => format!("no SMTP_HOST: kept as files in {}", settings.data_dir.join("mail").display()),
    })
}

async fn redis(settings: &Settings) -> Result<String> {
    let Some(wake) = app::redis(settings)? else {
        return Ok(
            "not set: wake-ups go through the database, requests are counted by each server".to_owned()
        );
    };
    if wake.ping().await == Some(true) { Ok("answers".to_owned()) } else { bail!("does not answer") }
}
