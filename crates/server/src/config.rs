//! What the application needs to know to run; the binary reads it from the environment.

use secrecy::SecretString;

use crate::features::scaling::decision::Thresholds;

/// Settings of the HTTP application.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `development`, `production`, …: shown by `/` and `/health`.
    pub environment: String,
    /// Key of the access tokens (HS256), at least 32 bytes.
    pub secret_key: SecretString,
    /// The key before it, whose tokens are still taken.
    pub previous_secret_key: Option<SecretString>,
    /// Lifetime of an access token in minutes.
    pub access_token_minutes: u32,
    /// Lifetime of a sign-in, and so of its refresh token, in days.
    pub session_days: u32,
    /// How many proxies in front of the server are believed about the client's address.
    pub trusted_proxies: usize,
    /// Where people reach the application, for the links in mails; no slash at the end.
    pub public_url: String,
    /// Who reads what is sent by the contact form.
    pub contact_to: String,
    /// What the subjects of those mails begin with.
    pub contact_subject_prefix: String,
    /// Largest upload in bytes.
    pub max_upload_bytes: u64,
    /// Most data rows in an uploaded file.
    pub max_upload_rows: u64,
    /// Origins that browsers may call from.
    pub cors_origins: Vec<String>,
    /// How many uploads this process works on at once.
    pub worker_concurrency: usize,
    /// Rows scored and stored in one transaction.
    pub chunk_rows: usize,
    /// How the number of workers is looked after.
    pub scaling: ScalingConfig,
}

/// How the number of workers is looked after.
#[derive(Clone, Copy, Debug)]
pub struct ScalingConfig {
    /// Whether what the table says is done without anybody asking.
    pub automatic: bool,
    /// The settings that count until somebody changes them.
    pub thresholds: Thresholds,
}

/// The shortest acceptable `SECRET_KEY`, in bytes: as long as the HMAC's output.
pub const MIN_SECRET_BYTES: usize = 32;
