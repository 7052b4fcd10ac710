//! Scores: the numbers by hand, the reference's cases, and batches equal to rows.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests as in tests

mod fixtures;

use accunode_domain::{Ratio, RiskLevel};
use accunode_scoring::{Bundle, ScoreError, log_odds, sigmoid};
use fixtures::{bundle, columns, files_of, manifest, row, scorecard};
use proptest::prelude::*;
use serde_json::json;

const NAN: f64 = f64::NAN;
const NM: f64 = f64::INFINITY;

/// Asserts that two numbers agree to 1e-12.
#[track_caller]
fn close(a: f64, b: f64) {
    assert!((a - b).abs() < 1e-12, "{a} is not {b}");
}

/// Debt / EBITDA and return on capital of a row; nothing else counts in the tiny bundle.
fn scored(debt: f64, ret: f64) -> accunode_scoring::Score {
    bundle().score(&row([debt, NAN, NAN, ret])).unwrap()
}

#[test]
fn a_bin_is_open_below_and_closed_above() {
    // Values of debt / EBITDA: coefficient 2, intercept −3; a missing return counts −0.4.
    let cases = [
        (0.0, -0.7), // on the first low edge: no bin
        (0.1, -0.5), // inside
        (1.0, -0.5), // on a high edge
        (1.5, -0.7), // in the gap
        (2.0, -0.7), // on a low edge after the gap
        (4.0, 0.25), // on the edge that two bins share
        (4.1, 0.75), // the open bin
        (1e308, 0.75),
        (-1e308, -0.7),
        (NAN, 0.1), // missing
        (NM, 1.5),  // not meaningful
    ];
    for (debt, value) in cases {
        close(scored(debt, NAN).members[0].raw, -3.0 + 2.0 * value - 0.4);
    }
    // The second ratio has no value for NM: that of missing counts.
    close(scored(1.0, NM).members[0].raw, scored(1.0, NAN).members[0].raw);
}

#[test]
fn lightgbm_sees_nan_zero_or_the_indicator() {
    close(scored(3.0, 5.0).members[1].raw, -3.5 + 0.5);
    close(scored(3.5, 5.5).members[1].raw, -2.25 - 0.25);
    // Missing and NM are NaN to the ratio itself; the indicator tells them apart.
    close(scored(NAN, 6.0).members[1].raw, -3.5 - 0.25);
    close(scored(NM, 6.0).members[1].raw, -1.5 - 0.25);

    let mut manifest = manifest();
    manifest["members"][1]["missing"] = json!("zero");
    let zero = Bundle::from_files(files_of(&manifest, &scorecard())).unwrap();
    let score = |debt, ret| zero.score(&row([debt, NAN, NAN, ret])).unwrap().members[1].raw;
    close(score(6.0, NAN), score(6.0, 0.0));
    close(score(NM, 6.0), -1.5 - 0.25);
}

#[test]
fn the_mean_is_weighted_then_calibrated_on_log_odds() {
    let score = scored(5.0, -2.0);
    let (card, trees) = (sigmoid(-3.0 + 1.5 + 1.0), sigmoid(-2.25 + 0.5));
    close(score.scorecard_probability().unwrap(), card);
    close(score.lightgbm_probability().unwrap(), trees);
    close(score.raw, 0.25 * card + 0.75 * trees);
    close(score.probability, sigmoid(-0.25 + 1.5 * log_odds(score.raw)));
    assert_eq!(score.risk_level, RiskLevel::High);
    close(score.confidence, 1.0 - 2.0 * score.probability);

    let mut manifest = manifest();
    manifest["calibration"] = json!(null);
    let plain = Bundle::from_files(files_of(&manifest, &scorecard())).unwrap();
    let plain = plain.score(&row([5.0, NAN, NAN, -2.0])).unwrap();
    assert_eq!(plain.probability.to_bits(), plain.raw.to_bits());
    close(plain.raw, score.raw);
}

#[test]
fn a_member_without_weight_is_reported_and_does_not_count() {
    let mut manifest = manifest();
    manifest["members"][0]["weight"] = json!(0);
    manifest["members"][1]["weight"] = json!(1);
    let shadow = Bundle::from_files(files_of(&manifest, &scorecard())).unwrap();
    let score = shadow.score(&row([5.0, NAN, NAN, -2.0])).unwrap();
    close(score.raw, score.lightgbm_probability().unwrap());
    close(score.scorecard_probability().unwrap(), sigmoid(-0.5));
    let explanation = shadow.explain(&row([5.0, NAN, NAN, -2.0])).unwrap();
    close(explanation.members[0].share, 0.0);
    close(explanation.members[1].share, 1.0);
}

#[test]
fn rows_and_batches_of_another_shape_are_errors() {
    let bundle = bundle();
    let short = [Ratio::Missing; 3];
    assert_eq!(bundle.score(&short), Err(ScoreError::Count { expected: 4, got: 3 }));
    assert_eq!(bundle.explain(&short), Err(ScoreError::Count { expected: 4, got: 3 }));
    let mut columns = vec![vec![Ratio::Missing; 2]; 4];
    columns[1].pop();
    assert_eq!(
        bundle.score_batch(&columns).unwrap_err().to_string(),
        "column 'sga_margin' has 1 rows, the first column has 2"
    );
    columns[1].push(Ratio::Value(f64::NAN));
    assert_eq!(
        bundle.explain_batch(&columns).unwrap_err().to_string(),
        "row 1: 'sga_margin' must be a finite number"
    );
    let infinite = [Ratio::Value(f64::INFINITY), Ratio::Missing, Ratio::Missing, Ratio::Missing];
    assert!(matches!(bundle.score(&infinite), Err(ScoreError::NotFinite { .. })));
    assert!(bundle.score_batch(&vec![Vec::new(); 4]).unwrap().is_empty());
}

fn cell() -> impl Strategy<Value = f64> {
    prop_oneof![5 => -10.0..10.0f64, 1 => Just(NAN), 1 => Just(NM), 1 => Just(3.0), 1 => Just(4.0)]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn a_batch_is_its_rows_to_the_last_bit(
        cells in proptest::collection::vec([cell(), cell(), cell(), cell()], 1..6000),
    ) {
        let bundle = bundle();
        let rows: Vec<_> = cells.into_iter().map(row).collect();
        let batch = bundle.score_batch(&columns(&rows)).unwrap();
        prop_assert_eq!(batch.len(), rows.len());
        for (one, many) in rows.iter().map(|r| bundle.score(r).unwrap()).zip(batch.iter()) {
            prop_assert_eq!(one.probability.to_bits(), many.probability.to_bits());
            prop_assert_eq!(one, many);
        }
        let explained = bundle.explain_batch(&columns(&rows)).unwrap();
        for (i, one) in rows.iter().map(|r| bundle.explain(r).unwrap()).enumerate().step_by(37) {
            prop_assert_eq!(&one.contributions[..], explained.contributions(i));
            prop_assert_eq!(one.log_odds, explained.log_odds[i]);
            prop_assert_eq!(one.base_log_odds, explained.base_log_odds);
        }
    }
}
