//! Scorecards: each ratio falls into a bin, each bin has a value, the score is logistic in the values.

use accunode_domain::{Kind, Ratio};
use serde::{Deserialize, Deserializer, Serialize};

use crate::{BundleError, manifest::ratio_index};

/// Largest log-odds that a scorecard may reach: beyond any meaning, and small enough that sums of its
/// parts keep ten decimals.
const MAX_LOG_ODDS: f64 = 1e6;

/// One interval of a ratio, open below and closed above: `low < x ≤ high`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bin {
    /// Lower edge, −∞ where the bin is open.
    pub low: f64,
    /// Upper edge, +∞ where the bin is open.
    pub high: f64,
    /// What the ratio counts for inside the bin.
    pub value: f64,
}

/// One ratio of a scorecard.
#[derive(Clone, Debug, PartialEq)]
pub struct ScorecardFeature {
    /// Position among the kind's ratios.
    pub ratio: usize,
    /// Factor of the value in the log-odds.
    pub coefficient: f64,
    /// Rising, without overlap.
    pub bins: Vec<Bin>,
    /// Value where the ratio is missing.
    pub missing: f64,
    /// Value where the ratio is not meaningful, if it is not that of `missing`.
    pub not_meaningful: Option<f64>,
    /// Value where no bin holds the ratio.
    pub otherwise: f64,
    /// Mean of the value over the population that contributions are measured from.
    pub mean: f64,
}

/// Which part of a scorecard feature a ratio fell into.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Hit {
    /// The bin with this index.
    Bin(usize),
    /// The ratio is missing.
    Missing,
    /// The ratio is not meaningful.
    NotMeaningful,
    /// No bin holds the ratio.
    Otherwise,
}

impl ScorecardFeature {
    /// Where the ratio falls.
    #[must_use]
    pub fn hit(&self, ratio: Ratio) -> Hit {
        let x = match ratio {
            Ratio::Value(x) => x,
            Ratio::Missing => return Hit::Missing,
            Ratio::NotMeaningful => return Hit::NotMeaningful,
        };
        // The edges rise, so the first bin that ends at or above x is the only one that can hold it.
        let index = self.bins.partition_point(|bin| bin.high < x);
        match self.bins.get(index) {
            Some(bin) if bin.low < x => Hit::Bin(index),
            _ => Hit::Otherwise,
        }
    }

    /// The value of what [`hit`](Self::hit) found.
    #[must_use]
    pub fn value(&self, hit: Hit) -> f64 {
        match hit {
            Hit::Bin(index) => self.bins.get(index).map_or(self.otherwise, |bin| bin.value),
            Hit::Missing => self.missing,
            Hit::NotMeaningful => self.not_meaningful.unwrap_or(self.missing),
            Hit::Otherwise => self.otherwise,
        }
    }
}

/// A checked scorecard.
#[derive(Clone, Debug, PartialEq)]
pub struct Scorecard {
    intercept: f64,
    features: Vec<ScorecardFeature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawScorecard {
    intercept: f64,
    features: Vec<RawFeature>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFeature {
    name: String,
    coefficient: f64,
    bins: Vec<RawBin>,
    missing: f64,
    #[serde(default)]
    not_meaningful: Option<f64>,
    otherwise: f64,
    #[serde(default)]
    mean: Option<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBin {
    #[serde(deserialize_with = "edge")]
    low: Option<f64>,
    #[serde(deserialize_with = "edge")]
    high: Option<f64>,
    value: f64,
}

/// An edge must be written, if only as null: a forgotten key is not an open bin.
fn edge<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
    Option::deserialize(deserializer)
}

impl Scorecard {
    /// Reads and checks a scorecard file; `file` is its name for errors.
    pub(crate) fn parse(text: &str, kind: Kind, file: &str) -> Result<Self, BundleError> {
        let raw: RawScorecard =
            serde_json::from_str(text).map_err(|error| BundleError::json(file, &error))?;
        let fault = |path: String, reason: String| BundleError::path(file, path, reason);
        if raw.features.is_empty() {
            return Err(fault("features".to_owned(), "must hold at least one ratio".to_owned()));
        }
        let mut features: Vec<ScorecardFeature> = Vec::with_capacity(raw.features.len());
        for (i, feature) in raw.features.into_iter().enumerate() {
            let path = format!("features[{i}]");
            let Some(ratio) = ratio_index(kind, &feature.name) else {
                let reason = format!("'{}' is not a ratio of kind {kind}", feature.name);
                return Err(fault(format!("{path}.name"), reason));
            };
            if features.iter().any(|f| f.ratio == ratio) {
                return Err(fault(format!("{path}.name"), format!("'{}' stands there twice", feature.name)));
            }
            let checked = feature.check(ratio);
            features.push(checked.map_err(|(key, reason)| fault(format!("{path}.{key}"), reason))?);
        }
        let card = Self { intercept: raw.intercept, features };
        let reach = card.reach();
        if reach.is_nan() || reach > MAX_LOG_ODDS {
            let reason =
                format!("the score can reach {reach:e} in log-odds, at most {MAX_LOG_ODDS:e} is allowed");
            return Err(BundleError::file(file, reason));
        }
        Ok(card)
    }

    /// Log-odds at no value of any ratio.
    #[must_use]
    pub fn intercept(&self) -> f64 {
        self.intercept
    }

    /// The ratios in the order of the file.
    #[must_use]
    pub fn features(&self) -> &[ScorecardFeature] {
        &self.features
    }

    /// Log-odds of a row that holds the kind's ratios in order. Summed in the order of the file.
    pub(crate) fn log_odds(&self, ratios: &[Ratio]) -> f64 {
        self.features.iter().fold(self.intercept, |sum, feature| {
            let ratio = ratios.get(feature.ratio).copied().unwrap_or(Ratio::Missing);
            sum + feature.coefficient * feature.value(feature.hit(ratio))
        })
    }

    /// Log-odds where every value is at its mean.
    pub(crate) fn base_log_odds(&self) -> f64 {
        self.features.iter().fold(self.intercept, |sum, f| sum + f.coefficient * f.mean)
    }

    /// An upper bound of |log-odds| and of every contribution.
    fn reach(&self) -> f64 {
        self.features.iter().fold(self.intercept.abs(), |sum, f| {
            let special = [f.missing, f.not_meaningful.unwrap_or(0.0), f.otherwise, f.mean];
            let values = f.bins.iter().map(|bin| bin.value).chain(special);
            sum + f.coefficient.abs() * values.fold(0.0, |most: f64, v| most.max(v.abs()))
        })
    }
}

impl RawFeature {
    /// Checks the edges; an error is the key below the feature and the reason. Numbers are finite: JSON
    /// has no others, and the reader refuses what overflows.
    fn check(self, ratio: usize) -> Result<ScorecardFeature, (String, String)> {
        if self.bins.is_empty() {
            return Err(("bins".to_owned(), "must not be empty".to_owned()));
        }
        let mut bins: Vec<Bin> = Vec::with_capacity(self.bins.len());
        for (i, raw) in self.bins.iter().enumerate() {
            let bin = Bin {
                low: raw.low.unwrap_or(f64::NEG_INFINITY),
                high: raw.high.unwrap_or(f64::INFINITY),
                value: raw.value,
            };
            if bin.low >= bin.high {
                let reason = format!("the low edge {} is not below the high edge {}", bin.low, bin.high);
                return Err((format!("bins[{i}]"), reason));
            }
            if let Some(previous) = bins.last()
                && bin.low < previous.high
            {
                let reason = format!(
                    "non-monotone edges: {} lies below {}, where the bin before ends",
                    bin.low, previous.high
                );
                return Err((format!("bins[{i}].low"), reason));
            }
            bins.push(bin);
        }
        #[allow(clippy::cast_precision_loss)] // a count of bins
        let unweighted = bins.iter().map(|bin| bin.value / bins.len() as f64).sum();
        Ok(ScorecardFeature {
            ratio,
            coefficient: self.coefficient,
            missing: self.missing,
            not_meaningful: self.not_meaningful,
            otherwise: self.otherwise,
            mean: self.mean.unwrap_or(unweighted),
            bins,
        })
    }
}
