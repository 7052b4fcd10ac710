//! Risk levels from a probability of default.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// How risky a company is, from its probability of default.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RiskLevel {
    /// Below the medium threshold.
    Low,
    /// At or above the medium threshold.
    Medium,
    /// At or above the high threshold.
    High,
    /// Above (not at) the critical threshold.
    Critical,
}

impl RiskLevel {
    /// Every level, safest first.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// The name used in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Low => "LOW",
            Self::Medium => "MEDIUM",
            Self::High => "HIGH",
            Self::Critical => "CRITICAL",
        }
    }
}

impl fmt::Display for RiskLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for RiskLevel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|l| l.as_str().eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("unknown risk level '{text}', expected LOW, MEDIUM, HIGH or CRITICAL"))
    }
}

/// Where the levels begin, as probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Thresholds {
    /// MEDIUM at or above.
    pub medium: f64,
    /// HIGH at or above.
    pub high: f64,
    /// CRITICAL strictly above.
    pub critical: f64,
}

impl Thresholds {
    /// The level of a probability.
    #[must_use]
    pub fn level(&self, probability: f64) -> RiskLevel {
        if probability > self.critical {
            RiskLevel::Critical
        } else if probability >= self.high {
            RiskLevel::High
        } else if probability >= self.medium {
            RiskLevel::Medium
        } else {
            RiskLevel::Low
        }
    }

    /// Whether the thresholds are finite, inside (0, 1) and strictly rising.
    #[must_use]
    pub fn are_sound(&self) -> bool {
        0.0 < self.medium && self.medium < self.high && self.high < self.critical && self.critical < 1.0
    }
}

/// max(|p − 0.5|·2, 0.5): kept because clients show it. It says nothing about the reliability of `p`.
#[must_use]
pub fn confidence(probability: f64) -> f64 {
    ((probability - 0.5).abs() * 2.0).max(0.5)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edges_belong_to_the_documented_side() {
        let t = Thresholds { medium: 0.02, high: 0.05, critical: 0.15 };
        assert_eq!(t.level(0.019_999), RiskLevel::Low);
        assert_eq!(t.level(0.02), RiskLevel::Medium);
        assert_eq!(t.level(0.05), RiskLevel::High);
        assert_eq!(t.level(0.15), RiskLevel::High);
        assert_eq!(t.level(0.150_001), RiskLevel::Critical);
        assert!(t.are_sound());
        assert!(!Thresholds { critical: f64::NAN, ..t }.are_sound());
    }

    #[test]
    fn confidence_never_falls_below_a_half() {
        assert!((confidence(0.5) - 0.5).abs() < f64::EPSILON);
        assert!((confidence(0.02) - 0.96).abs() < 1e-12);
    }
}
