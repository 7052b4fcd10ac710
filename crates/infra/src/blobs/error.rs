//! What the stores of files say when they refuse.

use std::io::ErrorKind;

use accunode_domain::Error;

pub(super) type Source = Box<dyn std::error::Error + Send + Sync>;

/// What can go wrong with a file.
#[derive(Debug, thiserror::Error)]
pub enum BlobError {
    /// The key is not one that this store takes.
    #[error(
        "'{0}' is not a file key: parts of letters, digits, '.', '_' and '-', separated by '/', are expected"
    )]
    Key(String),
    /// More bytes came than are allowed.
    #[error("the file is larger than {limit} bytes")]
    TooLarge {
        /// Bytes.
        limit: u64,
    },
    /// There is no such file.
    #[error("file '{0}' does not exist")]
    NotFound(String),
    /// Whoever sends the file broke off.
    #[error("the file ended early: {0}")]
    Input(#[source] Source),
    /// There is no room for more, on the disk or in what is granted of it.
    #[error("there is no room left for files")]
    Full,
    /// The store failed.
    #[error("the file store failed")]
    Storage(#[source] Source),
}

impl From<BlobError> for Error {
    fn from(error: BlobError) -> Self {
        match error {
            BlobError::TooLarge { .. } => Self::TooLarge(error.to_string()),
            BlobError::NotFound(_) => Self::NotFound("file not found".into()),
            BlobError::Input(_) => Self::BadRequest("the file ended before it was complete".into()),
            BlobError::Full => {
                tracing::error!("there is no room left for files");
                Self::Unavailable("There is no room left for files at the moment: try again later".into())
            }
            BlobError::Key(_) | BlobError::Storage(_) => Self::internal(error),
        }
    }
}

pub(super) fn failed(key: &str, error: object_store::Error) -> BlobError {
    match error {
        object_store::Error::NotFound { .. } => BlobError::NotFound(key.to_owned()),
        error => refused(kind(&error), error.into()),
    }
}

/// What the system said in the end, when it was the system that refused.
pub(super) fn kind(error: &object_store::Error) -> Option<ErrorKind> {
    let mut next = std::error::Error::source(error);
    while let Some(error) = next {
        if let Some(error) = error.downcast_ref::<std::io::Error>() {
            return Some(error.kind());
        }
        next = error.source();
    }
    None
}

/// The store's error, by what the system said.
pub(super) fn refused(kind: Option<ErrorKind>, source: Source) -> BlobError {
    match kind {
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded) => BlobError::Full,
        _ => BlobError::Storage(source),
    }
}
