//! Messages as files.

use std::{
    fs, io,
    io::Write as _,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
    time::{SystemTime, UNIX_EPOCH},
};

use tempfile::NamedTempFile;

use super::MailError;

/// A folder of `.eml` files.
pub(super) struct Folder {
    path: PathBuf,
}

impl Folder {
    pub(super) fn open(path: PathBuf) -> Result<Self, MailError> {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&path)
            .map_err(|e| MailError::Permanent(format!("the mail folder cannot be made: {e}")))?;
        Ok(Self { path })
    }

    pub(super) async fn write(&self, message: Vec<u8>) -> Result<(), MailError> {
        self.run(move |folder| keep(folder, &message)).await
    }

    pub(super) async fn test(&self) -> Result<(), MailError> {
        // Removed when it is dropped.
        self.run(|folder| NamedTempFile::new_in(folder).map(drop)).await
    }

    async fn run(
        &self,
        work: impl FnOnce(&Path) -> io::Result<()> + Send + 'static,
    ) -> Result<(), MailError> {
        let path = self.path.clone();
        let result = tokio::task::spawn_blocking(move || work(&path)).await;
        result
            .map_err(io::Error::other)
            .flatten()
            .map_err(|e| MailError::Transient(format!("the mail folder cannot be written: {}", e.kind())))
    }
}

/// A temporary file that only its owner can read, on the disk before it gets its name.
fn keep(folder: &Path, message: &[u8]) -> io::Result<()> {
    let stamp = stamp();
    let mut file = tempfile::Builder::new().prefix(".").suffix(".part").rand_bytes(12).tempfile_in(folder)?;
    file.write_all(message)?;
    file.as_file().sync_all()?;
    let random: String = file.path().file_stem().unwrap_or_default().to_string_lossy()[1..].into();
    file.persist_noclobber(folder.join(format!("{stamp:016}-{random}.eml"))).map_err(|e| e.error)?;
    Ok(())
}

/// Microseconds since 1970, later by one where two messages of this process meet in one.
fn stamp() -> u64 {
    static LAST: AtomicU64 = AtomicU64::new(0);
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = u64::try_from(now.as_micros()).unwrap_or(0);
    let next = |last: u64| now.max(last.saturating_add(1));
    LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last))).map_or(now, next)
}
