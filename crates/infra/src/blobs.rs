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
mod tests {
    use futures_util::stream;

    use super::*;

    fn chunks(parts: &[&'static [u8]]) -> impl Stream<Item = Result<Bytes, std::io::Error>> + use<> {
        stream::iter(parts.iter().map(|p| Ok(Bytes::from_static(p))).collect::<Vec<_>>())
    }

    fn files_in(folder: &Path) -> Vec<String> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            if entry.file_type().unwrap().is_dir() {
                names.extend(files_in(&entry.path()));
            } else {
                names.push(entry.file_name().into_string().unwrap());
            }
        }
        names
    }

    async fn read(blobs: &Blobs, key: &str) -> Vec<u8> {
        let parts: Vec<Bytes> = blobs.get(key).await.unwrap().try_collect().await.unwrap();
        parts.concat()
    }

    #[tokio::test]
    async fn written_read_replaced_and_removed() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path().join("new/folder")).unwrap();
        let stored = blobs.put("uploads/2026/a.csv", chunks(&[b"ab", b"", b"c"]), 3).await.unwrap();
        // The SHA-256 of "abc" as FIPS 180-2 gives it.
        let expected = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        assert_eq!(stored, Stored { size: 3, sha256: expected.into() });
        assert_eq!(read(&blobs, "uploads/2026/a.csv").await, b"abc");
        let file = blobs.open_local("uploads/2026/a.csv").await.unwrap();
        assert_eq!(std::fs::read(file.path()).unwrap(), b"abc");
        blobs.put("uploads/2026/a.csv", chunks(&[]), 3).await.unwrap();
        assert_eq!(read(&blobs, "uploads/2026/a.csv").await, b"");
        blobs.delete("uploads/2026/a.csv").await.unwrap();
        blobs.delete("uploads/2026/a.csv").await.unwrap();
        assert!(matches!(blobs.get("uploads/2026/a.csv").await.err(), Some(BlobError::NotFound(_))));
        assert!(matches!(blobs.open_local("uploads/2026/a.csv").await, Err(BlobError::NotFound(_))));
    }

    #[tokio::test]
    async fn ranges_are_read_and_files_listed() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        assert_eq!(blobs.list("uploads").unwrap().try_collect::<Vec<_>>().await.unwrap(), []);
        blobs.put("uploads/a.csv", chunks(&[b"abcdef"]), 10).await.unwrap();
        blobs.put("models/b.zip", chunks(&[b"x"]), 10).await.unwrap();
        assert_eq!(&blobs.get_range("uploads/a.csv", 2..5).await.unwrap()[..], b"cde");
        assert!(matches!(blobs.get_range("uploads/a.csv", 4..9).await, Err(BlobError::Storage(_))));
        assert!(matches!(blobs.get_range("uploads/b.csv", 0..1).await, Err(BlobError::NotFound(_))));
        let listed: Vec<Listed> = blobs.list("uploads").unwrap().try_collect().await.unwrap();
        assert_eq!(
            listed.iter().map(|f| (f.key.as_str(), f.size)).collect::<Vec<_>>(),
            [("uploads/a.csv", 6)]
        );
    }

    #[tokio::test]
    async fn what_a_killed_process_left_is_removed_once_it_is_old() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        assert_eq!(blobs.remove_unfinished("uploads", SystemTime::now()).await.unwrap(), 0);
        blobs.put("uploads/a.csv", chunks(&[b"abc"]), 3).await.unwrap();
        // As object_store stages a file; it is not listed.
        std::fs::write(folder.path().join("uploads/b.csv#1"), b"ab").unwrap();
        let listed: Vec<_> = blobs.list("uploads").unwrap().try_collect().await.unwrap();
        assert_eq!(listed.len(), 1);
        let hour = std::time::Duration::from_secs(3_600);
        let (young, old) = (SystemTime::now() - hour, SystemTime::now() + hour);
        assert_eq!(blobs.remove_unfinished("uploads", young).await.unwrap(), 0);
        assert_eq!(blobs.remove_unfinished("uploads", old).await.unwrap(), 1);
        assert_eq!(files_in(folder.path()), ["a.csv"]);
    }

    #[tokio::test]
    async fn many_parts_arrive_in_order() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let data: Vec<u8> = (0..5_000_000_u32).map(|i| (i % 251) as u8).collect();
        let parts: Vec<Result<Bytes, std::io::Error>> =
            data.chunks(70_001).map(|c| Ok(Bytes::copy_from_slice(c))).collect();
        let stored = blobs.put("big", stream::iter(parts), 5_000_000).await.unwrap();
        assert_eq!(stored.size, 5_000_000);
        assert!(read(&blobs, "big").await == data);
    }

    #[tokio::test]
    async fn nothing_stays_of_what_is_too_large_or_broken_off() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let error = blobs.put("a", chunks(&[b"ab", b"cd"]), 3).await.unwrap_err();
        assert!(matches!(error, BlobError::TooLarge { limit: 3 }), "{error}");
        assert!(matches!(Error::from(error), Error::TooLarge(_)));
        let broken = stream::iter([Ok(Bytes::from_static(b"ab")), Err(std::io::Error::other("reset"))]);
        let error = blobs.put("a", broken, 3).await.unwrap_err();
        assert!(matches!(Error::from(error), Error::BadRequest(_)));
        assert_eq!(files_in(folder.path()), Vec::<String>::new());
    }

    #[tokio::test]
    async fn readers_see_the_old_file_until_the_new_one_is_whole() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        blobs.put("a", chunks(&[b"old"]), 10).await.unwrap();
        let observed = blobs.clone();
        let slow = stream::iter(0..3).then(move |_| {
            let observed = observed.clone();
            async move {
                assert_eq!(read(&observed, "a").await, b"old");
                Ok::<_, std::io::Error>(Bytes::from(vec![b'n'; PART]))
            }
        });
        blobs.put("a", slow, 10 * PART as u64).await.unwrap();
        assert_eq!(read(&blobs, "a").await.len(), 3 * PART);
    }

    #[tokio::test]
    async fn keys_that_could_leave_the_folder_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let blobs = Blobs::local(folder.path()).unwrap();
        let long = "x".repeat(501);
        for key in
            ["", "/etc/passwd", "../x", "a/../b", "a//b", ".hidden", "a b", "a\\b", "a%2e", "ä", "a#1", &long]
        {
            let error = blobs.put(key, chunks(&[b"x"]), 10).await.unwrap_err();
            assert!(matches!(error, BlobError::Key(_)), "{key}: {error}");
        }
    }
}
