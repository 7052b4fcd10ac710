//! The zip archive of a workbook: which parts it has, and whether it is safe to unpack them.

use std::{
    collections::HashMap,
    io::{Read, Seek, SeekFrom},
};

use zip::{CompressionMethod, ZipArchive, result::ZipError};

use super::part::{Entry, Part};
use crate::{FileError, Limits};

/// More parts than any workbook of data has.
const MAX_PARTS: usize = 10_000;
/// Below this a part may be packed as tightly as it likes.
const RATIO_FLOOR: u64 = 16 << 20;

/// An opened archive. Its index is held, nothing is unpacked.
pub(crate) struct Package<R> {
    input: R,
    /// By lower-case name with forward slashes.
    entries: HashMap<String, Entry>,
    max_piece: usize,
}

impl<R: Read + Seek> Package<R> {
    pub(crate) fn open(mut input: R, limits: &Limits) -> Result<Self, FileError> {
        refuse_many_parts(&mut input)?;
        let mut archive = ZipArchive::new(input).map_err(refused)?;
        let mut entries = HashMap::with_capacity(archive.len().min(MAX_PARTS));
        let mut total = 0_u64;
        for i in 0..archive.len() {
            let part = archive.by_index_raw(i).map_err(refused)?;
            let name = part_name(&part.name().map_err(refused)?)?;
            if part.encrypted() {
                let text = "the workbook is protected by a password; save it without one";
                return Err(FileError::Format(text.to_owned()));
            }
            let deflated = match part.compression() {
                CompressionMethod::Stored => false,
                CompressionMethod::Deflated => true,
                other => {
                    let text = format!("part '{name}' is packed by {other}, which no spreadsheet does");
                    return Err(FileError::Format(text));
                }
            };
            let (packed, size) = (part.compressed_size(), part.size());
            total = total.saturating_add(size);
            if total > limits.max_unzipped_bytes {
                return Err(FileError::TooLarge(format!(
                    "the workbook unpacks to more than {} MiB; split it into several files or save it as CSV",
                    limits.max_unzipped_bytes >> 20
                )));
            }
            if size > RATIO_FLOOR && size / limits.max_ratio.max(1) > packed {
                return Err(FileError::TooLarge(format!(
                    "part '{name}' unpacks to more than {} times its size, as no portfolio does",
                    limits.max_ratio
                )));
            }
            let start = part.data_start().ok_or_else(|| FileError::damaged("a part has no beginning"))?;
            let entry = Entry { start, packed, size, crc: part.crc32(), deflated };
            if entries.insert(name.clone(), entry).is_some() {
                return Err(FileError::damaged(format!("part '{name}' is there twice")));
            }
        }
        Ok(Self { input: archive.into_inner(), entries, max_piece: limits.max_piece_bytes() })
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.entries.contains_key(&name.to_lowercase())
    }

    fn entry(&self, name: &str) -> Result<Entry, FileError> {
        let found = self.entries.get(&name.to_lowercase()).copied();
        found.ok_or_else(|| FileError::damaged(format!("the workbook has no part '{name}'")))
    }

    /// A part that will be held in memory in some form, hence bounded.
    pub(crate) fn part(&mut self, name: &str, max_size: u64) -> Result<Part<&mut R>, FileError> {
        let entry = self.entry(name)?;
        if entry.size > max_size {
            return Err(FileError::TooLarge(format!(
                "part '{name}' of the workbook unpacks to more than {} MiB; save the file as CSV",
                max_size >> 20
            )));
        }
        Part::open(&mut self.input, entry, self.max_piece)
    }

    /// The part that is read row by row: takes the file with it.
    pub(crate) fn into_part(self, name: &str) -> Result<Part<R>, FileError> {
        let entry = self.entry(name)?;
        Part::open(self.input, entry, self.max_piece)
    }
}

/// Looks at the archive's end before its index is read into memory.
fn refuse_many_parts(input: &mut (impl Read + Seek)) -> Result<(), FileError> {
    const LONGEST_END: u64 = (1 << 16) + 22 + 20 + 56;
    let length = input.seek(SeekFrom::End(0))?;
    input.seek(SeekFrom::Start(length.saturating_sub(LONGEST_END)))?;
    let mut tail = Vec::new();
    input.take(LONGEST_END).read_to_end(&mut tail)?;
    input.seek(SeekFrom::Start(0))?;
    let count = |at: usize, bytes: usize| {
        tail.get(at..at + bytes).unwrap_or_default().iter().rev().fold(0_u64, |n, b| (n << 8) | u64::from(*b))
    };
    let ends = memchr::memmem::find_iter(&tail, b"PK\x05\x06").map(|at| count(at + 10, 2));
    let large_ends = memchr::memmem::find_iter(&tail, b"PK\x06\x06").map(|at| count(at + 32, 8));
    // 0xFFFF stands for "see the 64-bit record".
    let declared = ends.filter(|n| *n != 0xFFFF).chain(large_ends).max().unwrap_or_default();
    if declared > MAX_PARTS as u64 {
        return Err(FileError::TooLarge(format!("the archive has more than {MAX_PARTS} parts")));
    }
    Ok(())
}

/// The name to look a part up by. Nothing is ever written under these names; one that tries to climb out of
/// the package shows that no spreadsheet made it.
fn part_name(name: &str) -> Result<String, FileError> {
    let name = name.replace('\\', "/").to_lowercase();
    let climbs = name.split('/').any(|step| step == "..");
    if climbs || name.starts_with('/') || name.contains(':') || name.contains('\0') {
        return Err(FileError::damaged(format!(
            "it holds a part with the unsafe name '{}'",
            name.escape_debug()
        )));
    }
    Ok(name)
}

fn refused(error: ZipError) -> FileError {
    match error {
        ZipError::Io(e) if e.kind() != std::io::ErrorKind::UnexpectedEof => FileError::Io(e),
        e => FileError::damaged(format!("it is not a complete zip archive ({e})")),
    }
}
