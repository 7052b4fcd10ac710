//! The reference's scorecards and LightGBM model, case by case, where the reference is at hand.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests as in tests

use std::{fs, path::PathBuf};

use accunode_domain::{Kind, Ratio};
use accunode_scoring::{Bundle, Score};
use serde_json::Value;

fn reference() -> Option<PathBuf> {
    let folder = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/reference"));
    if !folder.is_dir() {
        eprintln!("skipped: the reference cases are not on this machine");
        return None;
    }
    Some(folder)
}

/// Scores every case of a kind; gives the reference's outputs and ours.
fn cases(kind: Kind) -> Option<Vec<(Value, Score)>> {
    let folder = reference()?;
    let bundle = Bundle::load(&folder.join(format!("models/{kind}"))).unwrap();
    assert_eq!(bundle.kind(), kind);
    let text = fs::read_to_string(folder.join(format!("{kind}_cases.jsonl"))).unwrap();
    let mut cases = Vec::new();
    for line in text.lines() {
        let case: Value = serde_json::from_str(line).unwrap();
        // The sentinel of the vendor's files is not special to a model: values are taken as they are.
        let ratio = |name: &str| case["input"][name].as_f64().map_or(Ratio::Missing, Ratio::Value);
        let ratios: Vec<Ratio> = kind.ratios().iter().map(|spec| ratio(spec.name)).collect();
        cases.push((case["output"].clone(), bundle.score(&ratios).unwrap()));
    }
    assert!(cases.len() >= 300, "only {} cases", cases.len());
    Some(cases)
}

#[test]
fn annual_scorecard() {
    for (expected, score) in cases(Kind::Annual).unwrap_or_default() {
        let p = expected["probability"].as_f64().unwrap();
        assert!((score.probability - p).abs() < 1e-12, "{} is not {p}", score.probability);
        assert_eq!(expected["risk_level"], score.risk_level.as_str());
        assert!((score.confidence - expected["confidence"].as_f64().unwrap()).abs() < 1e-12);
    }
}

#[test]
fn quarterly_scorecard_and_trees() {
    for (expected, score) in cases(Kind::Quarterly).unwrap_or_default() {
        let (card, trees) = (score.scorecard_probability().unwrap(), score.lightgbm_probability().unwrap());
        let p = expected["logistic_probability"].as_f64().unwrap();
        assert!((card - p).abs() < 1e-12, "{card} is not {p}");
        let p = expected["gbm_probability"].as_f64().unwrap();
        assert!((trees - p).abs() < 1e-9, "{trees} is not {p}");
        assert!((score.probability - f64::midpoint(card, trees)).abs() < 1e-15);
    }
}
