//! The files of a bundle: plain names, bounded sizes, and the hash over them.

use std::{
    collections::{BTreeMap, btree_map::Entry},
    fs,
    io::Read,
    path::Path,
};

use sha2::{Digest, Sha256};

use crate::{At, BundleError};

/// Name of the file that every bundle begins with.
pub(crate) const MANIFEST: &str = "manifest.json";
/// Largest manifest in bytes.
pub(crate) const MAX_MANIFEST: u64 = 256 << 10;
/// Largest member or model card in bytes.
pub(crate) const MAX_FILE: u64 = 64 << 20;
/// Longest file name in bytes.
const MAX_NAME: usize = 100;

/// Where a bundle's files come from.
pub(crate) enum Source<'a> {
    /// A folder on disk.
    Folder(&'a Path),
    /// Files already in memory, by name.
    Memory(BTreeMap<String, Vec<u8>>),
}

/// The files that a bundle has named so far, by name.
pub(crate) struct Files<'a> {
    source: Source<'a>,
    read: BTreeMap<String, Vec<u8>>,
}

impl<'a> Files<'a> {
    pub(crate) fn new(source: Source<'a>) -> Self {
        Self { source, read: BTreeMap::new() }
    }

    /// The text of a file of at most `limit` bytes. The name must have passed [`check_name`].
    pub(crate) fn text(&mut self, name: &str, limit: u64) -> Result<&str, BundleError> {
        let bytes = match self.read.entry(name.to_owned()) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => entry.insert(match &mut self.source {
                Source::Folder(folder) => read_file(folder, name, limit)?,
                Source::Memory(files) => {
                    files.remove(name).ok_or_else(|| BundleError::file(name, "is not in the bundle"))?
                }
            }),
        };
        if bytes.len() as u64 > limit {
            return Err(BundleError::file(name, format!("is larger than {limit} bytes")));
        }
        std::str::from_utf8(bytes).map_err(|error| {
            let line = 1 + bytes[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count();
            BundleError { at: At::Line(line, None), ..BundleError::file(name, "is not UTF-8 text") }
        })
    }

    /// The files read.
    pub(crate) fn into_read(self) -> BTreeMap<String, Vec<u8>> {
        self.read
    }

    /// SHA-256 in hexadecimal over the files read, sorted by name: for each the length of its name (eight
    /// bytes, little-endian), the name, the length of its content (likewise), the content.
    pub(crate) fn hash(&self) -> String {
        let mut hash = Sha256::new();
        for (name, content) in &self.read {
            hash.update((name.len() as u64).to_le_bytes());
            hash.update(name.as_bytes());
            hash.update((content.len() as u64).to_le_bytes());
            hash.update(content);
        }
        hex::encode(hash.finalize())
    }
}

/// Why a name cannot be a bundle's file: only the names of plain files beside the manifest are taken, so
/// that no bundle reaches outside its folder.
pub(crate) fn check_name(name: &str) -> Result<(), String> {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
    if name.is_empty() || name.len() > MAX_NAME || name.starts_with('.') || !name.bytes().all(plain) {
        let shown: String = name.chars().take(40).collect();
        return Err(format!(
            "'{shown}' is not a plain file name (letters, digits, '.', '_' and '-', not beginning with '.', \
             at most {MAX_NAME} characters)"
        ));
    }
    Ok(())
}

fn read_file(folder: &Path, name: &str, limit: u64) -> Result<Vec<u8>, BundleError> {
    let failed = |error: std::io::Error| BundleError::file(name, format!("cannot be read: {error}"));
    let path = folder.join(name);
    // Opening a pipe or a device could block for ever.
    if !fs::metadata(&path).map_err(failed)?.is_file() {
        return Err(BundleError::file(name, "is not a regular file"));
    }
    let mut bytes = Vec::new();
    fs::File::open(&path).map_err(failed)?.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_stay_beside_the_manifest() {
        for name in ["scorecard.json", "model-2.txt", "a"] {
            assert_eq!(check_name(name), Ok(()), "{name}");
        }
        for name in ["", "..", ".hidden", "../x", "a/b", "a\\b", "/etc/passwd", "C:x", "a b", "ä", "a\0b"] {
            assert!(check_name(name).is_err(), "{name:?}");
        }
        assert!(check_name(&"x".repeat(MAX_NAME + 1)).is_err());
    }

    #[test]
    fn the_hash_covers_names_and_contents_and_their_bounds() {
        let hash = |files: &[(&str, &str)]| {
            let map = files.iter().map(|(n, c)| ((*n).to_owned(), c.as_bytes().to_vec())).collect();
            Files { source: Source::Memory(BTreeMap::new()), read: map }.hash()
        };
        assert_eq!(hash(&[("a", "1"), ("b", "2")]), hash(&[("b", "2"), ("a", "1")]));
        let different = [
            hash(&[("a", "1"), ("b", "2")]),
            hash(&[("a", "1b2")]),
            hash(&[("a1", ""), ("b", "2")]),
            hash(&[("a", "1"), ("b", "3")]),
        ];
        for (i, one) in different.iter().enumerate() {
            assert!(different[i + 1..].iter().all(|other| other != one));
        }
    }
}
