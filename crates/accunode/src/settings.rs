//! Settings from the environment: one table of names, every problem named at once.

mod files;
mod mail;
mod scaling;
mod seen;
mod traces;

use std::{
    net::{IpAddr, Ipv4Addr},
    num::NonZeroU32,
    path::{Path, PathBuf},
    time::Duration,
};

use accunode_db::Options;
use accunode_server::config::{MIN_SECRET_BYTES, ServerConfig};
use anyhow::{Context, Result, bail};
use secrecy::{ExposeSecret, SecretString};

pub use files::FileSettings;
pub use mail::MailSettings;
pub use scaling::{ScalerSettings, ScalingSettings};
pub use seen::SeenSettings;
pub use traces::TraceSettings;

/// Everything that the environment says.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Where files, models and the embedded database live.
    pub data_dir: PathBuf,
    /// `DATABASE_URL`, default SQLite in the data folder. Holds a password, so never printed.
    pub database_url: SecretString,
    /// `DATABASE_POOL_SIZE`: connections to PostgreSQL for transactions, and as many again for reading.
    pub pool_size: NonZeroU32,
    /// `ACCUNODE_FILES`: where files are kept.
    pub files: FileSettings,
    /// `REDIS_URL`, if any.
    pub redis_url: Option<SecretString>,
    /// `SECRET_KEY`; none: to be read from the data folder.
    pub secret_key: Option<SecretString>,
    /// `SECRET_KEY_PREVIOUS`: the key before, whose tokens are still taken.
    pub previous_secret_key: Option<SecretString>,
    /// `HOST`.
    pub host: IpAddr,
    /// `PORT`.
    pub port: u16,
    /// `ENVIRONMENT`.
    pub environment: String,
    /// `LOG_LEVEL`.
    pub log_level: String,
    /// `CORS_ORIGIN`, a list with commas.
    pub cors_origins: Vec<String>,
    /// `ACCESS_TOKEN_EXPIRE_MINUTES`.
    pub access_token_minutes: u32,
    /// `REFRESH_TOKEN_EXPIRE_DAYS`: how long a sign-in lasts.
    pub session_days: u32,
    /// `ACCUNODE_TRUSTED_PROXIES`: how many proxies are believed about the client's address.
    pub trusted_proxies: usize,
    /// `ACCUNODE_PUBLIC_URL`: where people reach the application.
    pub public_url: String,
    /// `ACCUNODE_RATE_LIMITS`: `off`, or changes to the rates by class.
    pub rate_limits: String,
    /// `MAX_UPLOAD_SIZE`, bytes or like `10MB`.
    pub max_upload_bytes: u64,
    /// `MAX_UPLOAD_ROWS`.
    pub max_upload_rows: u64,
    /// `WORKERS`: uploads worked on at once.
    pub workers: usize,
    /// `ACCUNODE_ADMIN_EMAIL` and `ACCUNODE_ADMIN_PASSWORD`.
    pub admin: Option<(String, SecretString)>,
    /// `SMTP_…` and `EMAIL_…`.
    pub mail: MailSettings,
    /// `ACCUNODE_SCALER`, `AUTO_SCALING_ENABLED`, `MIN_WORKERS` and so on.
    pub scaling: ScalingSettings,
    /// `METRICS_HOST`, `METRICS_PORT` and `ACCUNODE_DRAIN_SECONDS`.
    pub seen: SeenSettings,
    /// `OTEL_…`: where traces go.
    pub traces: TraceSettings,
    /// `ACCUNODE_MODELS`: a folder of bundles in place of the shipped ones.
    pub models: Option<PathBuf>,
}

const POOL_SIZES: &str = "a number from 3 to 100";

/// Every variable that is read, for `doctor` and the documentation.
pub const VARIABLES: [&str; 54] = [
    "DATABASE_URL",
    "DATABASE_POOL_SIZE",
    "REDIS_URL",
    "SECRET_KEY",
    "SECRET_KEY_PREVIOUS",
    "HOST",
    "PORT",
    "ENVIRONMENT",
    "LOG_LEVEL",
    "CORS_ORIGIN",
    "ACCESS_TOKEN_EXPIRE_MINUTES",
    "REFRESH_TOKEN_EXPIRE_DAYS",
    "ACCUNODE_TRUSTED_PROXIES",
    "ACCUNODE_PUBLIC_URL",
    "MAX_UPLOAD_SIZE",
    "MAX_UPLOAD_ROWS",
    "WORKERS",
    "ACCUNODE_ADMIN_EMAIL",
    "ACCUNODE_ADMIN_PASSWORD",
    "ACCUNODE_MODELS",
    "ACCUNODE_RATE_LIMITS",
    "SMTP_HOST",
    "SMTP_PORT",
    "SMTP_USERNAME",
    "SMTP_PASSWORD",
    "SMTP_TLS",
    "SMTP_SSL",
    "EMAIL_FROM",
    "EMAIL_FROM_NAME",
    "EMAIL_TO",
    "EMAIL_SUBJECT_PREFIX",
    "ACCUNODE_SCALER",
    "AUTO_SCALING_ENABLED",
    "MIN_WORKERS",
    "MAX_WORKERS",
    "SCALE_UP_THRESHOLD",
    "SCALE_DOWN_THRESHOLD",
    "SCALE_UP_COOLDOWN",
    "SCALE_DOWN_COOLDOWN",
    "EMERGENCY_THRESHOLD",
    "ACCUNODE_ECS_CLUSTER",
    "ACCUNODE_ECS_SERVICE",
    "AWS_REGION",
    "ACCUNODE_FILES",
    "AWS_ENDPOINT_URL_S3",
    "AWS_ENDPOINT_URL",
    "METRICS_HOST",
    "METRICS_PORT",
    "ACCUNODE_DRAIN_SECONDS",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
    "OTEL_EXPORTER_OTLP_HEADERS",
    "OTEL_SERVICE_NAME",
    "OTEL_TRACES_SAMPLER_ARG",
];

impl Settings {
    /// Reads the process's environment.
    ///
    /// # Errors
    /// The variable that cannot be used, and what is expected.
    pub fn from_env(data_dir: &Path) -> Result<Self> {
        Self::read(data_dir, |name| std::env::var(name).ok())
    }

    fn read(data_dir: &Path, get: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let get = |name: &str| get(name).map(|v| v.trim().to_owned()).filter(|v| !v.is_empty());
        let environment = get("ENVIRONMENT").unwrap_or_else(|| "development".to_owned());
        let default_url = || format!("sqlite://{}", data_dir.join("accunode.db").display());
        let database_url = get("DATABASE_URL").unwrap_or_else(default_url);
        let settings = Self {
            data_dir: data_dir.to_owned(),
            secret_key: secret_key(get("SECRET_KEY"), &database_url)?,
            previous_secret_key: previous_key(get("SECRET_KEY_PREVIOUS"))?,
            database_url: database_url.into(),
            pool_size: parsed(&get, "DATABASE_POOL_SIZE", POOL_SIZES, Options::default().pool_size)?,
            files: FileSettings::read(&get)?,
            redis_url: get("REDIS_URL").map(Into::into),
            host: parsed(&get, "HOST", "an address like 0.0.0.0", Ipv4Addr::LOCALHOST.into())?,
            port: parsed(&get, "PORT", "a port", 8000)?,
            log_level: get("LOG_LEVEL")
                .unwrap_or_else(|| crate::logs::usual(&environment).to_owned())
                .to_lowercase(),
            environment,
            cors_origins: origins(&get("CORS_ORIGIN").unwrap_or_default())?,
            access_token_minutes: parsed(&get, "ACCESS_TOKEN_EXPIRE_MINUTES", "minutes", 60)?,
            session_days: parsed(&get, "REFRESH_TOKEN_EXPIRE_DAYS", "days", 30)?,
            trusted_proxies: parsed(&get, "ACCUNODE_TRUSTED_PROXIES", "a number of proxies", 0)?,
            public_url: public_url(get("ACCUNODE_PUBLIC_URL"))?,
            rate_limits: get("ACCUNODE_RATE_LIMITS").unwrap_or_default(),
            max_upload_bytes: get("MAX_UPLOAD_SIZE").map_or(Ok(100 << 20), |v| size(&v))?,
            max_upload_rows: parsed(&get, "MAX_UPLOAD_ROWS", "a number of rows", 1_000_000)?,
            workers: parsed(&get, "WORKERS", "a number", 2)?,
            admin: admin(get("ACCUNODE_ADMIN_EMAIL"), get("ACCUNODE_ADMIN_PASSWORD"))?,
            mail: MailSettings::read(&get)?,
            scaling: ScalingSettings::read(&get)?,
            seen: SeenSettings::read(&get)?,
            traces: TraceSettings::read(&get)?,
            models: get("ACCUNODE_MODELS").map(PathBuf::from),
        };
        if !(3..=100).contains(&settings.pool_size.get()) {
            bail!("DATABASE_POOL_SIZE must be {POOL_SIZES}");
        }
        if settings.access_token_minutes == 0 {
            bail!("ACCESS_TOKEN_EXPIRE_MINUTES must be at least 1");
        }
        if !(1..=3_650).contains(&settings.session_days) {
            bail!("REFRESH_TOKEN_EXPIRE_DAYS must be between 1 and 3650");
        }
        Ok(settings)
    }

    /// How to open the database.
    #[must_use]
    pub fn database_options(&self) -> Options {
        let acquire_timeout = Duration::from_secs(10);
        Options { pool_size: self.pool_size, acquire_timeout, ..Options::default() }
    }

    /// The application's part, with the key that was found or made.
    #[must_use]
    pub fn server(&self, secret_key: SecretString) -> ServerConfig {
        ServerConfig {
            environment: self.environment.clone(),
            secret_key,
            previous_secret_key: self.previous_secret_key.clone(),
            access_token_minutes: self.access_token_minutes,
            session_days: self.session_days,
            trusted_proxies: self.trusted_proxies,
            public_url: self.public_url.clone(),
            contact_to: self.mail.contact_to.clone(),
            contact_subject_prefix: self.mail.contact_subject_prefix.clone(),
            max_upload_bytes: self.max_upload_bytes,
            max_upload_rows: self.max_upload_rows,
            cors_origins: self.cors_origins.clone(),
            worker_concurrency: self.workers,
            chunk_rows: 5_000,
            scaling: self.scaling.config,
        }
    }

    /// Whether the database is the embedded one.
    #[must_use]
    pub fn embedded(&self) -> bool {
        is_embedded(self.database_url.expose_secret())
    }
}

fn is_embedded(url: &str) -> bool {
    url.starts_with("sqlite:")
}

fn parsed<T: std::str::FromStr>(
    get: &impl Fn(&str) -> Option<String>,
    name: &str,
    expected: &str,
    default: T,
) -> Result<T> {
    match get(name) {
        None => Ok(default),
        Some(text) => {
            text.parse().ok().with_context(|| format!("{name} is '{text}', but {expected} is expected"))
        }
    }
}

fn secret_key(given: Option<String>, database_url: &str) -> Result<Option<SecretString>> {
    match given {
        Some(key) if key.len() < MIN_SECRET_BYTES => {
            bail!("SECRET_KEY is too short: at least {MIN_SECRET_BYTES} random characters are expected")
        }
        None if !is_embedded(database_url) => bail!(
            "SECRET_KEY is required when DATABASE_URL is not SQLite: at least {MIN_SECRET_BYTES} random \
             characters, the same on every server"
        ),
        given => Ok(given.map(Into::into)),
    }
}

fn previous_key(given: Option<String>) -> Result<Option<SecretString>> {
    match given {
        Some(key) if key.len() < MIN_SECRET_BYTES => bail!(
            "SECRET_KEY_PREVIOUS is too short: the former SECRET_KEY of at least {MIN_SECRET_BYTES} characters \
             is expected"
        ),
        given => Ok(given.map(Into::into)),
    }
}

fn public_url(given: Option<String>) -> Result<String> {
    let url = given.unwrap_or_else(|| "http://localhost:8000".to_owned());
    let url = url.trim_end_matches('/').to_owned();
    if url.starts_with("http://") || url.starts_with("https://") {
        Ok(url)
    } else {
        bail!("ACCUNODE_PUBLIC_URL is '{url}', but an address like https://app.example.org is expected")
    }
}

fn origins(list: &str) -> Result<Vec<String>> {
    let origins: Vec<_> = list
        .split(',')
        .map(|o| o.trim().trim_end_matches('/').to_owned())
        .filter(|o| !o.is_empty())
        .collect();
    if let Some(bad) = origins.iter().find(|o| !o.starts_with("http://") && !o.starts_with("https://")) {
        bail!("CORS_ORIGIN holds '{bad}', but origins like https://app.example.org are expected");
    }
    Ok(origins)
}

/// Bytes from `10485760`, `10MB` or `10 mb`; 1 MB is 1024 · 1024 bytes.
fn size(text: &str) -> Result<u64> {
    let lower = text.to_lowercase();
    let (digits, unit) = match lower.strip_suffix("mb") {
        Some(digits) => (digits.trim(), 1 << 20),
        None => (lower.as_str(), 1),
    };
    let number: Option<u64> = digits.parse().ok();
    number
        .and_then(|n| n.checked_mul(unit))
        .filter(|n| *n > 0)
        .with_context(|| format!("MAX_UPLOAD_SIZE is '{text}', but bytes or a size like 10MB is expected"))
}

fn admin(email: Option<String>, password: Option<String>) -> Result<Option<(String, SecretString)>> {
    match (email, password) {
        (Some(email), Some(password)) => Ok(Some((email, password.into()))),
        (None, None) => Ok(None),
        _ => bail!("ACCUNODE_ADMIN_EMAIL and ACCUNODE_ADMIN_PASSWORD go together: set both or none"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<Settings> {
        let value = |name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned());
        Settings::read(Path::new("somewhere"), value)
    }

    #[test]
    fn without_anything_it_is_a_laptop() {
        let settings = read(&[]).unwrap();
        assert_eq!(settings.database_url.expose_secret(), "sqlite://somewhere/accunode.db");
        assert!(settings.embedded() && settings.secret_key.is_none());
        assert_eq!((settings.port, settings.max_upload_bytes), (8000, 100 << 20));
    }

    #[test]
    fn a_real_database_needs_a_real_secret() {
        let url = ("DATABASE_URL", "postgres://somebody@localhost/accunode");
        assert!(read(&[url]).unwrap_err().to_string().contains("SECRET_KEY is required"));
        let short = ("SECRET_KEY", "secret");
        assert!(read(&[url, short]).unwrap_err().to_string().contains("too short"));
        assert!(read(&[url, ("SECRET_KEY", "0123456789abcdef0123456789abcdef")]).is_ok());
    }

    #[test]
    fn what_cannot_be_read_is_named() {
        for (name, value) in [
            ("PORT", "eighty"),
            ("HOST", "here"),
            ("MAX_UPLOAD_SIZE", "10 apples"),
            ("CORS_ORIGIN", "example.org"),
            ("ACCESS_TOKEN_EXPIRE_MINUTES", "0"),
            ("DATABASE_POOL_SIZE", "2"),
            ("DATABASE_POOL_SIZE", "many"),
            ("ACCUNODE_ADMIN_EMAIL", "admin@example.org"),
            ("SMTP_USERNAME", "somebody"),
        ] {
            let error = read(&[(name, value)]).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }

    #[test]
    fn sizes_and_origins() {
        assert_eq!(size("10MB").unwrap(), 10 << 20);
        assert_eq!(size("500").unwrap(), 500);
        let list = "https://a.example.org/, http://localhost:5173";
        assert_eq!(origins(list).unwrap(), ["https://a.example.org", "http://localhost:5173"]);
    }

    #[test]
    fn secrets_are_not_printed() {
        let settings = read(&[("SECRET_KEY", "0123456789abcdef0123456789abcdef")]).unwrap();
        assert!(!format!("{settings:?}").contains("0123456789abcdef"));
    }
}
