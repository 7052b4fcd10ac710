//! Puts the application together from its settings.

use std::{
    fs,
    io::Write,
    path::{Path, PathBuf},
};

use accunode_db::{Clock, Db};
use accunode_infra::{Blobs, Cache, EcsService, LocalCommand, LocalWorkers, Mail, RateLimits, Scaler, Wake};
use accunode_server::{
    features::{
        auth::{passwords::Passwords, tokens::Tokens},
        grades::service::Scales,
        uploads::service::events::Streams,
    },
    http::limits::Limits,
    models::{self, Models},
    state::{AppState, Parts},
};
use anyhow::{Context, Result, bail};
use rand::TryRng;
use secrecy::{ExposeSecret, SecretString};

use crate::settings::{FileSettings, ScalerSettings, Settings};

/// Which folder the data lives in.
#[derive(clap::Args, Clone, Debug)]
pub struct DataDir {
    /// Folder of the uploaded files and the embedded database; made if it is not there.
    #[arg(long, value_name = "DIR", default_value = "data", env = "ACCUNODE_DATA_DIR")]
    pub data_dir: PathBuf,
}

/// The settings, once the data folder is there.
///
/// # Errors
/// When a setting cannot be used or the folder not be made.
pub fn settings(data: &DataDir) -> Result<Settings> {
    fs::create_dir_all(&data.data_dir)
        .with_context(|| format!("the data folder {} cannot be made", data.data_dir.display()))?;
    Settings::from_env(&data.data_dir)
}

/// The key that signs access tokens: as set, or made once and kept in the data folder.
///
/// # Errors
/// When the file cannot be written or holds something else.
pub fn secret_key(settings: &Settings) -> Result<SecretString> {
    match &settings.secret_key {
        Some(key) => Ok(key.clone()),
        None => kept_key(&settings.data_dir.join("secret.key")),
    }
}

fn kept_key(path: &Path) -> Result<SecretString> {
    if !path.exists() {
        let mut bytes = [0_u8; 32];
        rand::rngs::SysRng.try_fill_bytes(&mut bytes).context("the system gives no random numbers")?;
        write_private(path, &hex::encode(bytes))
            .with_context(|| format!("{} cannot be written", path.display()))?;
    }
    let key = fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
    let key = key.trim();
    if key.len() < accunode_server::config::MIN_SECRET_BYTES {
        bail!("{} does not hold a key; remove it to have a new one made", path.display());
    }
    Ok(key.to_owned().into())
}

/// Writes a new file that only its owner can read; one that is there already is left alone.
fn write_private(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(mut file) => file.write_all(text.as_bytes()),
        // Another process was faster: its key counts.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}

/// The models: those of a folder, or the shipped ones.
///
/// # Errors
/// What is wrong with a bundle.
pub fn models(settings: &Settings) -> Result<Models> {
    match &settings.models {
        Some(folder) => Models::load(folder).with_context(|| format!("ACCUNODE_MODELS {}", folder.display())),
        None => Models::shipped().context("the shipped models do not load"),
    }
}

/// Wake-ups through Redis when there is one, else through PostgreSQL, else within this process. Must be called on the
/// runtime.
fn wake(settings: &Settings, db: &Db) -> Result<Wake> {
    Ok(redis(settings)?.unwrap_or_else(|| accunode_queue::wake_through(db)))
}

/// Wake-ups through Redis, when there is one. Must be called on the runtime.
///
/// # Errors
/// When `REDIS_URL` cannot be read.
pub fn redis(settings: &Settings) -> Result<Option<Wake>> {
    settings.redis_url.as_ref().map(|url| Wake::redis(url.expose_secret()).context("REDIS_URL")).transpose()
}

/// Mail through the server that is set, or kept as files in the data folder.
///
/// # Errors
/// When the settings cannot work or the folder cannot be made. Nothing is connected to.
pub fn mail(settings: &Settings) -> Result<Mail> {
    let mail = &settings.mail;
    match &mail.server {
        Some(server) => Mail::smtp(server, &mail.from).context("SMTP_HOST"),
        None => Mail::folder(settings.data_dir.join("mail"), &mail.from).context("the folder of mails"),
    }
}

/// What was worked out a short while ago, shared through Redis when there is one.
fn cache(settings: &Settings) -> Result<Cache> {
    match &settings.redis_url {
        Some(url) => Cache::redis(url.expose_secret()).context("REDIS_URL"),
        None => Ok(Cache::in_process()),
    }
}

/// Limits shared through Redis when there is one, else of this process alone.
fn limits(settings: &Settings) -> Result<Limits> {
    let counter = match &settings.redis_url {
        Some(url) => RateLimits::redis(url.expose_secret()).context("REDIS_URL")?,
        None => RateLimits::in_process(),
    };
    Limits::new(counter, &settings.rate_limits).map_err(|e| anyhow::anyhow!("ACCUNODE_RATE_LIMITS: {e}"))
}

/// The files: in a bucket when there is one, else in the data folder.
///
/// # Errors
/// When the folder cannot be made or the settings cannot work. No bucket is connected to.
pub fn files(settings: &Settings) -> Result<Blobs> {
    match &settings.files {
        FileSettings::S3(bucket) => Blobs::s3(bucket).context("ACCUNODE_FILES"),
        FileSettings::Folder => {
            Blobs::local(settings.data_dir.join("files")).context("the folder of files cannot be used")
        }
    }
}

/// The application on a database that is up to date, its models as they are in use.
///
/// # Errors
/// What kept it from starting; an outdated database, for one.
pub async fn started(settings: &Settings) -> Result<AppState> {
    let state = state(settings).await?;
    let pending = state.db.pending_migrations().await?;
    if !pending.is_empty() {
        bail!("the database lacks {} migrations: run `accunode migrate`", pending.len());
    }
    models::register(&state).await?;
    models::refresh(&state).await?;
    Ok(state)
}

/// Who changes the number of workers. Nothing is asked or started yet.
async fn scaler(settings: &Settings) -> Result<Scaler> {
    Ok(match &settings.scaling.scaler {
        ScalerSettings::None => Scaler::None,
        ScalerSettings::Local => {
            let program =
                std::env::current_exe().context("ACCUNODE_SCALER: this program is not to be found")?;
            let data_dir = settings.data_dir.clone().into_os_string();
            let arguments = vec!["worker".into(), "--with-parent".into(), "--data-dir".into(), data_dir];
            Scaler::Local(LocalWorkers::new(LocalCommand { program, arguments }))
        }
        ScalerSettings::Ecs(service) => Scaler::Ecs(EcsService::from_env(service.clone()).await),
    })
}

/// Opens everything that the application needs.
///
/// # Errors
/// What could not be opened.
pub async fn state(settings: &Settings) -> Result<AppState> {
    let db = Db::connect(settings.database_url.expose_secret(), &settings.database_options())
        .await
        .context("the database cannot be opened")?;
    db.check_policies().await?;
    let config = settings.server(secret_key(settings)?);
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    Ok(AppState::new(Parts {
        blobs: files(settings)?,
        wake: wake(settings, &db)?,
        db,
        clock: Clock::system(),
        models: models(settings)?,
        scales: Scales::default(),
        cache: cache(settings)?,
        tokens: Tokens::new(
            &config.secret_key,
            config.previous_secret_key.as_ref(),
            config.access_token_minutes,
        ),
        // Half of the cores, so that signing in never starves the rest; but both of two, so that two who come at the
        // same moment do not wait for each other.
        passwords: Passwords::new(cores.div_ceil(2).max(cores.min(2))),
        mail: mail(settings)?,
        streams: Streams::default(),
        scaler: scaler(settings).await?,
        limits: limits(settings)?,
        config,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_is_made_once_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret.key");
        let first = kept_key(&path).unwrap();
        assert_eq!(first.expose_secret().len(), 64);
        assert_eq!(kept_key(&path).unwrap().expose_secret(), first.expose_secret());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        fs::write(&path, "short").unwrap();
        assert!(kept_key(&path).unwrap_err().to_string().contains("remove it"));
    }
}
