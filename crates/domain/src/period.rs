//! Reporting periods: a year, and a quarter where there is one.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use crate::Kind;

/// A quarter of the year.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Quarter {
    /// January to March.
    Q1,
    /// April to June.
    Q2,
    /// July to September.
    Q3,
    /// October to December.
    Q4,
}

impl Quarter {
    /// `Q1` … `Q4`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Q1 => "Q1",
            Self::Q2 => "Q2",
            Self::Q3 => "Q3",
            Self::Q4 => "Q4",
        }
    }
}

impl fmt::Display for Quarter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Quarter {
    type Err = PeriodError;

    /// Reads `Q1`, `q1`, `1` and, because spreadsheets make floats of numbers, `1.0`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        let digits = text.strip_prefix(['Q', 'q']).unwrap_or(text);
        match digits.strip_suffix(".0").unwrap_or(digits) {
            "1" => Ok(Self::Q1),
            "2" => Ok(Self::Q2),
            "3" => Ok(Self::Q3),
            "4" => Ok(Self::Q4),
            _ => Err(PeriodError::Quarter(text.chars().take(20).collect())),
        }
    }
}

/// Why something is not a reporting period.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum PeriodError {
    /// Not four digits between 1900 and 2100.
    #[error("'{0}' is not a year: four digits between 1900 and 2100 are expected")]
    Year(String),
    /// Not Q1 to Q4.
    #[error("'{0}' is not a quarter: Q1, Q2, Q3 or Q4 is expected")]
    Quarter(String),
    /// A quarterly row without a quarter.
    #[error("a quarter (Q1, Q2, Q3 or Q4) is required")]
    QuarterMissing,
}

/// What a set of statements reports on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Period {
    /// Calendar year, 1900 to 2100.
    pub year: u16,
    /// Quarter; always there in quarterly rows.
    pub quarter: Option<Quarter>,
}

impl Period {
    /// Reads a year (`2020`, or `2020.0` as spreadsheets write it) and a quarter (blank is none).
    ///
    /// # Errors
    /// [`PeriodError`] naming what was found and what is expected.
    pub fn parse(kind: Kind, year: &str, quarter: &str) -> Result<Self, PeriodError> {
        let year = Self::parse_year(year)?;
        let quarter = match quarter.trim() {
            "" if kind.needs_quarter() => return Err(PeriodError::QuarterMissing),
            "" => None,
            text => Some(text.parse()?),
        };
        Ok(Self { year, quarter })
    }

    /// Reads a year alone.
    ///
    /// # Errors
    /// [`PeriodError::Year`].
    pub fn parse_year(text: &str) -> Result<u16, PeriodError> {
        let text = text.trim();
        let digits = text.strip_suffix(".0").unwrap_or(text);
        let four = digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_digit());
        match digits.parse::<u16>() {
            Ok(year) if four && (1900..=2100).contains(&year) => Ok(year),
            _ => Err(PeriodError::Year(text.chars().take(20).collect())),
        }
    }
}

impl fmt::Display for Period {
    /// `2020` or `2020 Q4`, as duplicate messages show it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.quarter {
            Some(q) => write!(f, "{} {q}", self.year),
            None => write!(f, "{}", self.year),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn years_and_quarters_as_files_write_them() {
        let q4 = Some(Quarter::Q4);
        assert_eq!(Period::parse(Kind::Annual, "2020", ""), Ok(Period { year: 2020, quarter: None }));
        assert_eq!(Period::parse(Kind::Annual, " 2020.0 ", "q4"), Ok(Period { year: 2020, quarter: q4 }));
        assert_eq!(Period::parse(Kind::Quarterly, "2020", "4.0"), Ok(Period { year: 2020, quarter: q4 }));
        assert_eq!(Period { year: 2020, quarter: q4 }.to_string(), "2020 Q4");
    }

    #[test]
    fn nothing_is_guessed() {
        assert_eq!(Period::parse(Kind::Quarterly, "2020", ""), Err(PeriodError::QuarterMissing));
        for quarter in ["Q5", "QQ1", "0", "1.5", "first"] {
            let parsed = Period::parse(Kind::Quarterly, "2020", quarter);
            assert!(matches!(parsed, Err(PeriodError::Quarter(_))), "{quarter}");
        }
        for year in ["20", "20200", "1899", "2020.5", "last", ""] {
            assert!(matches!(Period::parse(Kind::Annual, year, ""), Err(PeriodError::Year(_))), "{year}");
        }
    }
}
