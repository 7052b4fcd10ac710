//! Files in a bucket of Amazon S3, or of a store that speaks like it.

use std::{sync::Arc, time::Duration};

use object_store::{
    RetryConfig,
    aws::{AmazonS3Builder, AmazonS3ConfigKey},
    path::Path as Key,
    prefix::PrefixStore,
};

use super::BlobError;

/// How often a request is tried again that gets no answer, or one that lays the fault with the store.
const MOST_RETRIES: usize = 4;
/// How long after its first try.
const RETRY_FOR: Duration = Duration::from_secs(20);

pub(super) type S3 = PrefixStore<object_store::aws::AmazonS3>;

/// Which bucket holds the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct S3Settings {
    /// The bucket's name.
    pub bucket: String,
    /// What the keys begin with, like `accunode/files`; empty: nothing.
    pub prefix: String,
    /// The region, like `eu-west-1`.
    pub region: String,
    /// Where the store is, like `http://localhost:9000`; none: where Amazon's is.
    pub endpoint: Option<String>,
}

/// The store, with the credentials that the environment names or those given: the key's id, its secret and perhaps
/// a session.
pub(super) fn open(
    settings: &S3Settings,
    key: Option<(&str, &str, Option<&str>)>,
) -> Result<Arc<S3>, BlobError> {
    crate::use_ring();
    let prefix = Key::parse(&settings.prefix).map_err(|_| BlobError::Key(settings.prefix.clone()))?;
    let mut builder = match key {
        None => AmazonS3Builder::from_env(),
        Some((id, secret, session)) => {
            let builder = AmazonS3Builder::new().with_access_key_id(id).with_secret_access_key(secret);
            match session {
                Some(session) => builder.with_token(session),
                None => builder,
            }
        }
    };
    if let Some(endpoint) = &settings.endpoint {
        builder = builder.with_config(AmazonS3ConfigKey::S3Endpoint, endpoint);
    }
    // A bucket's name becomes part of the host's where Amazon's certificates allow it; look-alikes want it in the path.
    let in_host = settings.endpoint.is_none() && !settings.bucket.contains('.');
    let retry = RetryConfig { max_retries: MOST_RETRIES, retry_timeout: RETRY_FOR, ..RetryConfig::default() };
    let store = builder
        .with_bucket_name(&settings.bucket)
        .with_region(&settings.region)
        .with_virtual_hosted_style_request(in_host)
        .with_allow_http(settings.endpoint.as_ref().is_some_and(|url| url.starts_with("http://")))
        // Files are removed one by one, and not every look-alike knows how to remove many.
        .with_disable_bulk_delete(true)
        .with_retry(retry)
        .build()
        .map_err(|error| failed("", error))?;
    Ok(Arc::new(PrefixStore::new(store, prefix)))
}

/// What the store said can repeat the request with its credentials: only its code and what the system says are kept.
pub(super) fn failed(key: &str, error: object_store::Error) -> BlobError {
    match error {
        object_store::Error::NotFound { .. } => BlobError::NotFound(key.to_owned()),
        error => BlobError::Storage(told(&error).into()),
    }
}

/// An error in words that may stand in a log.
pub(super) fn told(error: &object_store::Error) -> String {
    use object_store::Error as E;
    let what = match error {
        E::PermissionDenied { .. } => "S3 does not permit it",
        E::Unauthenticated { .. } => "S3 does not take the credentials",
        _ => "S3 gave no good answer",
    };
    let detail = code(&error.to_string()).or_else(|| super::error::kind(error).map(|kind| kind.to_string()));
    detail.map_or_else(|| what.to_owned(), |detail| format!("{what}: {detail}"))
}

/// The code in an answer, like `SlowDown`.
fn code(text: &str) -> Option<String> {
    let (_, rest) = text.split_once("<Code>")?;
    let (code, _) = rest.split_once("</Code>")?;
    (code.len() <= 60 && code.bytes().all(|b| b.is_ascii_alphanumeric())).then(|| code.to_owned())
}
