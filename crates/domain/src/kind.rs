//! The two kinds of prediction and the ratios each takes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Annual or quarterly prediction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Five ratios of a year's statements.
    Annual,
    /// Four ratios of a quarter's statements.
    Quarterly,
}

/// The bounds that the API documents for a ratio. A value outside is accepted and flagged: companies in
/// distress are exactly those that lie outside.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// `low ≤ x ≤ high`.
    Within(f64, f64),
    /// `x ≥ low`.
    AtLeast(f64),
}

impl Bound {
    /// Whether `x` lies inside.
    #[must_use]
    pub fn holds(self, x: f64) -> bool {
        match self {
            Self::Within(low, high) => (low..=high).contains(&x),
            Self::AtLeast(low) => x >= low,
        }
    }
}

/// One input ratio: its name in the API, in files and in bundles, and its documented bounds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RatioSpec {
    /// Name, in the unit that the API documents (percent or a multiple).
    pub name: &'static str,
    /// Documented bounds.
    pub bound: Bound,
}

const PERCENT: Bound = Bound::Within(0.0, 100.0);
const MARGIN: Bound = Bound::Within(-100.0, 100.0);
const MULTIPLE: Bound = Bound::AtLeast(0.0);

const ANNUAL: &[RatioSpec] = &[
    RatioSpec { name: "long_term_debt_to_total_capital", bound: PERCENT },
    RatioSpec { name: "total_debt_to_ebitda", bound: MULTIPLE },
    RatioSpec { name: "net_income_margin", bound: MARGIN },
    RatioSpec { name: "ebit_to_interest_expense", bound: MULTIPLE },
    RatioSpec { name: "return_on_assets", bound: MARGIN },
];

const QUARTERLY: &[RatioSpec] = &[
    RatioSpec { name: "total_debt_to_ebitda", bound: MULTIPLE },
    RatioSpec { name: "sga_margin", bound: MARGIN },
    RatioSpec { name: "long_term_debt_to_total_capital", bound: PERCENT },
    RatioSpec { name: "return_on_capital", bound: MARGIN },
];

impl Kind {
    /// Both kinds.
    pub const ALL: [Self; 2] = [Self::Annual, Self::Quarterly];

    /// The name used in the API, in bundles and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Annual => "annual",
            Self::Quarterly => "quarterly",
        }
    }

    /// Its ratios, in the order in which bundles, files and stored rows carry them.
    #[must_use]
    pub const fn ratios(self) -> &'static [RatioSpec] {
        match self {
            Self::Annual => ANNUAL,
            Self::Quarterly => QUARTERLY,
        }
    }

    /// Whether a row must name its quarter.
    #[must_use]
    pub const fn needs_quarter(self) -> bool {
        matches!(self, Self::Quarterly)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Kind {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|k| k.as_str() == text)
            .ok_or_else(|| format!("unknown kind '{text}', expected annual or quarterly"))
    }
}
