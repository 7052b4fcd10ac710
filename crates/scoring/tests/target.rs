//! What-if adds up, and the way to a wanted score is the shortest.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests as in tests

mod fixtures;

use std::{fs, path::Path};

use accunode_domain::{Kind, Ratio, RiskLevel};
use accunode_scoring::{Bundle, lightgbm::Model, shipped};
use fixtures::{bundle, cell, files_of, manifest, parts, random_bundle, random_card, row, scorecard};
use proptest::prelude::*;
use serde_json::json;

const NAN: f64 = f64::NAN;
const NM: f64 = f64::INFINITY;

#[test]
fn the_tiny_bundles_steps_are_those_of_its_files() {
    let bundle = bundle();
    let cells = row([3.5, 1.0, 1.0, 2.0]);
    let p = bundle.score(&cells).unwrap().probability;
    let steps = bundle.targets(&cells, |q| q < p).unwrap();
    // Debt: 3.5 is in (2, 4]; the trees ask 3 ≥ debt.
    let debt = steps[0].to.unwrap();
    assert_eq!(
        (steps[0].ratio, debt.bound, debt.value, debt.change),
        ("total_debt_to_ebitda", 3.0, 3.0, Some(-0.5))
    );
    // No member takes these two.
    assert_eq!((steps[1].to, steps[2].to), (None, None));
    // Return: bins end at 0, the trees ask 5 ≥ return.
    let back = steps[3].to.unwrap();
    assert_eq!((back.bound, back.value), (5.0, 5.001));
    let mut better = cells.clone();
    better[3] = Ratio::Value(back.value);
    assert_eq!(bundle.score(&better).unwrap().probability, back.probability);
    // Nothing can get there, and everything is there.
    assert!(bundle.targets(&cells, |_| false).unwrap().iter().all(|target| target.to.is_none()));
    assert!(bundle.targets(&cells[..3], |_| true).is_err());
}

#[test]
fn a_ratio_without_a_value_gets_the_least_extreme_one() {
    let mut manifest = manifest();
    let cells = row([NM, 1.0, 1.0, NAN]);
    let steps = |manifest: &serde_json::Value| {
        let bundle = Bundle::from_files(files_of(manifest, &scorecard())).unwrap();
        bundle.targets(&cells, |p| p < 1.0).unwrap().into_iter().map(|target| target.to).collect::<Vec<_>>()
    };
    // The middle of the training range 0.5 to 40; 0 where the files tell of none.
    let found = steps(&manifest);
    assert_eq!(found[0].map(|step| (step.value, step.change)), Some((20.25, None)));
    assert_eq!((found[1], found[2]), (None, None));
    manifest["population"] = json!({"levels": [5, 10, 25, 50, 75, 90, 95],
                                    "quantiles": {"total_debt_to_ebitda": [0, 0, 0.5, 1.5, 2, 4, 8]}});
    assert_eq!(steps(&manifest)[0].map(|step| step.value), Some(1.5));
    assert_eq!(steps(&manifest)[3].map(|step| step.value), Some(15.0));
}

/// LightGBM writes the largest number where it means infinity.
#[test]
fn nothing_lies_beyond_the_largest_threshold() {
    let mut files = fixtures::files();
    let text = fixtures::LIGHTGBM.replace("threshold=5\n", "threshold=1.7976931348623157e+308\n");
    files.insert("lightgbm.txt".to_owned(), text.replace("tree_sizes=351 293\n", "").into_bytes());
    let bundle = Bundle::from_files(files).unwrap();
    for cells in [[3.5, 1.0, 1.0, 2.0], [3.5, 1.0, 1.0, f64::MAX], [3.5, 1.0, 1.0, f64::MIN]] {
        let found = bundle.targets(&row(cells), |_| false).unwrap();
        assert!(found.iter().all(|target| target.to.is_none()));
    }
}

#[test]
fn a_missing_ratio_that_no_value_helps_has_no_step() {
    let found = bundle().targets(&row([NM, NAN, 1.0, 2.0]), |_| false).unwrap();
    assert!(found.iter().all(|target| target.to.is_none()));
}

/// The steps of a row, tried against a dense grid of values.
fn check(bundle: &Bundle, cells: &[Ratio], wanted: impl Fn(f64) -> bool) -> Result<(), TestCaseError> {
    for (index, target) in bundle.targets(cells, &wanted).unwrap().into_iter().enumerate() {
        let old = cells[index].value();
        let score = |x: f64| {
            let mut changed = cells.to_vec();
            changed[index] = Ratio::Value(x);
            bundle.score(&changed).unwrap().probability
        };
        let distance = match target.to {
            Some(step) => {
                // What is said to get there does.
                prop_assert_eq!(score(step.value), step.probability);
                prop_assert!(wanted(step.probability), "{:?}", target);
                prop_assert_eq!(step.change, old.map(|old| step.value - old));
                let Some(old) = old else { continue };
                let beyond = (step.value - step.bound).abs();
                let least = (step.bound - old).abs() * 1e-3;
                prop_assert!(beyond <= least.max(step.bound.abs() * 1e-6).max(1e-300), "{:?}", target);
                (step.bound - old).abs()
            }
            None => f64::INFINITY,
        };
        let start = old.unwrap_or(0.0);
        if old.is_none() && target.to.is_some() {
            continue;
        }
        // Nothing nearer does: fine steps near, coarse ones far.
        for i in -2000..=2000 {
            let i = f64::from(i);
            for x in [start + i / 100.0, start + i * 2.0, start + i * i * i] {
                let nearer = if distance.is_finite() { (x - start).abs() < distance } else { true };
                let same = old == Some(x);
                prop_assert!(same || !nearer || !wanted(score(x)), "{x} is nearer than {target:?}");
            }
        }
    }
    Ok(())
}

fn ratio() -> impl Strategy<Value = Ratio> {
    prop_oneof![
        8 => (-60.0..120.0f64).prop_map(Ratio::Value),
        4 => (-2.0..8.0f64).prop_map(Ratio::Value),
        1 => Just(Ratio::Missing),
        1 => Just(Ratio::NotMeaningful),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(30))]

    #[test]
    fn shipped_bundles_know_the_shortest_way(
        kind in prop::sample::select(Kind::ALL.to_vec()),
        cells in prop::collection::vec(ratio(), 5),
        level in prop::sample::select(RiskLevel::ALL.to_vec()),
    ) {
        let bundle = shipped(kind).unwrap();
        let cells = &cells[..kind.ratios().len()];
        let thresholds = bundle.thresholds();
        let now = thresholds.level(bundle.score(cells).unwrap().probability);
        match level {
            better if better < now => check(&bundle, cells, |p| thresholds.level(p) <= better)?,
            worse if worse > now => check(&bundle, cells, |p| thresholds.level(p) >= worse)?,
            _ => {}
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn random_bundles_know_the_shortest_way(
        a in parts(3.0), b in parts(3.0), slope in 0.2..3.0f64, cells in [cell(), cell(), cell(), cell()],
        bound in 0.0..1.0f64, lower: bool,
    ) {
        let bundle = random_bundle([random_card(-2.0, &a), random_card(-1.0, &b)], [0.3, 0.3, 0.4], slope);
        let row = row(cells);
        let now = bundle.score(&row).unwrap().probability;
        let wanted = if lower { now * bound } else { now + (1.0 - now) * bound };
        check(&bundle, &row, |p| p != now && if lower { p <= wanted } else { p >= wanted })?;
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn drivers_add_up(
        (a, b) in prop_oneof![(parts(3.0), parts(3.0)), (parts(200.0), parts(3.0)), (parts(3e4), parts(3e4))],
        slope in 0.2..3.0f64,
        before in [cell(), cell(), cell(), cell()],
        after in [cell(), cell(), cell(), cell()],
    ) {
        let bundle = random_bundle([random_card(-2.0, &a), random_card(-1.0, &b)], [0.3, 0.3, 0.4], slope);
        let (before, after) = (row(before), row(after));
        let found = bundle.what_if(&before, &after).unwrap();
        let sum: f64 = found.drivers.iter().map(|driver| driver.difference).sum();
        let change = found.after_log_odds - found.before_log_odds;
        prop_assert!((sum - change).abs() < 1e-9, "{sum} {change}");
        prop_assert_eq!(&found.before, &bundle.score(&before).unwrap());
        prop_assert_eq!(&found.after, &bundle.score(&after).unwrap());
        prop_assert!(found.drivers.is_sorted_by(|a, b| a.difference.abs() >= b.difference.abs()));
        let back = bundle.what_if(&after, &before).unwrap();
        for driver in &found.drivers {
            let other = back.drivers.iter().find(|other| other.ratio == driver.ratio).unwrap();
            prop_assert_eq!(other.difference, -driver.difference);
        }
        let same = bundle.what_if(&after, &after).unwrap();
        prop_assert!(same.drivers.iter().all(|driver| driver.difference == 0.0));
    }

    /// Inside an interval between two cuts the answer is one, for all kinds of splits, and each end is needed.
    #[test]
    fn answers_are_constant_between_cuts(
        name in prop::sample::select(vec![
            "categorical", "onehot", "cross_entropy", "dart", "fine_bins", "forest", "gbdt_nan", "gbdt_none",
            "gbdt_zero", "leaves_48", "sigmoid", "single_leaf", "version_3",
        ]),
        feature in any::<prop::sample::Index>(),
        others in prop::collection::vec(prop_oneof![3 => -5.0..40.0f64, 1 => Just(0.0), 1 => Just(NAN)], 64),
        inside in 0.0..1.0f64,
    ) {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures").join(format!("{name}.txt"));
        let model = Model::parse(&fs::read_to_string(path).unwrap()).unwrap();
        let feature = feature.index(model.num_features());
        let score = |x: f64| {
            let mut row: Vec<f64> = others.iter().copied().cycle().take(model.num_features()).collect();
            row[feature] = x;
            model.raw(&row)
        };
        let cuts = model.cuts(feature);
        prop_assert!(cuts.is_sorted_by(|a, b| a < b));
        let ends = cuts.iter().copied().chain([f64::MAX]);
        let mut low = -f64::MAX;
        for high in ends {
            let middle = (low + (high - low) * inside).clamp(low.next_up(), high);
            let expected = score(high);
            for x in [low.next_up(), middle] {
                prop_assert_eq!(score(x), expected, "{} feature {}: {} in ({}, {}]", name, feature, x, low, high);
            }
            low = high;
        }
    }
}
