//! Every parser of what comes from outside, over the corpus of the fuzz targets and what a mutator makes of it: nothing
//! panics, nothing grows beyond its bounds, and every refusal says why. The functions are those that `make fuzz` tries
//! for minutes; here they get a fixed number of cases, the same ones each time.

mod mutator;
#[path = "../../../../../fuzz/src/scoring.rs"]
mod scoring;
#[path = "../../../../../fuzz/src/server.rs"]
mod server;
#[path = "../../../../../fuzz/src/sheets.rs"]
mod sheets;

use std::{fs, panic::catch_unwind, path::Path};

use mutator::Mutator;

const FUZZ: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../fuzz");

/// A target, what it tries, and how many cases are made for it.
type Target = (&'static str, fn(&[u8]), usize);

const TARGETS: [Target; 8] = [
    ("lightgbm", scoring::lightgbm, 10_000),
    ("bundle_zip", scoring::bundle_zip, 10_000),
    ("bundle_files", scoring::bundle_files, 10_000),
    ("csv", sheets::csv, 4_000),
    ("xlsx_zip", sheets::xlsx_zip, 4_000),
    ("xlsx_sheet", sheets::xlsx_sheet, 4_000),
    ("token", server::token, 4_000),
    ("cursor", server::cursor, 20_000),
];

fn corpus(name: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(FUZZ).join("corpus").join(name);
    let mut files: Vec<_> = fs::read_dir(&folder)
        .unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect();
    files.sort();
    files
}

fn holds(name: &str) {
    let (_, target, cases) = TARGETS.into_iter().find(|target| target.0 == name).unwrap();
    let files = corpus(name);
    assert!(files.len() >= 5, "{name}: a corpus of {} files", files.len());
    for (file, bytes) in &files {
        assert!(catch_unwind(|| target(bytes)).is_ok(), "{name}: the corpus' file '{file}'");
    }
    let mut mutator = Mutator::new(files.into_iter().map(|(_, bytes)| bytes).collect());
    for case in 0..cases {
        let bytes = mutator.next();
        let shown = String::from_utf8_lossy(&bytes[..bytes.len().min(400)]).into_owned();
        assert!(catch_unwind(|| target(&bytes)).is_ok(), "{name}: case {case}, which begins {shown:?}");
    }
}

#[test]
fn lightgbm_texts_hold() {
    holds("lightgbm");
}

#[test]
fn bundle_archives_hold() {
    holds("bundle_zip");
}

#[test]
fn bundle_files_hold() {
    holds("bundle_files");
}

#[test]
fn csv_files_hold() {
    holds("csv");
}

#[test]
fn workbooks_hold() {
    holds("xlsx_zip");
}

#[test]
fn sheets_hold() {
    holds("xlsx_sheet");
}

#[test]
fn access_tokens_hold() {
    holds("token");
}

#[test]
fn places_in_lists_hold() {
    holds("cursor");
}

/// What is fuzzed and what is tried here are the same list, or one of them is forgotten.
#[test]
fn every_fuzz_target_is_tried_here() {
    let manifest = fs::read_to_string(Path::new(FUZZ).join("Cargo.toml")).unwrap();
    let fuzzed: Vec<_> =
        manifest.split("[[bin]]\nname = \"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    assert_eq!(fuzzed, TARGETS.map(|target| target.0));
    for name in fuzzed {
        let text =
            fs::read_to_string(Path::new(FUZZ).join("fuzz_targets").join(format!("{name}.rs"))).unwrap();
        assert!(text.contains(&format!("::{name}(data)")), "{name}: {text}");
    }
}
