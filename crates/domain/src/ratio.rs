//! A ratio as it arrives: a number, missing, or not meaningful; and what is odd about it.

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Kind;

/// Data vendors write this number where they have none; in a ratio it is read as missing, and flagged.
pub const SENTINEL: f64 = 100_000_000.0;

/// One input ratio. In files blank and `N/A` are missing and `NM` is not meaningful; in JSON `null` and
/// `"NM"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Ratio {
    /// A finite number.
    Value(f64),
    /// Not reported.
    Missing,
    /// Reported, but without meaning: its denominator is negative (EBITDA ≤ 0, capital ≤ 0).
    NotMeaningful,
}

/// Why a text or number is not a ratio.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum RatioError {
    /// NaN or infinite.
    #[error("must be a finite number")]
    NotFinite,
    /// Neither a number nor one of the tokens.
    #[error("'{0}' is not a number; leave it blank if it is missing, write NM if it is not meaningful")]
    NotANumber(String),
}

impl Ratio {
    /// The number, if there is one.
    #[must_use]
    pub const fn value(self) -> Option<f64> {
        match self {
            Self::Value(x) => Some(x),
            Self::Missing | Self::NotMeaningful => None,
        }
    }

    /// Reads a number: the sentinel is missing.
    ///
    /// # Errors
    /// [`RatioError::NotFinite`] for NaN and infinities.
    pub fn from_number(x: f64) -> Result<Self, RatioError> {
        if !x.is_finite() {
            Err(RatioError::NotFinite)
        } else if x == SENTINEL {
            Ok(Self::Missing)
        } else {
            Ok(Self::Value(x))
        }
    }

    /// Reads a cell's or a JSON string's text (surrounding blanks and case do not matter).
    ///
    /// # Errors
    /// [`RatioError`] when the text is neither a finite number nor a token.
    pub fn from_text(text: &str) -> Result<Self, RatioError> {
        let text = text.trim();
        if text.is_empty() || text.eq_ignore_ascii_case("n/a") {
            return Ok(Self::Missing);
        }
        if text.eq_ignore_ascii_case("nm") {
            return Ok(Self::NotMeaningful);
        }
        // Rust also reads "inf", "nan" and "infinity": no file means a number by these.
        let looks_numeric = text.bytes().all(|b| b.is_ascii_digit() || b"+-.eE".contains(&b));
        match text.parse::<f64>() {
            Ok(x) if looks_numeric => Self::from_number(x),
            Ok(_) => Err(RatioError::NotFinite),
            Err(_) => Err(RatioError::NotANumber(shorten(text))),
        }
    }
}

/// At most 40 characters of what somebody typed, for a message.
fn shorten(text: &str) -> String {
    match text.char_indices().nth(40) {
        Some((at, _)) => format!("{}…", &text[..at]),
        None => text.to_owned(),
    }
}

/// What is odd about an input. Never an error: stored with the prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Flag {
    /// The value was the vendor's sentinel and is treated as missing.
    Sentinel,
    /// Outside the bounds that the API documents.
    OutOfBounds,
    /// Outside the range that the model saw in training.
    OutsideTrainingRange,
    /// Not reported.
    Missing,
    /// Reported as not meaningful.
    NotMeaningful,
}

impl Flag {
    /// The code used in the API, in files and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sentinel => "sentinel",
            Self::OutOfBounds => "out_of_bounds",
            Self::OutsideTrainingRange => "outside_training_range",
            Self::Missing => "missing",
            Self::NotMeaningful => "not_meaningful",
        }
    }
}

/// A flag and the ratio that it is about.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct QualityFlag {
    /// The ratio's name.
    pub field: String,
    /// What is odd.
    pub code: Flag,
}

/// The flags of one row, in the order of the kind's ratios.
///
/// `ratios` and `sentinel` (whether the value given was the sentinel) have one entry for each ratio of the
/// kind; `ranges` holds the model's training range of each ratio where it is known.
#[must_use]
pub fn quality(
    kind: Kind,
    ratios: &[Ratio],
    sentinel: &[bool],
    ranges: &[Option<(f64, f64)>],
) -> Vec<QualityFlag> {
    let mut flags = Vec::new();
    for (i, spec) in kind.ratios().iter().enumerate() {
        let mut flag = |code| flags.push(QualityFlag { field: spec.name.to_owned(), code });
        match ratios.get(i) {
            Some(Ratio::Value(x)) => {
                if !spec.bound.holds(*x) {
                    flag(Flag::OutOfBounds);
                }
                if ranges.get(i).copied().flatten().is_some_and(|(low, high)| *x < low || *x > high) {
                    flag(Flag::OutsideTrainingRange);
                }
            }
            Some(Ratio::NotMeaningful) => flag(Flag::NotMeaningful),
            _ if sentinel.get(i) == Some(&true) => flag(Flag::Sentinel),
            _ => flag(Flag::Missing),
        }
    }
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_and_numbers() {
        assert_eq!(Ratio::from_text(" 12.5 "), Ok(Ratio::Value(12.5)));
        assert_eq!(Ratio::from_text("-1e3"), Ok(Ratio::Value(-1000.0)));
        for blank in ["", "  ", "N/A", "n/a"] {
            assert_eq!(Ratio::from_text(blank), Ok(Ratio::Missing), "{blank:?}");
        }
        assert_eq!(Ratio::from_text("nm"), Ok(Ratio::NotMeaningful));
        assert_eq!(Ratio::from_text("100000000"), Ok(Ratio::Missing));
        assert_eq!(Ratio::from_text("inf"), Err(RatioError::NotFinite));
        assert_eq!(Ratio::from_text("1e999"), Err(RatioError::NotFinite));
        assert!(matches!(Ratio::from_text("twelve"), Err(RatioError::NotANumber(t)) if t == "twelve"));
        assert!(matches!(Ratio::from_text("1,5"), Err(RatioError::NotANumber(_))));
    }

    #[test]
    fn odd_values_are_flagged_not_refused() {
        let ratios =
            [Ratio::Value(120.0), Ratio::NotMeaningful, Ratio::Value(-299.0), Ratio::Missing, Ratio::Missing];
        let sentinel = [false, false, false, true, false];
        let ranges = [None, None, Some((-50.0, 50.0)), None, None];
        let codes: Vec<_> =
            quality(Kind::Annual, &ratios, &sentinel, &ranges).iter().map(|f| f.code).collect();
        assert_eq!(
            codes,
            [
                Flag::OutOfBounds,
                Flag::NotMeaningful,
                Flag::OutOfBounds,
                Flag::OutsideTrainingRange,
                Flag::Sentinel,
                Flag::Missing
            ]
        );
    }
}
