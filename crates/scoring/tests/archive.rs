//! Bundles from archives: what is taken, and what a hostile archive is told.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests as in tests

mod fixtures;

use std::{
    collections::BTreeMap,
    io::{Cursor, Write},
};

use accunode_domain::{Kind, Ratio};
use accunode_scoring::{Bundle, GOLDEN, Golden, archive, shipped_files};
use fixtures::Files;
use proptest::prelude::*;
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

/// The tiny bundle with golden rows of its own.
fn tiny() -> Files {
    let mut files = fixtures::files();
    let bundle = Bundle::from_files(files.clone()).unwrap();
    let row =
        |i: i32| vec![Ratio::Value(f64::from(i)), Ratio::NotMeaningful, Ratio::Missing, Ratio::Value(0.1)];
    let golden = Golden::write(&bundle, &(0..12).map(row).collect::<Vec<_>>()).unwrap();
    files.insert(GOLDEN.to_owned(), golden.into_bytes());
    files
}

/// An archive written entry by entry.
fn zip(entries: &[(&str, &[u8])], options: SimpleFileOptions) -> Vec<u8> {
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        if name.ends_with('/') {
            zip.add_directory(*name, options).unwrap();
        } else {
            zip.start_file(*name, options).unwrap();
            zip.write_all(content).unwrap();
        }
    }
    zip.finish().unwrap().into_inner()
}

fn plain(entries: &[(&str, &[u8])]) -> Vec<u8> {
    zip(entries, SimpleFileOptions::default())
}

/// Every place where `from` stands becomes `to`, of the same length.
fn replaced(mut bytes: Vec<u8>, from: &[u8], to: &[u8]) -> Vec<u8> {
    assert_eq!(from.len(), to.len());
    let at: Vec<usize> = (0..bytes.len() - from.len()).filter(|i| bytes[*i..].starts_with(from)).collect();
    assert!(!at.is_empty());
    for i in at {
        bytes[i..i + to.len()].copy_from_slice(to);
    }
    bytes
}

fn refusal(bytes: &[u8]) -> String {
    archive::unpack(bytes).unwrap_err().to_string()
}

#[test]
fn an_archive_has_the_hash_of_its_folder() {
    for kind in Kind::ALL {
        let files = shipped_files(kind);
        let opened = archive::open(&archive::pack(&files).unwrap()).unwrap();
        assert_eq!(opened.bundle.hash(), Bundle::from_files(files.clone()).unwrap().hash());
        assert_eq!(opened.golden_rows, files[GOLDEN].iter().filter(|b| **b == b'\n').count() - 1);
    }
    assert_eq!(archive::pack(&tiny()).unwrap(), archive::pack(&tiny()).unwrap());
}

#[test]
fn one_folder_around_all_is_left_out() {
    let files = tiny();
    let mut entries: Vec<(String, &[u8])> = vec![("my-bank/".to_owned(), &[])];
    entries.extend(files.iter().map(|(name, content)| (format!("my-bank/{name}"), content.as_slice())));
    let entries: Vec<(&str, &[u8])> =
        entries.iter().map(|(name, content)| (name.as_str(), *content)).collect();
    assert_eq!(archive::unpack(&plain(&entries)).unwrap(), files);
    assert_eq!(archive::open(&plain(&entries[1..])).unwrap().golden_rows, 12);
}

#[test]
fn names_that_are_not_plain_are_refused() {
    for name in
        ["../manifest.json", "/etc/passwd", "a/b/c", "..", "a\\b", ".hidden", "a b", "C:evil", "__MACOSX/x"]
    {
        let bytes = plain(&[("manifest.json", b"{}"), (name, b"x")]);
        let error = refusal(&bytes);
        assert!(error.contains("is not a plain file name"), "{name}: {error}");
    }
    // As the only folder, too.
    for folder in ["../x", "./x", "a b/x", "/x", "a/b/x"] {
        assert!(refusal(&plain(&[(folder, b"x")])).contains("is not a plain file name"), "{folder}");
    }
}

#[test]
fn links_and_other_folders_are_refused() {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.add_symlink("manifest.json", "/etc/passwd", SimpleFileOptions::default()).unwrap();
    assert_eq!(refusal(&archive.finish().unwrap().into_inner()), "manifest.json: is not a plain file");
    let error = refusal(&plain(&[("a", b"x"), ("b/", b"")]));
    assert!(error.contains("'b/'"), "{error}");
}

#[test]
fn a_name_twice_is_refused() {
    let bytes = replaced(plain(&[("one.json", b"1"), ("two.json", b"2")]), b"two.json", b"one.json");
    assert!(refusal(&bytes).contains("two entries of the same name"), "{}", refusal(&bytes));
}

#[test]
fn too_many_entries_are_refused() {
    let names: Vec<String> = (0..65).map(|i| format!("f{i}")).collect();
    let entries: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), b"x".as_slice())).collect();
    assert!(refusal(&plain(&entries)).contains("more than 64 entries"));
    assert_eq!(archive::unpack(&plain(&entries[1..])).unwrap().len(), 64);
}

#[test]
fn a_bomb_is_refused_before_it_unpacks() {
    let zeros = vec![0_u8; 8 << 20];
    assert_eq!(refusal(&plain(&[("a", &zeros)])), "a: unpacks to more than 200 times its size");
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let half = vec![b'x'; 30 << 20];
    assert!(
        refusal(&zip(&[("a", &half), ("b", &half), ("c", &half)], stored)).contains("larger than 64 MiB")
    );
    // Within the size of an archive, but more than may be there unpacked.
    let noisy: Vec<u8> = (0..45_u32 << 20)
        .map(|i| if i % 64 == 0 { (i.wrapping_mul(2_654_435_761) >> 24) as u8 } else { 7 })
        .collect();
    let error = refusal(&plain(&[("a", &noisy), ("b", &noisy), ("c", &noisy)]));
    assert_eq!(error, "c: unpacks, with the files before it, to more than 128 MiB");
}

#[test]
fn sizes_that_lie_are_found_out() {
    let content = b"abcdefgh".repeat(1_000);
    let honest = plain(&[("a.txt", &content)]);
    let declared = 8_000_u32.to_le_bytes();
    for lie in [7_999_u32, 8_001, 10, 60 << 20] {
        let bytes = replaced(honest.clone(), &declared, &lie.to_le_bytes());
        let error = refusal(&bytes);
        assert!(error.starts_with("a.txt: "), "{lie}: {error}");
    }
}

#[test]
fn damage_and_other_packings_are_named() {
    let honest = archive::pack(&tiny()).unwrap();
    for end in [0, 10, honest.len() / 2, honest.len() - 1] {
        assert!(refusal(&honest[..end]).starts_with("the archive: "), "{end}");
    }
    let content = b"some content that is stored as it is";
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let bytes = replaced(zip(&[("a.txt", content)], stored), b"as it is", b"as it XX");
    assert!(refusal(&bytes).starts_with("a.txt: is damaged"), "{}", refusal(&bytes));
    // The method stands at byte 8 of the local header and 10 of the record; bit 0 of the flags before it.
    let patched = |local: usize, record: usize, value: u8| {
        let mut bytes = zip(&[("a.txt", content)], stored);
        let at = (0..bytes.len()).find(|i| bytes[*i..].starts_with(b"PK\x01\x02")).unwrap();
        bytes[local] = value;
        bytes[at + record] = value;
        refusal(&bytes)
    };
    assert!(patched(8, 10, 12).contains("a.txt: is packed by"), "{}", patched(8, 10, 12));
    assert_eq!(patched(6, 8, 1), "a.txt: is encrypted");
}

#[test]
fn golden_rows_must_come_along_and_fit() {
    let with = |golden: Option<String>| {
        let mut files = tiny();
        files.remove(GOLDEN);
        files.extend(golden.map(|text| (GOLDEN.to_owned(), text.into_bytes())));
        archive::open(&archive::pack(&files).unwrap()).map(|o| o.golden_rows).map_err(|e| e.to_string())
    };
    let good = String::from_utf8(tiny()[GOLDEN].clone()).unwrap();
    assert_eq!(with(Some(good.clone())), Ok(12));
    let refused = |golden: Option<String>, text: &str| {
        let error = with(golden).unwrap_err();
        assert!(error.starts_with("golden.csv") && error.contains(text), "'{error}' lacks '{text}'");
    };
    refused(None, "is not in the archive");
    let lines: Vec<&str> = good.lines().collect();
    refused(Some(lines[..10].join("\n")), "has 9 rows");
    refused(Some(good.replacen("sga_margin", "sga", 1)), "line 1: unknown column 'sga'");
    refused(Some(good.replacen("sga_margin", "return_on_capital", 1)), "twice");
    refused(Some(good.replacen(",probability", ",lightgbm_raw", 1)), "twice");
    refused(Some(good.replacen(lines[3], "1,2", 1)), "line 4: has 2 cells");
    refused(Some(good.replacen("\n1,", "\nmuch,", 1)), "line 3: column 'total_debt_to_ebitda'");
    let cut = |line: &str| line.rsplit_once(',').unwrap().0.to_owned();
    refused(Some(good.replacen(lines[5], &(cut(lines[5]) + ",NaN"), 1)), "line 6: column 'probability'");
    let wrong = good.replacen(lines[5], &(cut(lines[5]) + ",0.5"), 1).replacen(
        lines[7],
        &(cut(lines[7]) + ",0.5"),
        1,
    );
    let error = with(Some(wrong)).unwrap_err();
    assert!(
        error.starts_with("golden.csv, line 6: probability is 0.") && error.contains("line 8: probability"),
        "{error}"
    );
}

/// A difference of one part in 10¹¹ is one, a last bit is not.
#[test]
fn golden_rows_are_compared_closely() {
    let files = tiny();
    let bundle = Bundle::from_files(files.clone()).unwrap();
    let good = String::from_utf8(files[GOLDEN].clone()).unwrap();
    let last = good.trim_end().rsplit(',').next().unwrap();
    let p: f64 = last.parse().unwrap();
    let with = |p: f64| {
        let text = good.trim_end().strip_suffix(last).unwrap().to_owned() + &p.to_string();
        Golden::parse(text.as_bytes(), &bundle).unwrap().check(&bundle)
    };
    assert!(with(p.next_up()).is_ok() && with(p.next_down()).is_ok());
    assert!(with(p * (1.0 + 1e-11)).unwrap_err().to_string().contains("line 13: probability"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_packed_unpacks(
        files in proptest::collection::btree_map("[a-z][a-z0-9._-]{0,20}", proptest::collection::vec(any::<u8>(), 0..2_000), 1..20)
    ) {
        let bytes = archive::pack(&files).unwrap();
        prop_assert_eq!(archive::unpack(&bytes).unwrap(), files);
    }

    /// Whatever is done to an archive, it is read whole or refused, and what is read is what was there.
    #[test]
    fn a_damaged_archive_never_gives_other_contents(
        changes in proptest::collection::vec((any::<proptest::sample::Index>(), any::<u8>()), 1..6)
    ) {
        let files = BTreeMap::from([("a.txt".to_owned(), b"what stands here".repeat(9)), ("b.txt".to_owned(), b"b".to_vec())]);
        let mut bytes = archive::pack(&files).unwrap();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        if let Ok(read) = archive::unpack(&bytes) {
            for content in read.values() {
                prop_assert!(files.values().any(|known| known == content));
            }
        }
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let bytes = [b"PK\x03\x04".as_slice(), &bytes].concat();
        prop_assert!(archive::unpack(&bytes).is_err());
    }
}
