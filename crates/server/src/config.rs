//! What the application needs to know to run; the binary reads it from the environment.

use secrecy::SecretString;

/// Settings of the HTTP application.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    /// `development`, `production`, …: shown by `/` and `/health`.
    pub environment: String,
    /// Key of the access tokens (HS256), at least 32 bytes.
    pub secret_key: SecretString,
    /// Lifetime of an access token in minutes.
    pub access_token_minutes: u32,
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
}

/// The shortest acceptable `SECRET_KEY`, in bytes: as long as the HMAC's output.
pub const MIN_SECRET_BYTES: usize = 32;
