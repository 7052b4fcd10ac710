//! Sentences about one ratio of one company: its value, and how it compares with the population.

use accunode_domain::Ratio;

use super::table::{Side, Words};
use crate::population::{LEVELS, Quantiles};

/// Where among the levels the middle half of the population begins and ends.
const MIDDLE: (usize, usize) = (2, 4);
/// Digits that a number is shown with, where these suffice to tell it from what it is compared with.
const DIGITS: usize = 3;

/// Code and sentence for a ratio that moves the risk up (or down).
pub(super) fn phrase(
    words: &Words,
    ratio: Ratio,
    raises: bool,
    population: Option<&Quantiles>,
) -> (&'static str, String) {
    let x = match ratio {
        Ratio::Missing => return (words.missing, format!("{} is not known", words.title)),
        Ratio::NotMeaningful => {
            let text = format!("{} is given as not meaningful, as where {}", words.title, words.meaningless);
            return (words.not_meaningful, text);
        }
        Ratio::Value(x) => x,
    };
    let usual = if raises { words.risky } else { words.risky.other() };
    let side = side(x, usual, population);
    let code = match side {
        Side::High => words.high,
        Side::Low => words.low,
    };
    let comparison = population.and_then(|quantiles| compare(x, side, quantiles));
    (code, sentence(words, x, comparison))
}

/// Outside the middle half of the population the side is where the value lies. Inside, and where nothing is
/// known of the population, it is the one on which what the ratio does here is usual.
fn side(x: f64, usual: Side, population: Option<&Quantiles>) -> Side {
    match population {
        Some(quantiles) if x < quantiles[MIDDLE.0] => Side::Low,
        Some(quantiles) if x > quantiles[MIDDLE.1] => Side::High,
        _ => usual,
    }
}

/// A quantile that a value is compared with.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Comparison {
    /// Where the value lies, seen from the quantile; the share lies on the other side of the quantile.
    side: Side,
    /// Which level.
    level: usize,
    quantile: f64,
    /// Whether many companies have exactly this number, so that the share holds only with them.
    tied: bool,
}

/// The outermost quantile that the value lies beyond.
fn compare(x: f64, side: Side, quantiles: &Quantiles) -> Option<Comparison> {
    let level = match side {
        Side::High => quantiles.iter().rposition(|q| *q < x),
        Side::Low => quantiles.iter().position(|q| *q > x),
    }?;
    let same = |other: Option<&f64>| other == quantiles.get(level);
    let tied =
        same(level.checked_sub(1).and_then(|before| quantiles.get(before))) || same(quantiles.get(level + 1));
    Some(Comparison { side, level, quantile: quantiles[level], tied })
}

fn sentence(words: &Words, x: f64, comparison: Option<Comparison>) -> String {
    let (before, after) = words.value;
    let plain = || format!("{before}{}{after}", number(x, DIGITS));
    let Some(comparison) = comparison else { return plain() };
    // 2.304 beyond 2.299 is not "2.3 beyond 2.3".
    let digits = (DIGITS..=17).find(|d| number(x, *d) != number(comparison.quantile, *d));
    let Some(digits) = digits else { return plain() };
    let (x, quantile) = (number(x, digits), number(comparison.quantile, digits));
    let (who, one) = share(comparison);
    let be = if one { "is" } else { "are" };
    let unit = words.unit;
    let place = match (comparison.side, comparison.tied) {
        (Side::High, false) => format!("below {quantile}{unit}"),
        (Side::High, true) => format!("at {quantile}{unit} or below"),
        (Side::Low, false) => format!("above {quantile}{unit}"),
        (Side::Low, true) => format!("at {quantile}{unit} or above"),
    };
    format!("{before}{x}{after}; {who} {be} {place}")
}

/// Who lies on the quantile's other side, and whether that is one.
fn share(comparison: Comparison) -> (&'static str, bool) {
    let level = LEVELS[comparison.level];
    let percent = match comparison.side {
        Side::High => level,
        Side::Low => 100 - level,
    };
    match percent {
        5 => ("one in twenty companies", true),
        10 => ("one in ten companies", true),
        25 => ("a quarter of the companies", false),
        50 => ("half of the companies", false),
        75 => ("three quarters of the companies", false),
        90 => ("nine of ten companies", false),
        _ => ("19 of 20 companies", false),
    }
}

/// A number in at least so many significant digits; all digits before the point are shown up to ten million.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss)] // small exponents
pub(super) fn number(x: f64, digits: usize) -> String {
    let size = x.abs();
    if size == 0.0 {
        return "0".to_owned();
    }
    if !(1e-4..1e7).contains(&size) {
        let text = format!("{x:.*e}", digits - 1);
        let (mantissa, exponent) = text.split_once('e').unwrap_or((&text, "0"));
        return format!("{}e{exponent}", trimmed(mantissa));
    }
    let magnitude = size.log10().floor();
    let decimals = (digits as f64 - 1.0 - magnitude).max(0.0) as usize;
    trimmed(&format!("{x:.decimals$}")).to_owned()
}

/// Without zeros at the end of a fraction.
fn trimmed(text: &str) -> &str {
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reasons::table::words;

    const DEBT: Quantiles = [0.0, 0.0, 0.1, 2.3, 4.0, 6.5, 9.0];

    fn debt(x: f64, raises: bool) -> String {
        let (code, text) =
            phrase(words("total_debt_to_ebitda").unwrap(), Ratio::Value(x), raises, Some(&DEBT));
        format!("{code}: {text}")
    }

    #[test]
    fn sentences_pick_the_side_and_the_share() {
        let cases = [
            (7.4, true, "DEBT_EBITDA_HIGH: Debt is 7.4 × EBITDA; nine of ten companies are below 6.5"),
            (12.0, true, "DEBT_EBITDA_HIGH: Debt is 12 × EBITDA; 19 of 20 companies are below 9"),
            (3.456, true, "DEBT_EBITDA_HIGH: Debt is 3.46 × EBITDA; half of the companies are below 2.3"),
            (2.3004, true, "DEBT_EBITDA_HIGH: Debt is 2.3004 × EBITDA; half of the companies are below 2.3"),
            (2.0, true, "DEBT_EBITDA_HIGH: Debt is 2 × EBITDA; a quarter of the companies are below 0.1"),
            (0.1, true, "DEBT_EBITDA_HIGH: Debt is 0.1 × EBITDA; one in ten companies is at 0 or below"),
            (2.0, false, "DEBT_EBITDA_LOW: Debt is 2 × EBITDA; half of the companies are above 2.3"),
            (
                0.0,
                false,
                "DEBT_EBITDA_LOW: Debt is 0 × EBITDA; three quarters of the companies are above 0.1",
            ),
            (-1.0, true, "DEBT_EBITDA_LOW: Debt is -1 × EBITDA; 19 of 20 companies are at 0 or above"),
            (9e99, true, "DEBT_EBITDA_HIGH: Debt is 9e99 × EBITDA; 19 of 20 companies are below 9"),
        ];
        for (x, raises, expected) in cases {
            assert_eq!(debt(x, raises), expected);
        }
    }

    #[test]
    fn numbers_keep_what_matters() {
        let cases = [
            (0.0, "0"),
            (-0.0, "0"),
            (7.4, "7.4"),
            (2.304, "2.3"),
            (-0.012_345, "-0.0123"),
            (123.456, "123"),
            (9.999, "10"),
            (1_234_567.0, "1234567"),
            (12_345_678.0, "1.23e7"),
            (1e-9, "1e-9"),
            (-1e308, "-1e308"),
        ];
        for (x, expected) in cases {
            assert_eq!(number(x, 3), expected);
        }
    }

    fn quantiles() -> impl Strategy<Value = Quantiles> {
        let cell = prop_oneof![3 => -50.0..50.0f64, 1 => Just(0.0), 1 => Just(1e300)];
        proptest::array::uniform7(cell).prop_map(|mut q| {
            q.sort_by(f64::total_cmp);
            q
        })
    }

    proptest! {
        /// What is said of the population is so, whichever way the value lies.
        #[test]
        fn comparisons_are_true(q in quantiles(), x in -60.0..60.0f64, raises: bool) {
            for words in &super::super::table::TABLE {
                let (code, text) = phrase(words, Ratio::Value(x), raises, Some(&q));
                prop_assert!(code == words.high || code == words.low);
                if x < q[2] { prop_assert_eq!(code, words.low); }
                if x > q[4] { prop_assert_eq!(code, words.high); }
                let side = if code == words.high { Side::High } else { Side::Low };
                let Some(c) = compare(x, side, &q) else { continue };
                match side {
                    Side::High => {
                        prop_assert!(c.quantile < x && q.get(c.level + 1).is_none_or(|next| *next >= x));
                        prop_assert_eq!(c.tied, q.iter().filter(|other| **other == c.quantile).count() > 1);
                    }
                    Side::Low => {
                        prop_assert!(c.quantile > x && q[..c.level].iter().all(|before| *before <= x));
                        prop_assert_eq!(c.tied, q.iter().filter(|other| **other == c.quantile).count() > 1);
                    }
                }
                prop_assert!(text.contains(if side == Side::High { "below" } else { "above" }), "{}", text);
                prop_assert_eq!(text.contains(" or "), c.tied);
            }
        }

        /// The two numbers of a sentence stand in the order of the values behind them.
        #[test]
        fn shown_numbers_keep_their_order(x in -60.0..60.0f64, near in -1e-6..1e-6f64) {
            let words = words("total_debt_to_ebitda").unwrap();
            let q = [x + near; 7];
            let (_, text) = phrase(words, Ratio::Value(x), near < 0.0, Some(&q));
            let Some((head, tail)) = text.split_once("; ") else { return Ok(()) };
            let value: f64 = head.split(' ').nth(2).unwrap().parse().unwrap();
            let shown: f64 = tail.split(' ').find_map(|word| word.parse().ok().filter(|n| *n != 19.0 && *n != 20.0)).unwrap();
            prop_assert!(if tail.contains("below") { shown < value } else { shown > value }, "{}", text);
        }
    }
}
