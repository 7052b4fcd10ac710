//! The engine against LightGBM's own answers.

#![allow(clippy::unwrap_used, clippy::panic, clippy::print_stdout)] // a test ends where its data is not as expected
use std::path::{Path, PathBuf};

use accunode_scoring::lightgbm::{Kernel, Model};

/// A row of a reference file: inputs, raw score, probability, contributions.
struct Case {
    x: Vec<f64>,
    raw: f64,
    p: f64,
    contributions: Vec<f64>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures")
}

fn numbers(text: &str) -> Vec<f64> {
    text.split_whitespace().map(|token| token.parse().unwrap()).collect()
}

/// The recorded rows of a fixture (`inputs | raw probability | contributions`).
fn cases(name: &str) -> Vec<Case> {
    let text = std::fs::read_to_string(fixtures().join(format!("{name}.rows"))).unwrap();
    let case = |line: &str| {
        let parts: Vec<Vec<f64>> = line.split('|').map(numbers).collect();
        let [x, score, contributions] = <[Vec<f64>; 3]>::try_from(parts).unwrap();
        Case { x, raw: score[0], p: score[1], contributions }
    };
    text.lines().map(case).collect()
}

/// Raw scores to the last bit, one by one and as a batch; probabilities and contributions to 1e-9.
fn compare(name: &str, text: &str, cases: &[Case]) {
    for kernel in Kernel::available() {
        let model = Model::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        compare_kernel(&format!("{name} on {kernel:?}"), &model.with_kernel(kernel), cases);
    }
}

fn compare_kernel(name: &str, model: &Model, cases: &[Case]) {
    let columns: Vec<Vec<f64>> =
        (0..model.num_features()).map(|f| cases.iter().map(|case| case.x[f]).collect()).collect();
    let columns: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
    let mut batch = vec![0.0; cases.len()];
    model.raw_batch(&columns, &mut batch).unwrap();
    let width = model.num_features() + 1;
    let mut contributions = vec![0.0; cases.len() * width];
    model.contributions_batch(&columns, &mut contributions).unwrap();
    for (row, case) in cases.iter().enumerate() {
        let raw = model.raw(&case.x);
        let place = format!("{name}, row {row} {:?}", case.x);
        assert_eq!(raw.to_bits(), case.raw.to_bits(), "{place}: {raw} for {}", case.raw);
        assert_eq!(batch[row].to_bits(), raw.to_bits(), "{place}: batch");
        assert!((model.probability(raw) - case.p).abs() < 1e-9, "{place}");
        let got = &contributions[row * width..][..width];
        for (feature, (got, expected)) in got.iter().zip(&case.contributions).enumerate() {
            assert!((got - expected).abs() < 1e-9, "{place}, feature {feature}: {got} for {expected}");
        }
        let sum: f64 = got.iter().sum();
        assert!((sum - raw).abs() < 1e-12 * raw.abs().max(1.0), "{place}: {sum} for {raw}");
    }
}

#[test]
fn fixture_models_score_as_lightgbm_does() {
    let mut seen = 0;
    for entry in std::fs::read_dir(fixtures()).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "txt") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap();
        let text = std::fs::read_to_string(&path).unwrap();
        let cases = cases(name);
        assert_eq!(cases.len(), 60, "{name}");
        compare(name, &text, &cases);
        seen += 1;
    }
    assert!(seen >= 15, "only {seen} fixtures");
}

#[test]
fn reference_model_scores_as_lightgbm_does() {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/reference");
    let rows = shared.join("lightgbm_cases.jsonl");
    let Ok(rows) = std::fs::read_to_string(rows) else {
        println!("skipped: no reference material");
        return;
    };
    let text = std::fs::read_to_string(shared.join("models/quarterly/lightgbm.txt")).unwrap();
    let list = |value: &serde_json::Value| -> Vec<f64> {
        value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap_or(f64::NAN)).collect()
    };
    let case = |line: &str| {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        Case {
            x: list(&case["x"]),
            raw: case["raw"].as_f64().unwrap(),
            p: case["p"].as_f64().unwrap(),
            contributions: list(&case["contrib"]),
        }
    };
    let cases: Vec<Case> = rows.lines().map(case).collect();
    assert!(!cases.is_empty());
    compare("reference", &text, &cases);
}
