//! Files that outlive a request.

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use accunode_domain::Error;
use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, pin_mut};
use object_store::{
    ObjectStore, ObjectStoreExt as _, WriteMultipart, local::LocalFileSystem, path::Path as Key,
};
use sha2::{Digest as _, Sha256};

type Source = Box<dyn std::error::Error + Send + Sync>;

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
            BlobError::Key(_) | BlobError::Storage(_) => Self::internal(error),
        }
    }
}

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// Bytes.
    pub size: u64,
    /// SHA-256 in lower-case hexadecimal digits.
    pub sha256: String,
}

/// A file that is there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listed {
    /// Its key.
    pub key: String,
    /// Bytes.
    pub size: u64,
    /// When it was written.
    pub modified: SystemTime,
}

/// A file that can be opened by its path as long as this value lives.
#[derive(Debug)]
pub struct LocalFile {
    path: PathBuf,
}

impl LocalFile {
    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// A store of files by key; clones are the same store.
#[derive(Clone)]
pub struct Blobs {
    backend: Backend,
}

#[derive(Clone)]
enum Backend {
    Local(Arc<LocalFileSystem>),
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.backend {
            Backend::Local(_) => f.write_str("Blobs(local folder)"),
        }
    }
}

/// Bytes handed to the store at once: with two parts on their way this bounds the memory of one upload.
const PART: usize = 1 << 20;
const LONGEST_KEY: usize = 500;

impl Blobs {
    /// A store in a local folder, which is made if it is missing.
    ///
    /// # Errors
    /// [`BlobError::Storage`] when the folder cannot be made or used.
    pub fn local(folder: impl AsRef<Path>) -> Result<Self, BlobError> {
        std::fs::create_dir_all(&folder).map_err(|e| BlobError::Storage(e.into()))?;
        let store = LocalFileSystem::new_with_prefix(folder)
            .map_err(|e| BlobError::Storage(e.into()))?
            .with_automatic_cleanup(true)
            .with_fsync(true);
        Ok(Self { backend: Backend::Local(Arc::new(store)) })
    }

    fn store(&self) -> &dyn ObjectStore {
        match &self.backend {
            Backend::Local(store) => store.as_ref(),
        }
    }

    /// Writes a file as its chunks come, up to `limit` bytes. Until this succeeds no reader sees any of it, and
    /// when it fails (or is dropped) nothing of it stays. An existing file of that key is replaced.
    ///
    /// # Errors
    /// [`BlobError`]: the key, the size, the input or the store.
    pub async fn put<S, E>(&self, key: &str, chunks: S, limit: u64) -> Result<Stored, BlobError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Source>,
    {
        let path = parse(key)?;
        let upload = self.store().put_multipart(&path).await.map_err(|e| failed(key, e))?;
        let mut writer = WriteMultipart::new_with_chunk_size(upload, PART);
        match fill(&mut writer, chunks, limit).await {
            Ok(stored) => {
                writer.finish().await.map_err(|e| failed(key, e))?;
                Ok(stored)
            }
            Err(error) => {
                // What was wrong with the upload matters more than what is wrong with throwing it away.
                if let Err(abort) = writer.abort().await {
                    tracing::warn!(error = %abort, "an unfinished file could not be removed");
                }
                Err(error)
            }
        }
    }

    /// Reads a file chunk by chunk.
    ///
    /// # Errors
    /// [`BlobError`]: the key, no such file, or the store; also in the middle of the stream.
    pub async fn get(
        &self,
        key: &str,
    ) -> Result<impl Stream<Item = Result<Bytes, BlobError>> + Send + use<>, BlobError> {
        let result = self.store().get(&parse(key)?).await.map_err(|e| failed(key, e))?;
        let key = key.to_owned();
        Ok(result.into_stream().map_err(move |e| failed(&key, e)))
    }

    /// Reads some bytes of a file.
    ///
    /// # Errors
    /// [`BlobError`]: the key, no such file, or the store; also when the file ends before the range does.
    pub async fn get_range(&self, key: &str, range: Range<u64>) -> Result<Bytes, BlobError> {
        let expected = range.end.saturating_sub(range.start);
        let bytes = self.store().get_range(&parse(key)?, range).await.map_err(|e| failed(key, e))?;
        // A store gives what there is of a range that goes beyond the end.
        if bytes.len() as u64 != expected {
            return Err(BlobError::Storage(format!("'{key}' ends within the range asked for").into()));
        }
        Ok(bytes)
    }

    /// The files whose keys begin with a folder, in no particular order.
    ///
    /// # Errors
    /// [`BlobError`]: the folder's name, or the store; also in the middle of the stream.
    pub fn list(
        &self,
        folder: &str,
    ) -> Result<impl Stream<Item = Result<Listed, BlobError>> + Send + '_, BlobError> {
        let folder_key = parse(folder)?;
        let listed = |meta: object_store::ObjectMeta| Listed {
            key: meta.location.to_string(),
            size: meta.size,
            modified: SystemTime::from(meta.last_modified),
        };
        let folder = folder.to_owned();
        let found = self.store().list(Some(&folder_key));
        Ok(found.map_ok(listed).map_err(move |e| failed(&folder, e)))
    }

    /// Removes what a process that was killed left of files under way in a folder, if nobody wrote to it since
    /// `before`; gives how many there were. Such parts are no files yet: [`Blobs::list`] does not show them.
    ///
    /// # Errors
    /// [`BlobError`]: the folder's name, or the store.
    pub async fn remove_unfinished(&self, folder: &str, before: SystemTime) -> Result<usize, BlobError> {
        let key = parse(folder)?;
        let Backend::Local(store) = &self.backend;
        let path = store.path_to_filesystem(&key).map_err(|e| failed(folder, e))?;
        tokio::task::spawn_blocking(move || remove_staged(&path, before))
            .await
            .map_err(std::io::Error::other)
            .and_then(|removed| removed)
            .map_err(|e| BlobError::Storage(e.into()))
    }

    /// A file as a path, for readers that need to seek.
    ///
    /// # Errors
    /// [`BlobError`]: the key, no such file, or the store.
    pub async fn open_local(&self, key: &str) -> Result<LocalFile, BlobError> {
        let path = parse(key)?;
        self.store().head(&path).await.map_err(|e| failed(key, e))?;
        match &self.backend {
            Backend::Local(store) => {
                let path = store.path_to_filesystem(&path).map_err(|e| failed(key, e))?;
                Ok(LocalFile { path })
            }
        }
    }

    /// Removes a file; one that is not there is as good as removed.
    ///
    /// # Errors
    /// [`BlobError`]: the key, or the store.
    pub async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match self.store().delete(&parse(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(failed(key, error)),
        }
    }
}

/// Removes the files that the local store writes to before they get their names: those that end in `#` and a number.
fn remove_staged(folder: &Path, before: SystemTime) -> std::io::Result<usize> {
    let entries = match std::fs::read_dir(folder) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(0),
        entries => entries?,
    };
    let mut removed = 0;
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let staged = name.to_str().and_then(|name| name.rsplit_once('#')).is_some_and(|(_, number)| {
            !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
        });
        if staged && entry.metadata()?.modified()? < before {
            std::fs::remove_file(entry.path())?;
            removed += 1;
        }
    }
    Ok(removed)
}

/// Hands the chunks to the store, counting and hashing them.
async fn fill<S, E>(writer: &mut WriteMultipart, chunks: S, limit: u64) -> Result<Stored, BlobError>
where
    S: Stream<Item = Result<Bytes, E>>,
    E: Into<Source>,
{
    pin_mut!(chunks);
    let mut hash = Sha256::new();
    let mut size = 0_u64;
    while let Some(chunk) = chunks.next().await {
        let chunk = chunk.map_err(|e| BlobError::Input(e.into()))?;
        size = size.saturating_add(chunk.len() as u64);
        if size > limit {
            return Err(BlobError::TooLarge { limit });
        }
        hash.update(&chunk);
        writer.wait_for_capacity(2).await.map_err(|e| BlobError::Storage(e.into()))?;
        writer.put(chunk);
    }
    Ok(Stored { size, sha256: hex::encode(hash.finalize()) })
}

/// A key, checked: what stands in it ends up in file names.
fn parse(key: &str) -> Result<Key, BlobError> {
    let sound = |part: &str| {
        !part.is_empty()
            && !part.starts_with('.')
            && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
    };
    if key.len() <= LONGEST_KEY && key.split('/').all(sound) {
        Key::parse(key).map_err(|_| BlobError::Key(key.into()))
    } else {
        Err(BlobError::Key(key.chars().take(60).collect()))
    }
}

fn failed(key: &str, error: object_store::Error) -> BlobError {
    match error {
        object_store::Error::NotFound { .. } => BlobError::NotFound(key.to_owned()),
        error => BlobError::Storage(error.into()),
    }
}

#[cfg(test)]
mod tests;
