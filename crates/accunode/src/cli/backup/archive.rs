//! A backup on disk: a folder, or the same folder as one zip file.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Read, Write},
    path::{Path, PathBuf},
};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tokio_util::sync::CancellationToken;
use zip::{CompressionMethod, ZipArchive, ZipWriter, write::SimpleFileOptions};

/// The version of this layout.
pub(super) const FORMAT: u32 = 1;
/// What stands in a backup beside the files of the store, which are below `files/`.
pub(super) const MANIFEST: &str = "manifest.json";
pub(super) const DATABASE: &str = "database.sqlite";
pub(super) const SECRET_KEY: &str = "secret.key";
pub(super) const FILES: &str = "files";
/// The largest manifest: some hundred bytes for each file.
const MAX_MANIFEST: u64 = 256 << 20;
const PIECE: usize = 1 << 20;

/// What a backup holds, and how to tell that it still does.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Manifest {
    pub(super) format: u32,
    /// Version of the program that made it.
    pub(super) program: String,
    /// When the database was as it is here.
    pub(super) made_at: String,
    /// The migrations that the database has seen.
    pub(super) migrations: Vec<i64>,
    pub(super) files: Vec<Entry>,
    /// Keys that the database names although the store has no such files.
    pub(super) missing: Vec<String>,
}

/// A file of a backup.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Entry {
    /// Its place, with `/` between its parts.
    pub(super) path: String,
    pub(super) size: u64,
    pub(super) sha256: String,
}

impl Entry {
    /// Whether this is a place that a backup has: nothing leads out of it.
    fn is_sound(&self) -> bool {
        let part = |part: &str| {
            !part.is_empty()
                && !part.starts_with('.')
                && part.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b))
        };
        match self.path.split_once('/') {
            Some((folder, key)) => folder == FILES && key.split('/').all(part),
            None => [DATABASE, SECRET_KEY].contains(&&*self.path),
        }
    }
}

/// Makes a folder that its owner alone can enter.
pub(super) fn private_folder(path: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(path)
}

/// Makes a new file that its owner alone can read.
pub(super) fn private_file(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes sure that what was made, renamed or removed in a folder is so after a loss of power.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    // Elsewhere folders cannot be opened.
    if cfg!(unix) { File::open(path)?.sync_all() } else { Ok(()) }
}

/// Copies everything, counting and hashing it, until told to stop.
pub(super) fn copy(
    path: &str,
    mut from: impl Read,
    mut to: impl Write,
    stop: &CancellationToken,
) -> Result<Entry> {
    let mut piece = vec![0; PIECE];
    let (mut hash, mut size) = (Sha256::new(), 0);
    loop {
        if stop.is_cancelled() {
            bail!("stopped: nothing was left behind");
        }
        let n = from.read(&mut piece).with_context(|| format!("{path} cannot be read"))?;
        if n == 0 {
            break;
        }
        hash.update(&piece[..n]);
        to.write_all(&piece[..n]).with_context(|| format!("{path} cannot be written"))?;
        size += n as u64;
    }
    Ok(Entry { path: path.to_owned(), size, sha256: hex::encode(hash.finalize()) })
}

/// Copies into a new private file, which is on the disk when this returns.
pub(super) fn copy_to_file(
    path: &str,
    from: impl Read,
    to: &Path,
    stop: &CancellationToken,
) -> Result<Entry> {
    if let Some(folder) = to.parent() {
        private_folder(folder).with_context(|| format!("the folder of {path} cannot be made"))?;
    }
    let mut file = private_file(to).with_context(|| format!("{path} cannot be written"))?;
    let entry = copy(path, from, &mut file, stop)?;
    file.sync_all().with_context(|| format!("{path} cannot be written"))?;
    Ok(entry)
}

/// Packs a folder of a backup into one file. The manifest comes first.
pub(super) fn pack(folder: &Path, manifest: &Manifest, to: &Path, stop: &CancellationToken) -> Result<()> {
    let mut zip = ZipWriter::new(private_file(to).context("the archive cannot be made")?);
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .compression_level(Some(1))
        .large_file(true)
        .unix_permissions(0o600);
    for path in [MANIFEST].into_iter().chain(manifest.files.iter().map(|entry| &*entry.path)) {
        zip.start_file(path, options).with_context(|| format!("{path} cannot be packed"))?;
        copy(path, File::open(folder.join(path))?, &mut zip, stop)?;
    }
    zip.finish().context("the archive cannot be written")?.sync_all()?;
    Ok(())
}

/// A backup that is read.
#[derive(Debug)]
pub(super) enum Archive {
    Folder(PathBuf),
    Zip(Box<ZipArchive<File>>),
}

impl Archive {
    pub(super) fn open(path: &Path) -> Result<Self> {
        let shown = path.display();
        if path.is_dir() {
            return Ok(Self::Folder(path.to_owned()));
        }
        let file = File::open(path).with_context(|| format!("{shown} cannot be read"))?;
        let zip = ZipArchive::new(file).with_context(|| format!("{shown} is damaged, or no backup"))?;
        Ok(Self::Zip(Box::new(zip)))
    }

    fn reader(&mut self, path: &str) -> Result<Box<dyn Read + '_>> {
        let missing = || format!("{path} is missing in the backup");
        Ok(match self {
            Self::Folder(folder) => {
                let file = folder.join(path);
                // What is no file would be waited for without end.
                if !file.symlink_metadata().with_context(missing)?.is_file() {
                    bail!("{path} of the backup is no file");
                }
                Box::new(File::open(file).with_context(missing)?)
            }
            Self::Zip(zip) => Box::new(zip.by_name(path).with_context(missing)?),
        })
    }

    /// What the backup says of itself, if this program can read it.
    pub(super) fn manifest(&mut self) -> Result<Manifest> {
        let mut text = Vec::new();
        let reader = self.reader(MANIFEST)?;
        reader.take(MAX_MANIFEST).read_to_end(&mut text).with_context(|| format!("{MANIFEST} is damaged"))?;
        #[derive(Deserialize)]
        struct Version {
            format: u32,
        }
        let damaged = || format!("{MANIFEST} is damaged");
        let version: Version = serde_json::from_slice(&text).with_context(damaged)?;
        if version.format != FORMAT {
            bail!("the backup has format {}, this program reads format {FORMAT}", version.format);
        }
        let manifest: Manifest = serde_json::from_slice(&text).with_context(damaged)?;
        if let Some(entry) = manifest.files.iter().find(|entry| !entry.is_sound()) {
            bail!("{MANIFEST} is damaged: '{}' has no place in a backup", entry.path.escape_debug());
        }
        if !manifest.files.iter().any(|entry| entry.path == DATABASE) {
            bail!("{MANIFEST} is damaged: it names no {DATABASE}");
        }
        Ok(manifest)
    }

    /// Copies a file out of the backup, and makes sure that it is the one that was put in.
    pub(super) fn extract(&mut self, entry: &Entry, to: &Path, stop: &CancellationToken) -> Result<()> {
        let damaged = || format!("{} of the backup is damaged", entry.path);
        let found = copy_to_file(&entry.path, self.reader(&entry.path)?, to, stop);
        // A packed file tells by itself, too, and says it in words of its own.
        let found = if stop.is_cancelled() { found? } else { found.with_context(damaged)? };
        if found != *entry {
            bail!("{}: it has {} bytes that are not those of the manifest", damaged(), found.size);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_place_leads_out_of_a_backup() {
        let sound = |path: &str| Entry { path: path.into(), size: 0, sha256: String::new() }.is_sound();
        for path in ["database.sqlite", "secret.key", "files/uploads/0199.csv", "files/a"] {
            assert!(sound(path), "{path}");
        }
        for path in [
            "",
            "..",
            "files",
            "files/",
            "files/../x",
            "/files/x",
            "files//x",
            "other",
            "files/.x",
            "files/a\\b",
        ] {
            assert!(!sound(path), "{path}");
        }
    }
}
