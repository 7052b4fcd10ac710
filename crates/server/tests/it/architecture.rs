//! The shape of the project: small files, and crates that depend in one direction.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use cargo_metadata::{CargoOpt, DependencyKind, MetadataCommand};

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../..");
const MOST_LINES: usize = 400;
/// Files that may be longer, each with the reason.
const EXCEPTIONS: [(&str, &str); 0] = [];

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    const SKIPPED: [&str; 6] = ["target", "node_modules", ".git", ".venv", "made", ".demo"];
    const ENDINGS: [&str; 7] = ["rs", "py", "sh", "ts", "mjs", "svelte", "sql"];
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if path.is_dir() {
            if !SKIPPED.contains(&name.as_str()) {
                sources(&path, found);
            }
        } else if path.extension().is_some_and(|e| ENDINGS.iter().any(|known| e == *known)) {
            found.push(path);
        }
    }
}

#[test]
fn no_source_file_is_long() {
    let mut files = Vec::new();
    sources(Path::new(ROOT), &mut files);
    assert!(files.len() > 50, "the walk found only {} files", files.len());
    let root = fs::canonicalize(ROOT).unwrap();
    let mut long = Vec::new();
    for file in files {
        let lines = fs::read_to_string(&file).unwrap().lines().count();
        let file = fs::canonicalize(file).unwrap();
        let name = file.strip_prefix(&root).unwrap().display().to_string();
        if lines > MOST_LINES && !EXCEPTIONS.iter().any(|(path, _)| *path == name) {
            long.push(format!("{name}: {lines} lines"));
        }
    }
    assert!(long.is_empty(), "more than {MOST_LINES} lines:\n{}", long.join("\n"));
}

/// What each crate may use of the project's own crates; of tests alone, the testkit too.
fn allowed() -> BTreeMap<&'static str, Vec<&'static str>> {
    let below_server = ["domain", "telemetry", "scoring", "sheets", "db", "queue", "infra"];
    BTreeMap::from([
        ("domain", vec![]),
        ("scoring", vec!["domain"]),
        ("sheets", vec!["domain"]),
        ("telemetry", vec![]),
        ("db", vec!["domain", "telemetry"]),
        ("infra", vec!["domain", "telemetry"]),
        ("queue", vec!["domain", "telemetry", "db", "infra"]),
        ("server", below_server.to_vec()),
        ("accunode", below_server.into_iter().chain(["server"]).collect()),
        ("testkit", vec!["domain", "db"]),
    ])
}

#[test]
fn crates_depend_in_one_direction() {
    let metadata = MetadataCommand::new()
        .manifest_path(Path::new(ROOT).join("Cargo.toml"))
        .features(CargoOpt::AllFeatures)
        .no_deps()
        .other_options(vec!["--offline".to_owned()])
        .exec()
        .unwrap();
    let allowed = allowed();
    let short = |name: &str| name.trim_start_matches("accunode-").to_owned();
    let mut wrong = Vec::new();
    for package in &metadata.packages {
        let name = short(&package.name);
        let may =
            allowed.get(name.as_str()).unwrap_or_else(|| panic!("crate {name} has no place in the order"));
        for dependency in package.dependencies.iter().filter(|d| d.name.starts_with("accunode")) {
            let used = short(&dependency.name);
            let test_only = dependency.kind == DependencyKind::Development && used == "testkit";
            if !may.contains(&used.as_str()) && !test_only {
                wrong.push(format!("{name} uses {used}"));
            }
        }
        let http = package.dependencies.iter().any(|d| d.name == "axum" && d.kind == DependencyKind::Normal);
        if http && name != "server" {
            wrong.push(format!("{name} uses axum"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn banned_crates_are_not_in_the_lock_file() {
    let lock = fs::read_to_string(Path::new(ROOT).join("Cargo.lock")).unwrap();
    let count = |name: &str| lock.lines().filter(|l| *l == format!("name = \"{name}\"")).count();
    assert_eq!(count("sqlx"), 1, "one sqlx");
    assert_eq!(count("libsqlite3-sys"), 1, "one SQLite");
    for banned in ["aws-lc-sys", "aws-lc-rs", "openssl-sys"] {
        assert_eq!(count(banned), 0, "{banned}");
    }
}

#[test]
fn sql_stands_in_stores_alone() {
    let mut files = Vec::new();
    sources(&Path::new(ROOT).join("crates/server/src"), &mut files);
    let offenders: Vec<_> = files
        .iter()
        .filter(|f| !f.components().any(|c| c.as_os_str() == "store" || c.as_os_str() == "store.rs"))
        .filter(|f| fs::read_to_string(f).unwrap().contains("sqlx::query"))
        .collect();
    assert!(offenders.is_empty(), "{offenders:?}");
}

/// The licences that `deny.toml` allows.
fn allowed_licences() -> Vec<String> {
    let text = fs::read_to_string(Path::new(ROOT).join("deny.toml")).unwrap();
    let list = text.split_once("allow = [").unwrap().1.split_once(']').unwrap().0;
    list.split('"').skip(1).step_by(2).map(str::to_owned).collect()
}

/// The platform that the compiler builds for.
fn host() -> String {
    let output = Command::new("rustc").arg("-vV").output().unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().find_map(|l| l.strip_prefix("host: ")).unwrap().to_owned()
}

#[test]
fn every_dependency_has_an_allowed_licence() {
    let metadata = MetadataCommand::new()
        .manifest_path(Path::new(ROOT).join("Cargo.toml"))
        // What is built here: the packages of other platforms have not been downloaded.
        .other_options(["--offline", "--locked", "--filter-platform", &host()].map(str::to_owned).to_vec())
        .exec()
        .unwrap();
    let allowed = allowed_licences();
    assert!(allowed.contains(&"MIT".to_owned()), "{allowed:?}");
    let mut wrong = Vec::new();
    for package in metadata.packages.iter().filter(|p| p.source.is_some()) {
        let licence =
            package.license.clone().unwrap_or_default().replace(['(', ')'], "").replace('/', " OR ");
        let fits = |all: &str| all.split(" AND ").all(|one| allowed.iter().any(|a| a == one.trim()));
        if !licence.split(" OR ").any(fits) {
            wrong.push(format!("{} {}: '{licence}'", package.name, package.version));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// Work across tenants is an exception each time: who adds one changes this list, and somebody reads the change.
#[test]
fn work_across_tenants_is_counted() {
    let mut files = Vec::new();
    sources(&Path::new(ROOT).join("crates/server/src"), &mut files);
    files.sort();
    let mut reasons: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        for call in [".system(\"", ".system_read(\"", ".system_glance(\"", ".elevate(\""] {
            for rest in text.split(call).skip(1) {
                let reason = rest.split('"').next().unwrap_or_default().to_owned();
                let file = fs::canonicalize(&file).unwrap();
                let name = file.strip_prefix(fs::canonicalize(ROOT).unwrap()).unwrap().display().to_string();
                reasons.entry(name).or_default().push(format!("{}: {reason}", &call[1..call.len() - 2]));
            }
        }
    }
    for list in reasons.values_mut() {
        list.sort();
    }
    insta::assert_json_snapshot!("work_across_tenants", reasons);
}
