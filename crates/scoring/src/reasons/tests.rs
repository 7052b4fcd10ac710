//! The table as a whole, and which of its entries a row gets.

use std::collections::BTreeSet;

use accunode_domain::Kind;

use super::{
    phrase::{number, phrase},
    table::{Side, TABLE, words},
    *,
};
use crate::shipped;

/// Every code that was ever released. Codes may be added, but neither changed nor taken away.
const CODES: [&str; 28] = [
    "DEBT_CAPITAL_HIGH",
    "DEBT_CAPITAL_LOW",
    "DEBT_CAPITAL_MISSING",
    "DEBT_CAPITAL_NOT_MEANINGFUL",
    "DEBT_EBITDA_HIGH",
    "DEBT_EBITDA_LOW",
    "DEBT_EBITDA_MISSING",
    "DEBT_EBITDA_NOT_MEANINGFUL",
    "NET_MARGIN_HIGH",
    "NET_MARGIN_LOW",
    "NET_MARGIN_MISSING",
    "NET_MARGIN_NOT_MEANINGFUL",
    "INTEREST_COVER_HIGH",
    "INTEREST_COVER_LOW",
    "INTEREST_COVER_MISSING",
    "INTEREST_COVER_NOT_MEANINGFUL",
    "RETURN_ON_ASSETS_HIGH",
    "RETURN_ON_ASSETS_LOW",
    "RETURN_ON_ASSETS_MISSING",
    "RETURN_ON_ASSETS_NOT_MEANINGFUL",
    "SGA_MARGIN_HIGH",
    "SGA_MARGIN_LOW",
    "SGA_MARGIN_MISSING",
    "SGA_MARGIN_NOT_MEANINGFUL",
    "RETURN_ON_CAPITAL_HIGH",
    "RETURN_ON_CAPITAL_LOW",
    "RETURN_ON_CAPITAL_MISSING",
    "RETURN_ON_CAPITAL_NOT_MEANINGFUL",
];

#[test]
fn every_ratio_has_its_words_and_every_state_its_code() {
    let of_kinds: BTreeSet<&str> = Kind::ALL.iter().flat_map(|k| k.ratios()).map(|spec| spec.name).collect();
    let of_table: BTreeSet<&str> = TABLE.iter().map(|words| words.ratio).collect();
    assert_eq!(of_kinds, of_table);
    let codes: Vec<&str> = TABLE.iter().flat_map(|w| [w.high, w.low, w.missing, w.not_meaningful]).collect();
    assert_eq!(codes, CODES);
    assert_eq!(codes.iter().collect::<BTreeSet<_>>().len(), codes.len());
    let documented = include_str!("../../../../docs/models.md");
    for code in CODES {
        assert!(documented.contains(&format!("`{code}`")), "{code} is not documented");
    }
}

/// Walks all entries: each state of each ratio of each kind, on either side, with the population and without.
#[test]
fn every_entry_makes_a_sentence() {
    for kind in Kind::ALL {
        let bundle = shipped(kind).unwrap();
        for (index, spec) in kind.ratios().iter().enumerate() {
            let words = words(spec.name).unwrap();
            let quantiles = bundle.population().and_then(|p| p.quantiles(index)).unwrap();
            let (low, high) = (quantiles[0] - 1.0, quantiles[6] + 1.0);
            for raises in [true, false] {
                let say = |ratio, population| phrase(words, ratio, raises, population);
                for population in [Some(quantiles), None] {
                    let (code, text) = say(Ratio::Missing, population);
                    assert_eq!((code, text), (words.missing, format!("{} is not known", words.title)));
                    let (code, text) = say(Ratio::NotMeaningful, population);
                    assert_eq!(code, words.not_meaningful);
                    assert!(text.starts_with(words.title) && text.ends_with(words.meaningless), "{text}");
                }
                let (code, text) = say(Ratio::Value(high), Some(quantiles));
                assert_eq!(code, words.high);
                assert!(text.contains("; 19 of 20 companies are below "), "{text}");
                let (code, text) = say(Ratio::Value(low), Some(quantiles));
                assert_eq!(code, words.low);
                assert!(
                    text.contains("; 19 of 20 companies are at 0") || text.contains(" are above "),
                    "{text}"
                );
                for x in [high, low] {
                    let (code, text) = say(Ratio::Value(x), None);
                    let usual = if (words.risky == Side::High) == raises { words.high } else { words.low };
                    let (before, after) = words.value;
                    assert_eq!((code, text), (usual, format!("{before}{}{after}", number(x, 3))));
                }
            }
        }
    }
}

fn annual(cells: [Ratio; 5]) -> Rationale {
    shipped(Kind::Annual).unwrap().rationale(&cells).unwrap()
}

#[test]
fn a_weak_company_is_told_why() {
    let value = Ratio::Value;
    let why = annual([value(65.0), value(7.4), value(-12.5), value(0.8), value(-8.0)]);
    let texts: Vec<String> = why.reasons.iter().map(|r| format!("{}: {}", r.code, r.text)).collect();
    assert_eq!(texts.len(), 4);
    let debt = "DEBT_EBITDA_HIGH: Debt is 7.4 × EBITDA; 19 of 20 companies are below 7.27";
    let margin =
        "NET_MARGIN_LOW: Net income is -12.5 % of sales; three quarters of the companies are above -11.7 %";
    assert!(texts.iter().any(|text| text == debt || text == margin), "{texts:#?}");
    assert!(why.reasons.is_sorted_by(|a, b| a.contribution >= b.contribution));
    assert!(why.reasons.iter().all(|reason| reason.contribution > NEGLIGIBLE));
    assert!(why.base_probability > 0.0 && why.base_probability < 0.05);
}

#[test]
fn a_sound_company_has_strengths_and_few_reasons() {
    let why = annual([5.0, 0.3, 15.0, 40.0, 12.0].map(Ratio::Value));
    assert!(why.reasons.len() < 2, "{:?}", why.reasons);
    assert_eq!(why.strengths.len(), 4);
    assert!(why.strengths.is_sorted_by(|a, b| a.contribution <= b.contribution));
    assert!(why.strengths.iter().all(|reason| reason.contribution < -NEGLIGIBLE));
}

#[test]
fn shares_are_parts_of_all_that_moved() {
    let cells =
        [Ratio::Missing, Ratio::NotMeaningful, Ratio::Value(2.0), Ratio::Value(1e12), Ratio::Value(0.0)];
    let why = annual(cells);
    let total: f64 = why.ratios.iter().map(|effect| effect.share).sum();
    assert!((total - 1.0).abs() < 1e-12);
    for (effect, cell) in why.ratios.iter().zip(cells) {
        assert_eq!((effect.value, effect.bins.len()), (cell, 1));
        assert_eq!(effect.direction, Direction::of(effect.contribution));
    }
    let moved: f64 = why.ratios.iter().map(|effect| effect.contribution).sum();
    assert!((moved - (why.log_odds - why.base_log_odds)).abs() < 1e-9);
}

#[test]
fn a_batch_says_what_its_rows_say() {
    let bundle = shipped(Kind::Quarterly).unwrap();
    let cells =
        [Ratio::Missing, Ratio::NotMeaningful, Ratio::Value(0.0), Ratio::Value(30.0), Ratio::Value(-400.0)];
    let rows: Vec<Vec<Ratio>> =
        (0..625).map(|i| [1, 5, 25, 125].iter().map(|place| cells[i / place % 5]).collect()).collect();
    let columns: Vec<Vec<Ratio>> = (0..4).map(|j| rows.iter().map(|row| row[j]).collect()).collect();
    let batch = bundle.rationales(&columns).unwrap();
    assert_eq!(batch.len(), rows.len());
    for (row, why) in rows.iter().zip(&batch) {
        assert_eq!(*why, bundle.rationale(row).unwrap());
    }
}
