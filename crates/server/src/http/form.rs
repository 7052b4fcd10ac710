//! Files that come in forms: stored while they stream, counted and hashed.

use accunode_domain::{Error, Result};
use accunode_infra::{BlobError, Stored};
use axum::{
    extract::{DefaultBodyLimit, FromRequest, Multipart, Request, multipart::Field},
    http::StatusCode,
};
use bytes::Bytes;
use futures_util::TryStreamExt;
use tokio::sync::mpsc;

use super::problem::ApiError;
use crate::state::AppState;

/// What a form may hold besides its file.
const FORM_BYTES: usize = 64 << 10;

/// A file that has been stored; nothing refers to it yet.
pub struct StoredFile {
    /// Its name, as the sender calls it.
    pub name: String,
    /// Its key in the store.
    pub key: String,
    /// Its size and hash.
    pub stored: Stored,
}

impl StoredFile {
    /// Removes the file, of which nothing came. Failing to costs space only.
    pub async fn discard(&self, state: &AppState) {
        if let Err(error) = state.blobs.delete(&self.key).await {
            tracing::warn!(%error, key = self.key, "a refused file could not be removed");
        }
    }
}

/// Where a file goes.
pub struct Place {
    key: String,
    copy: Option<mpsc::Sender<Bytes>>,
}

impl Place {
    /// Into the store, under a key.
    #[must_use]
    pub const fn at(key: String) -> Self {
        Self { key, copy: None }
    }

    /// As [`Place::at`], and to whoever receives on the other side, as it comes. The sender hears of a receiver that
    /// has seen enough only with the answer: who is still sending a file seldom reads an answer.
    #[must_use]
    pub const fn copied(key: String, copy: mpsc::Sender<Bytes>) -> Self {
        Self { key, copy: Some(copy) }
    }
}

/// Stores the part named `file`, of at most `limit` bytes, where its name says; the rest of the form is left unread.
///
/// # Errors
/// [`Error::Invalid`] without such a part, [`Error::TooLarge`] above the limit, [`Error::BadRequest`] when it breaks
/// off, and what `place` says.
pub async fn store_file(
    state: &AppState,
    mut request: Request,
    limit: u64,
    place: impl FnOnce(&str) -> Result<Place>,
) -> Result<StoredFile, ApiError> {
    let missing = || ApiError(Error::field("file", "File is required"));
    // Of all parts and their headers together: without a bound, an endless header would be gathered in memory.
    let bytes = usize::try_from(limit).unwrap_or(usize::MAX);
    DefaultBodyLimit::max(bytes.saturating_add(FORM_BYTES)).apply(&mut request);
    let mut form = Multipart::from_request(request, state).await.map_err(|_| missing())?;
    loop {
        let field = form.next_field().await.map_err(|e| match e.status() {
            StatusCode::PAYLOAD_TOO_LARGE => Error::TooLarge("The form is larger than allowed".to_owned()),
            _ => Error::field("file", "Invalid file: the multipart form is damaged or incomplete"),
        })?;
        let field = field.ok_or_else(missing)?;
        if field.name() == Some("file") {
            let name = field.file_name().unwrap_or_default().to_owned();
            let Place { key, copy } = place(&name)?;
            let stored = put(state, &key, field, copy, limit).await?;
            return Ok(StoredFile { name, key, stored });
        }
    }
}

async fn put(
    state: &AppState,
    key: &str,
    field: Field<'_>,
    copy: Option<mpsc::Sender<Bytes>>,
    limit: u64,
) -> Result<Stored> {
    let body = field.map_err(|e| std::io::Error::new(std::io::ErrorKind::ConnectionAborted, e.body_text()));
    let body = body.and_then(|bytes: Bytes| {
        let copy = copy.clone();
        async move {
            if let Some(copy) = copy {
                // A closed channel: the receiver has seen enough.
                let _ = copy.send(bytes.clone()).await;
            }
            Ok(bytes)
        }
    });
    state.blobs.put(key, body, limit).await.map_err(|error| match error {
        BlobError::TooLarge { limit } => Error::TooLarge(format!("The file is larger than {}", size(limit))),
        BlobError::Input(_) => {
            Error::BadRequest("The upload broke off before the file was complete".to_owned())
        }
        other => other.into(),
    })
}

fn size(bytes: u64) -> String {
    if bytes >= 1 << 20 { format!("{} MB", bytes >> 20) } else { format!("{bytes} bytes") }
}
