//! Contributions: they add up, on any bundle and any row, and mean what they say.
#![allow(clippy::unwrap_used, clippy::panic)] // in helpers of tests as in tests

mod fixtures;

use accunode_scoring::{Bundle, Hit, log_odds};
use fixtures::{bundle, cell, files_of, manifest, parts, random_bundle, random_card, row, scorecard};
use proptest::prelude::*;
use serde_json::json;

const NAN: f64 = f64::NAN;
const NM: f64 = f64::INFINITY;

fn sum(values: &[f64]) -> f64 {
    values.iter().sum()
}

#[test]
fn a_scorecard_alone_gives_its_own_contributions() {
    let mut manifest = manifest();
    manifest["members"] = json!([{"type": "scorecard", "file": "scorecard.json", "weight": 1.0}]);
    manifest["calibration"] = json!(null);
    let bundle = Bundle::from_files(files_of(&manifest, &scorecard())).unwrap();
    let why = bundle.explain(&row([5.0, 1.0, 1.0, NAN])).unwrap();
    // Debt: 2·(0.75 − 0.125). Return: −1·(0.4 − 0), the mean being that of its bins −1 and 1.
    assert_eq!(why.contributions, [1.25, 0.0, 0.0, -0.4]);
    assert!((why.base_log_odds - (-3.0 + 0.25)).abs() < 1e-15);
    assert!((why.log_odds - (-3.0 + 1.5 - 0.4)).abs() < 1e-15);
    let hits: Vec<_> = why.bins.iter().map(|b| (b.ratio, b.hit, b.low, b.high, b.contribution)).collect();
    assert_eq!(
        hits,
        [
            ("total_debt_to_ebitda", Hit::Bin(2), Some(4.0), None, 1.25),
            ("return_on_capital", Hit::Missing, None, None, -0.4)
        ]
    );
}

#[test]
fn an_indicator_counts_for_its_ratio() {
    let mut manifest = manifest();
    manifest["members"][0]["weight"] = json!(0.0);
    manifest["members"][1]["weight"] = json!(1.0);
    manifest["calibration"] = json!(null);
    let bundle = Bundle::from_files(files_of(&manifest, &scorecard())).unwrap();
    let why = bundle.explain(&row([NM, NAN, NAN, 6.0])).unwrap();
    assert_eq!(why.contributions[1..3], [0.0, 0.0]);
    // Of the first tree: expectation −2.925 at the base, −1.5 at the row, all of it by debt / EBITDA and
    // its indicator. (60·−3.5 + 30·−2.25 + 10·−1.5) / 100 = −2.925.
    assert!((why.contributions[0] - (-1.5 + 2.925)).abs() < 1e-12);
    assert!((why.contributions[3] - (-0.25 - 0.05)).abs() < 1e-12);
    assert!((why.base_log_odds - (-2.925 + 0.05)).abs() < 1e-12);
}

#[test]
fn the_final_log_odds_are_those_of_the_score() {
    let bundle = bundle();
    for cells in [[5.0, 1.0, 1.0, -3.0], [NM, NAN, 1.0, 2.0], [0.5, 1.0, NM, 40.0]] {
        let (score, why) = (bundle.score(&row(cells)).unwrap(), bundle.explain(&row(cells)).unwrap());
        assert!((why.log_odds - log_odds(score.probability)).abs() < 1e-12);
        assert!((why.base_log_odds - bundle.base_log_odds().unwrap()).abs() < 1e-15);
        assert!((log_odds(why.base_probability()) - why.base_log_odds).abs() < 1e-12);
        for (member, score) in why.members.iter().zip(&score.members) {
            assert!((member.log_odds - score.raw).abs() < 1e-12);
            assert!((sum(&member.contributions) - (member.log_odds - member.base_log_odds)).abs() < 1e-12);
        }
    }
}

#[test]
fn a_file_without_counts_scores_but_does_not_explain() {
    let mut files = fixtures::files();
    let text = fixtures::LIGHTGBM.lines().filter(|line| {
        !line.starts_with("internal_count")
            && !line.starts_with("leaf_count")
            && !line.starts_with("tree_sizes")
    });
    let text: String = text.flat_map(|line| [line, "\n"]).collect();
    files.insert("lightgbm.txt".to_owned(), text.into_bytes());
    let bundle = Bundle::from_files(files).unwrap();
    let cells = row([5.0, 1.0, 1.0, -3.0]);
    assert_eq!(bundle.score(&cells), fixtures::bundle().score(&cells));
    let message = bundle.explain(&cells).unwrap_err().to_string();
    assert!(message.starts_with("lightgbm.txt: "), "{message}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn contributions_add_up(
        (a, b) in prop_oneof![(parts(3.0), parts(3.0)), (parts(200.0), parts(3.0)), (parts(3e4), parts(3e4))],
        intercepts in [-8.0..2.0f64, -50.0..50.0f64],
        weights in [1e-3..1.0f64, 1e-3..1.0f64, 1e-3..1.0f64],
        slope in 0.2..3.0f64,
        cells in [cell(), cell(), cell(), cell()],
    ) {
        let cards = [random_card(intercepts[0], &a), random_card(intercepts[1], &b)];
        let why = random_bundle(cards, weights, slope).explain(&row(cells)).unwrap();
        let change = why.log_odds - why.base_log_odds;
        prop_assert!((sum(&why.contributions) - change).abs() < 1e-9, "{} {change}", sum(&why.contributions));
        // What the correction moves is rounding, not substance.
        for (j, whole) in why.contributions.iter().enumerate() {
            let shared = why.members.iter().map(|m| slope * m.share * m.contributions[j]);
            let size: f64 = why.members.iter().map(|m| sum(&m.contributions).abs()).sum();
            prop_assert!((shared.sum::<f64>() - whole).abs() < 1e-12 * (1.0 + size) * 10.0);
        }
        // Where all members agree on a ratio's direction, so does the ensemble.
        for (j, whole) in why.contributions.iter().enumerate() {
            let own = |m: &accunode_scoring::MemberExplanation| m.contributions[j];
            prop_assert!(!(why.members.iter().all(|m| own(m) >= 0.0) && *whole < 0.0));
            prop_assert!(!(why.members.iter().all(|m| own(m) <= 0.0) && *whole > 0.0));
        }
        prop_assert!(why.members.iter().all(|m| m.share >= 0.0));
    }

    /// The law of explanations as a client can check it: by the two probabilities, where numbers can hold them,
    /// and by the log-odds everywhere.
    #[test]
    fn rationales_lead_from_the_base_probability_to_the_final_one(
        (a, b) in prop_oneof![(parts(3.0), parts(3.0)), (parts(200.0), parts(3.0)), (parts(3e4), parts(3e4))],
        intercepts in [-8.0..2.0f64, -50.0..50.0f64],
        slope in 0.2..3.0f64,
        cells in [cell(), cell(), cell(), cell()],
    ) {
        let cards = [random_card(intercepts[0], &a), random_card(intercepts[1], &b)];
        let bundle = random_bundle(cards, [0.3, 0.3, 0.4], slope);
        let (score, why) = (bundle.score(&row(cells)).unwrap(), bundle.rationale(&row(cells)).unwrap());
        let moved: f64 = why.ratios.iter().map(|effect| effect.contribution).sum();
        prop_assert!((moved - (why.log_odds - why.base_log_odds)).abs() < 1e-9);
        let held = |p: f64| (1e-300..0.999).contains(&p);
        if held(score.probability) && held(why.base_probability) {
            let change = log_odds(score.probability) - log_odds(why.base_probability);
            prop_assert!((moved - change).abs() < 1e-9, "{moved} {change}");
        }
        let shares: f64 = why.ratios.iter().map(|effect| effect.share).sum();
        prop_assert!((shares - 1.0).abs() < 1e-12 || why.ratios.iter().all(|e| e.contribution == 0.0));
        for (reason, sign) in why.reasons.iter().map(|r| (r, 1.0)).chain(why.strengths.iter().map(|r| (r, -1.0))) {
            let effect = why.ratios.iter().find(|effect| effect.ratio == reason.ratio).unwrap();
            prop_assert!(effect.contribution == reason.contribution && sign * reason.contribution > 0.01);
        }
        let raising = why.ratios.iter().filter(|effect| effect.contribution > 0.01).count();
        prop_assert_eq!(why.reasons.len(), raising.min(4));
    }

    #[test]
    fn the_order_of_members_does_not_matter(
        a in parts(3.0), b in parts(3.0), cells in [cell(), cell(), cell(), cell()],
    ) {
        let (a, b) = (random_card(-3.0, &a), random_card(-2.0, &b));
        let one = random_bundle([a.clone(), b.clone()], [0.2, 0.5, 0.3], 1.2).explain(&row(cells)).unwrap();
        let other = random_bundle([b, a], [0.5, 0.2, 0.3], 1.2).explain(&row(cells)).unwrap();
        for (x, y) in one.contributions.iter().zip(&other.contributions) {
            prop_assert!((x - y).abs() < 1e-12);
        }
    }
}
