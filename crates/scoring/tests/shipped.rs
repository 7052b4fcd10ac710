//! The bundles that ship: each loads, answers its golden rows, and rises and falls with risk.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests as in tests

use std::{
    fs,
    path::{Path, PathBuf},
};

use accunode_domain::{Kind, Ratio};
use accunode_scoring::{Bundle, MemberModel};

/// Ratios that mean more risk where they are higher; of all others more means less.
const RISKIER_WHEN_HIGHER: [&str; 2] = ["long_term_debt_to_total_capital", "total_debt_to_ebitda"];

/// The folder of every shipped bundle; one of each kind must be there.
fn folders() -> Vec<PathBuf> {
    let models = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../../models"));
    for kind in Kind::ALL {
        assert!(models.join(kind.as_str()).join("manifest.json").is_file(), "models/{kind} is missing");
    }
    let entries = fs::read_dir(models).unwrap().map(|entry| entry.unwrap().path());
    entries.filter(|path| path.is_dir()).collect()
}

/// A golden row: the ratios in the order of the kind, and the expected numbers by column name.
struct Golden {
    ratios: Vec<Ratio>,
    expected: Vec<(String, f64)>,
}

fn golden(folder: &Path, bundle: &Bundle) -> Vec<Golden> {
    let text = fs::read_to_string(folder.join("golden.csv")).unwrap();
    let mut lines = text.lines();
    let header: Vec<&str> = lines.next().unwrap().split(',').collect();
    let features: Vec<&str> = bundle.features().collect();
    assert_eq!(header[..features.len()], features, "{}: golden.csv", folder.display());
    let parse = |line: &str| {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells.len(), header.len(), "{line}");
        let cell = |name: &str| cells[features.iter().position(|f| *f == name).unwrap()];
        Golden {
            ratios: bundle.kind().ratios().iter().map(|s| Ratio::from_text(cell(s.name)).unwrap()).collect(),
            expected: header[features.len()..]
                .iter()
                .zip(&cells[features.len()..])
                .map(|(name, cell)| ((*name).to_owned(), cell.parse().unwrap()))
                .collect(),
        }
    };
    lines.map(parse).collect()
}

#[test]
fn each_kind_has_its_bundle_with_both_members() {
    for kind in Kind::ALL {
        let folder = folders().into_iter().find(|folder| folder.ends_with(kind.as_str())).unwrap();
        let bundle = Bundle::load(&folder).unwrap();
        assert_eq!(bundle.kind(), kind);
        assert!(bundle.has_scorecard() && bundle.has_lightgbm());
        assert!(bundle.card().is_some(), "{}: no model card", folder.display());
        assert!(bundle.training_ranges().iter().all(Option::is_some));
        let population = bundle.population().unwrap();
        assert!((0..kind.ratios().len()).all(|ratio| population.median(ratio).is_some()));
        let text = fs::read_to_string(folder.join("golden.csv")).unwrap();
        let columns = "scorecard_probability,lightgbm_raw,lightgbm_probability,probability";
        assert!(text.lines().next().unwrap().ends_with(columns));
    }
}

#[test]
fn shipped_bundles_answer_their_golden_rows() {
    for folder in folders() {
        let bundle = Bundle::load(&folder).unwrap();
        let rows = golden(&folder, &bundle);
        assert!(rows.len() >= 20, "{}: {} golden rows", folder.display(), rows.len());
        for (line, row) in rows.iter().enumerate() {
            let score = bundle.score(&row.ratios).unwrap();
            let trees = bundle.members().iter().position(|m| matches!(m.model(), MemberModel::LightGbm(_)));
            for (name, expected) in &row.expected {
                let (got, tolerance) = match name.as_str() {
                    "scorecard_probability" => (score.scorecard_probability(), 1e-12),
                    "lightgbm_raw" => (trees.map(|index| score.members[index].raw), 1e-12),
                    "lightgbm_probability" => (score.lightgbm_probability(), 1e-12),
                    "probability" => (Some(score.probability), 1e-9),
                    other => panic!("{}: unknown golden column {other}", folder.display()),
                };
                let off = (got.unwrap() - expected).abs();
                let place = format!("{}: golden.csv, line {}, {name}", folder.display(), line + 2);
                assert!(off <= tolerance, "{place}: {got:?} is not {expected}");
            }
        }
    }
}

/// Values of a ratio from far below to far above its training range, with both sides of every edge of the
/// scorecards.
fn grid(bundle: &Bundle, ratio: usize) -> Vec<f64> {
    let (low, high) = bundle.training_ranges()[ratio].unwrap_or((-1e3, 1e3));
    let mut values = vec![-1e12, -1e6, low, high, 1e6, 1e12, 0.0];
    values.extend((0..=800).map(|i| -100.0 + f64::from(i) * 0.25));
    for member in bundle.members() {
        let MemberModel::Scorecard(card) = member.model() else { continue };
        let bins = card.features().iter().filter(|f| f.ratio == ratio).flat_map(|f| &f.bins);
        let edges = bins.flat_map(|bin| [bin.low, bin.high]).filter(|edge| edge.is_finite());
        values.extend(edges.flat_map(|edge| [edge, edge.next_up()]));
    }
    values.sort_by(f64::total_cmp);
    values
}

#[test]
fn shipped_bundles_are_monotone_in_every_ratio() {
    for folder in folders() {
        let bundle = Bundle::load(&folder).unwrap();
        let rows = golden(&folder, &bundle);
        for (ratio, spec) in bundle.kind().ratios().iter().enumerate() {
            let values = grid(&bundle, ratio);
            for row in rows.iter().step_by(3) {
                let mut columns: Vec<Vec<Ratio>> =
                    row.ratios.iter().map(|ratio| vec![*ratio; values.len()]).collect();
                columns[ratio] = values.iter().map(|x| Ratio::Value(*x)).collect();
                let p = bundle.score_batch(&columns).unwrap().probability;
                for (i, pair) in p.windows(2).enumerate() {
                    let rise = pair[1] - pair[0];
                    let riskier = if RISKIER_WHEN_HIGHER.contains(&spec.name) { rise } else { -rise };
                    let place = format!(
                        "{}: {} from {} to {}",
                        folder.display(),
                        spec.name,
                        values[i],
                        values[i + 1]
                    );
                    assert!(riskier >= -1e-12, "{place}: {} to {}", pair[0], pair[1]);
                }
                assert!(p[0] != p[p.len() - 1], "{}: {} has no influence", folder.display(), spec.name);
            }
        }
    }
}

#[test]
fn shipped_bundles_explain_their_golden_rows() {
    for folder in folders() {
        let bundle = Bundle::load(&folder).unwrap();
        for row in golden(&folder, &bundle) {
            let why = bundle.explain(&row.ratios).unwrap();
            let sum: f64 = why.contributions.iter().sum();
            assert!((sum - (why.log_odds - why.base_log_odds)).abs() < 1e-9);
            let p = bundle.score(&row.ratios).unwrap().probability;
            assert!((why.log_odds - accunode_scoring::log_odds(p)).abs() < 1e-9);
        }
    }
}
