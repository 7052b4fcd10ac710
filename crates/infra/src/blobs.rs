//! Files that outlive a request: in a local folder, or in a bucket of S3.

mod error;
mod s3;
mod writing;

use std::{
    fmt,
    ops::Range,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use bytes::Bytes;
use futures_util::{Stream, StreamExt as _, TryStreamExt as _, pin_mut};
use object_store::{ObjectStore, ObjectStoreExt as _, local::LocalFileSystem, path::Path as Key};
use sha2::{Digest as _, Sha256};
use tempfile::TempPath;
use tokio::io::AsyncWriteExt as _;

pub use error::BlobError;
use error::{Source, failed, refused};
pub use s3::S3Settings;
use writing::{Manner, Writing};

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
    /// Removes the copy of a file that is elsewhere.
    _copy: Option<TempPath>,
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
    S3(Arc<s3::S3>),
}

impl fmt::Debug for Blobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.backend {
            Backend::Local(_) => f.write_str("Blobs(local folder)"),
            Backend::S3(_) => f.write_str("Blobs(S3)"),
        }
    }
}

const LOCAL: Manner = Manner { part: 1 << 20, remote: false };
/// S3 takes no smaller parts but for the last one.
const REMOTE: Manner = Manner { part: 5 << 20, remote: true };
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

    /// A store in a bucket, with the credentials that the environment names: keys in variables, a web identity, or
    /// the address that a container or machine gets them from. Nothing is called yet.
    ///
    /// # Errors
    /// [`BlobError`] when the settings cannot work.
    pub fn s3(settings: &S3Settings) -> Result<Self, BlobError> {
        Ok(Self { backend: Backend::S3(s3::open(settings, None)?) })
    }

    /// A store in a bucket, with the key's id, its secret and perhaps a session: for tests and look-alikes.
    ///
    /// # Errors
    /// [`BlobError`] when the settings cannot work.
    pub fn s3_at(settings: &S3Settings, key: (&str, &str, Option<&str>)) -> Result<Self, BlobError> {
        Ok(Self { backend: Backend::S3(s3::open(settings, Some(key))?) })
    }

    fn store(&self) -> &dyn ObjectStore {
        match &self.backend {
            Backend::Local(store) => store.as_ref(),
            Backend::S3(store) => store.as_ref(),
        }
    }

    fn writing(&self) -> (Arc<dyn ObjectStore>, Manner) {
        match &self.backend {
            Backend::Local(store) => (store.clone(), LOCAL),
            Backend::S3(store) => (store.clone(), REMOTE),
        }
    }

    /// What makes an error of the store's.
    fn failed(&self) -> fn(&str, object_store::Error) -> BlobError {
        match &self.backend {
            Backend::Local(_) => failed,
            Backend::S3(_) => s3::failed,
        }
    }

    /// Writes a file as its chunks come, up to `limit` bytes. Until this succeeds no reader sees any of it, and
    /// when it fails (or is dropped before its last moment) nothing of it stays. An existing file of that key is
    /// replaced.
    ///
    /// # Errors
    /// [`BlobError`]: the key, the size, the input or the store.
    pub async fn put<S, E>(&self, key: &str, chunks: S, limit: u64) -> Result<Stored, BlobError>
    where
        S: Stream<Item = Result<Bytes, E>>,
        E: Into<Source>,
    {
        let path = parse(key)?;
        let failed = self.failed();
        let (store, manner) = self.writing();
        let mut writing = Writing::begin(store, path, manner).await.map_err(|e| failed(key, e))?;
        match fill(&mut writing, chunks, limit, |e| failed(key, e)).await {
            Ok(stored) => {
                writing.finish().await.map_err(|e| failed(key, e))?;
                Ok(stored)
            }
            Err(error) => {
                writing.abort().await;
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
        let failed = self.failed();
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
        let failed = self.failed();
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
        let failed = self.failed();
        let found = self.store().list(Some(&folder_key));
        Ok(found.map_ok(listed).map_err(move |e| failed(&folder, e)))
    }

    /// Removes what a process that was killed left of files under way in a folder, if nobody wrote to it since
    /// `before`; gives how many there were. Such parts are no files yet: [`Blobs::list`] does not show them. In a
    /// bucket they are left to its rule on the life of unfinished uploads.
    ///
    /// # Errors
    /// [`BlobError`]: the folder's name, or the store.
    pub async fn remove_unfinished(&self, folder: &str, before: SystemTime) -> Result<usize, BlobError> {
        let key = parse(folder)?;
        let Backend::Local(store) = &self.backend else {
            return Ok(0);
        };
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
        match &self.backend {
            Backend::Local(store) => {
                store.head(&path).await.map_err(|e| failed(key, e))?;
                let path = store.path_to_filesystem(&path).map_err(|e| failed(key, e))?;
                Ok(LocalFile { path, _copy: None })
            }
            Backend::S3(_) => self.copy_of(key).await,
        }
    }

    /// A copy that is removed when it is dropped.
    async fn copy_of(&self, key: &str) -> Result<LocalFile, BlobError> {
        let storage = |e: std::io::Error| refused(Some(e.kind()), e.into());
        let chunks = self.get(key).await?;
        pin_mut!(chunks);
        let (file, copy) = tempfile::NamedTempFile::new().map_err(storage)?.into_parts();
        let mut file = tokio::fs::File::from_std(file);
        while let Some(chunk) = chunks.next().await {
            file.write_all(&chunk?).await.map_err(storage)?;
        }
        file.flush().await.map_err(storage)?;
        Ok(LocalFile { path: copy.to_path_buf(), _copy: Some(copy) })
    }

    /// Whether there is such a file.
    ///
    /// # Errors
    /// [`BlobError`]: the key, or the store.
    pub async fn exists(&self, key: &str) -> Result<bool, BlobError> {
        match self.store().head(&parse(key)?).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(self.failed()(key, error)),
        }
    }

    /// Removes a file; one that is not there is as good as removed.
    ///
    /// # Errors
    /// [`BlobError`]: the key, or the store.
    pub async fn delete(&self, key: &str) -> Result<(), BlobError> {
        match self.store().delete(&parse(key)?).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(self.failed()(key, error)),
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
async fn fill<S, E>(
    writing: &mut Writing,
    chunks: S,
    limit: u64,
    failed: impl Fn(object_store::Error) -> BlobError,
) -> Result<Stored, BlobError>
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
        writing.put(chunk).await.map_err(&failed)?;
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

#[cfg(test)]
mod tests;
