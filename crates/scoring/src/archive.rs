//! A bundle as a zip archive: unpacked in memory and within bounds, never to disk.

use std::{
    collections::BTreeMap,
    io::{Cursor, Read, Write},
};

use zip::{
    CompressionMethod, DateTime, ZipArchive, ZipWriter, read::ZipFile, result::ZipError,
    write::SimpleFileOptions,
};

use crate::{
    Bundle, BundleError, Golden,
    files::{MAX_FILE, check_name},
    golden::GOLDEN,
};

/// Largest archive in bytes.
pub const MAX_ARCHIVE: u64 = 64 << 20;
/// Most entries of an archive, its top folder included.
const MAX_ENTRIES: usize = 64;
/// Most bytes that all files of an archive have together, unpacked.
const MAX_TOTAL: u64 = 128 << 20;
/// How many times its packed size a file may have unpacked: texts of trees stay far below.
const MAX_RATIO: u64 = 200;
/// Below this a file may be packed as tightly as it likes.
const RATIO_FLOOR: u64 = 1 << 20;
/// What an entry's record in the archive's index begins with.
const RECORD: &[u8] = b"PK\x01\x02";
/// What messages call the archive itself.
const ARCHIVE: &str = "the archive";

/// A bundle from an archive, with the golden rows that came with it and that it answers.
#[derive(Debug)]
pub struct Opened {
    /// The bundle.
    pub bundle: Bundle,
    /// How many golden rows there are.
    pub golden_rows: usize,
}

/// Reads an archive's bundle and makes sure that it answers the golden rows in it. Nothing is executed, and
/// nothing is written.
///
/// # Errors
/// [`BundleError`] naming the entry, the line and the reason.
pub fn open(bytes: &[u8]) -> Result<Opened, BundleError> {
    let mut files = unpack(bytes)?;
    let missing = || {
        BundleError::file(GOLDEN, "is not in the archive: rows with their expected scores must come along")
    };
    let golden = files.remove(GOLDEN).ok_or_else(missing)?;
    let bundle = Bundle::from_files(files)?;
    let golden = Golden::parse(&golden, &bundle)?;
    golden.check(&bundle)?;
    Ok(Opened { golden_rows: golden.rows().len(), bundle })
}

/// The files of an archive by name. A folder that holds all of them is left out of the names; other folders are
/// refused, as is everything that is not a plain file.
///
/// # Errors
/// [`BundleError`] naming the entry and the reason.
pub fn unpack(bytes: &[u8]) -> Result<BTreeMap<String, Vec<u8>>, BundleError> {
    if bytes.len() as u64 > MAX_ARCHIVE {
        return Err(refused(format!("is larger than {} MiB", MAX_ARCHIVE >> 20)));
    }
    // Before the index is read into memory.
    let records = bytes.windows(RECORD.len()).filter(|window| *window == RECORD).count();
    if records > MAX_ENTRIES {
        return Err(refused(format!("has more than {MAX_ENTRIES} entries")));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|e| damaged(&e))?;
    let top = top_folder(&archive)?;
    if archive.has_duplicate_names() {
        return Err(refused("has two entries of the same name"));
    }
    if archive.has_overlapping_entries().map_err(|e| damaged(&e))? {
        return Err(refused("has entries that lie over each other"));
    }
    let mut files = BTreeMap::new();
    let mut left = MAX_TOTAL;
    for index in 0..archive.len() {
        let raw = archive.by_index_raw(index).map_err(|e| damaged(&e))?;
        let Some(name) = plain_name(&raw, &top)? else { continue };
        drop(raw);
        let entry =
            archive.by_index(index).map_err(|e| BundleError::file(&name, format!("is damaged: {e}")))?;
        let content = content(entry, &name, left)?;
        left = left.saturating_sub(content.len() as u64);
        // Names can be the same once their folder is taken away.
        if files.insert(name.clone(), content).is_some() {
            return Err(BundleError::file(&name, "is in the archive twice"));
        }
    }
    Ok(files)
}

/// Packs files into an archive: the same bytes for the same files.
///
/// # Errors
/// [`BundleError`] for a name that is none, or files larger than any archive.
pub fn pack(files: &BTreeMap<String, Vec<u8>>) -> Result<Vec<u8>, BundleError> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::default());
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in files {
        check_name(name).map_err(|reason| BundleError::file(name, reason))?;
        let failed = |e: &dyn std::fmt::Display| BundleError::file(name, format!("cannot be packed: {e}"));
        archive.start_file(name.as_str(), options).map_err(|e| failed(&e))?;
        archive.write_all(content).map_err(|e| failed(&e))?;
    }
    let packed = archive.finish().map_err(|e| refused(format!("cannot be written: {e}")))?;
    Ok(packed.into_inner())
}

fn refused(reason: impl Into<String>) -> BundleError {
    BundleError::file(ARCHIVE, reason)
}

fn damaged(error: &ZipError) -> BundleError {
    refused(format!("is not a complete zip archive ({error})"))
}

/// The folder that every entry lies in, with its slash; empty where the files lie at the top.
fn top_folder(archive: &ZipArchive<Cursor<&[u8]>>) -> Result<String, BundleError> {
    let mut names = archive.file_names();
    let Some(first) = names.next() else { return Err(refused("is empty")) };
    let first = first.map_err(|e| damaged(&e))?.into_owned();
    let Some((folder, _)) = first.split_once('/') else { return Ok(String::new()) };
    let top = format!("{folder}/");
    for name in names {
        if !name.map_err(|e| damaged(&e))?.starts_with(&top) {
            return Ok(String::new());
        }
    }
    check_name(folder).map_err(|reason| refused(format!("has a folder that is not taken: {reason}")))?;
    Ok(top)
}

/// The name of an entry without the top folder; none for the folder itself.
fn plain_name<R: Read>(entry: &ZipFile<'_, R>, top: &str) -> Result<Option<String>, BundleError> {
    let full = entry.name().map_err(|e| damaged(&e))?.into_owned();
    let name = full.strip_prefix(top).unwrap_or(&full);
    if name.is_empty() && entry.is_dir() && entry.size() == 0 {
        return Ok(None);
    }
    check_name(name).map_err(|reason| refused(format!("holds an entry that is not taken: {reason}")))?;
    let refuse = |reason: String| Err(BundleError::file(name, reason));
    // Beside plain files, the type in the mode can say link, pipe or device.
    let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
    if entry.is_dir() || entry.is_symlink() || !matches!(kind, 0 | 0o100_000) {
        return refuse("is not a plain file".to_owned());
    }
    if entry.encrypted() {
        return refuse("is encrypted".to_owned());
    }
    if !matches!(entry.compression(), CompressionMethod::Stored | CompressionMethod::Deflated) {
        return refuse(format!(
            "is packed by {}; only 'deflated' and 'stored' are read",
            entry.compression()
        ));
    }
    Ok(Some(name.to_owned()))
}

/// Unpacks one file, of which no more is read than may be there.
fn content<R: Read>(entry: ZipFile<'_, R>, name: &str, left: u64) -> Result<Vec<u8>, BundleError> {
    let refuse = |reason: String| Err(BundleError::file(name, reason));
    let (declared, packed) = (entry.size(), entry.compressed_size());
    if declared > MAX_FILE {
        return refuse(format!("unpacks to more than {} MiB", MAX_FILE >> 20));
    }
    if declared > left {
        return refuse(format!("unpacks, with the files before it, to more than {} MiB", MAX_TOTAL >> 20));
    }
    if declared > RATIO_FLOOR && declared / MAX_RATIO > packed {
        return refuse(format!("unpacks to more than {MAX_RATIO} times its size"));
    }
    let mut bytes = Vec::new();
    if let Err(error) = entry.take(declared + 1).read_to_end(&mut bytes) {
        return refuse(format!("is damaged: {error}"));
    }
    if bytes.len() as u64 != declared {
        return refuse(format!("does not unpack to the {declared} bytes that the archive tells of"));
    }
    Ok(bytes)
}
