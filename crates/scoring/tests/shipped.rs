//! The bundles that ship: each loads, answers its golden rows, and rises and falls with risk.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests as in tests

use std::{
    fs,
    path::{Path, PathBuf},
};

use accunode_domain::{Kind, Ratio};
use accunode_scoring::{Bundle, GOLDEN, Golden, MemberModel};

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

fn golden(folder: &Path, bundle: &Bundle) -> Golden {
    let bytes = fs::read(folder.join(GOLDEN)).unwrap();
    Golden::parse(&bytes, bundle).unwrap_or_else(|error| panic!("{}: {error}", folder.display()))
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
        let text = fs::read_to_string(folder.join(GOLDEN)).unwrap();
        let columns = "scorecard_probability,lightgbm_raw,lightgbm_probability,probability";
        assert!(text.lines().next().unwrap().ends_with(columns));
    }
}

#[test]
fn shipped_bundles_answer_their_golden_rows() {
    for folder in folders() {
        let bundle = Bundle::load(&folder).unwrap();
        let golden = golden(&folder, &bundle);
        assert!(golden.rows().len() >= 20, "{}: {} golden rows", folder.display(), golden.rows().len());
        golden.check(&bundle).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
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
        let golden = golden(&folder, &bundle);
        for (ratio, spec) in bundle.kind().ratios().iter().enumerate() {
            let values = grid(&bundle, ratio);
            for row in golden.rows().iter().step_by(3) {
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
        for row in golden(&folder, &bundle).rows() {
            let why = bundle.explain(&row.ratios).unwrap();
            let sum: f64 = why.contributions.iter().sum();
            assert!((sum - (why.log_odds - why.base_log_odds)).abs() < 1e-9);
            let p = bundle.score(&row.ratios).unwrap().probability;
            assert!((why.log_odds - accunode_scoring::log_odds(p)).abs() < 1e-9);
        }
    }
}
