//! The table in `docs/security.md` speaks of tests that are there.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

use cargo_metadata::{DependencyKind, MetadataCommand};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");

/// The rows of the standard's tables: number, requirement, what shows it.
fn rows() -> Vec<(String, String, String)> {
    let text = fs::read_to_string(Path::new(ROOT).join("docs/security.md")).unwrap();
    let is_number = |text: &str| text.contains('.') && text.split('.').all(|part| part.parse::<u8>().is_ok());
    let row = |line: &str| {
        let cells: Vec<&str> =
            line.trim().strip_prefix('|')?.strip_suffix('|')?.split('|').map(str::trim).collect();
        match cells.as_slice() {
            [number, what, shown] if number.split(", ").all(is_number) => {
                Some(((*number).to_owned(), (*what).to_owned(), (*shown).to_owned()))
            }
            _ => None,
        }
    };
    text.lines().filter_map(row).collect()
}

/// What stands between backquotes.
fn quoted(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}

fn rust_files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            rust_files(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            found.push(path);
        }
    }
}

#[test]
fn every_test_that_the_table_names_exists() {
    let mut files = Vec::new();
    rust_files(&Path::new(ROOT).join("crates"), &mut files);
    let texts: BTreeMap<String, String> =
        files.iter().map(|path| (path.display().to_string(), fs::read_to_string(path).unwrap())).collect();
    let (mut missing, mut tests) = (Vec::new(), 0);
    for (number, _, shown) in rows() {
        for name in quoted(&shown) {
            let Some((file, test)) = name.split_once("::") else { continue };
            tests += 1;
            let is_there = texts.iter().any(|(path, text)| {
                path.ends_with(&format!("/{file}")) && text.contains(&format!("fn {test}("))
            });
            if !is_there {
                missing.push(format!("{number}: {name}"));
            }
        }
    }
    assert!(missing.is_empty(), "no such test:\n{}", missing.join("\n"));
    assert!(tests >= 100, "the table names only {tests} tests");
}

#[test]
fn every_point_has_a_test_or_a_reason() {
    let rows = rows();
    assert!(rows.len() >= 90, "only {} points", rows.len());
    let mut numbers: Vec<&str> = rows.iter().flat_map(|row| row.0.split(", ")).collect();
    for (number, what, shown) in &rows {
        let says = shown.contains("::") || shown.starts_with("not met:") || shown.len() > 25;
        assert!(!what.is_empty() && says, "{number}: '{shown}'");
    }
    numbers.sort_unstable();
    let before = numbers.len();
    numbers.dedup();
    assert_eq!(numbers.len(), before, "a point stands there twice");
}

/// Nobody can have the server ask an address of their choice: it has nothing to ask with.
#[test]
fn the_server_has_no_http_client() {
    let metadata = MetadataCommand::new()
        .manifest_path(Path::new(ROOT).join("Cargo.toml"))
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .unwrap();
    for crate_name in ["accunode-server", "accunode-domain", "accunode-sheets", "accunode-scoring"] {
        let package = metadata.packages.iter().find(|package| *package.name == crate_name).unwrap();
        let used: Vec<_> = package
            .dependencies
            .iter()
            .filter(|d| d.kind == DependencyKind::Normal)
            .map(|d| &d.name)
            .collect();
        assert!(!used.is_empty());
        for client in ["reqwest", "hyper", "ureq", "curl", "isahc"] {
            assert!(!used.iter().any(|name| *name == client), "{crate_name} uses {client}");
        }
        // Connections are taken in with its other half.
        let parts = package.dependencies.iter().filter(|d| d.name == "hyper-util").flat_map(|d| &d.features);
        for part in parts {
            assert!(!part.starts_with("client"), "{crate_name} uses {part} of hyper-util");
        }
    }
}
