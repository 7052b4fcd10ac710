//! Why a row has its probability, as the API shows it wherever it shows one.

use accunode_domain::Ratio;
use accunode_scoring::{self as scoring, Hit};
use serde::Serialize;
use utoipa::ToSchema;

/// Why a row has its probability: the contributions of its ratios sum to `log_odds` − `base_log_odds`.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreExplanation)]
pub struct Explanation {
    /// Probability that belongs to `base_log_odds`.
    pub base_probability: f64,
    /// Log-odds from which contributions are measured, the same for all rows of a model.
    pub base_log_odds: f64,
    /// Log-odds of the row's final probability.
    pub log_odds: f64,
    /// Each ratio, in the order of the kind.
    pub ratios: Vec<RatioEffect>,
    /// What raises the risk most: up to four, the largest contribution first.
    pub reasons: Vec<Reason>,
    /// What lowers the risk most: up to four, the largest contribution first.
    pub strengths: Vec<Reason>,
}

/// What one ratio does to the risk.
#[derive(Debug, Serialize, ToSchema)]
pub struct RatioEffect {
    /// The ratio.
    pub ratio: &'static str,
    /// Its value; null when missing or not meaningful.
    pub value: Option<f64>,
    /// `value`, `missing` or `not_meaningful`.
    pub state: &'static str,
    /// What it hit in each scorecard of the model that takes it.
    pub bins: Vec<Bin>,
    /// What it adds to the log-odds.
    pub contribution: f64,
    /// Its part of all that is moved, from 0 to 1.
    pub share: f64,
    /// `raises`, `lowers` or `none`.
    pub direction: &'static str,
}

/// What a ratio hit in a scorecard.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScorecardBin)]
pub struct Bin {
    /// `bin`, `missing`, `not_meaningful` or `otherwise` (no bin holds the value).
    pub hit: &'static str,
    /// Lower edge, itself outside the bin; null where the bin is open or none was hit.
    pub low: Option<f64>,
    /// Upper edge, itself inside the bin; null where the bin is open or none was hit.
    pub high: Option<f64>,
    /// What it counts for there.
    pub value: f64,
    /// What it adds to the scorecard's own log-odds.
    pub contribution: f64,
}

/// One ratio's effect in words.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ReasonCode)]
pub struct Reason {
    /// The ratio and its state, from a fixed table, such as `DEBT_EBITDA_HIGH`.
    pub code: &'static str,
    /// The ratio.
    pub ratio: &'static str,
    /// What it adds to the log-odds.
    pub contribution: f64,
    /// One sentence: the value and how it compares with the companies that the model was trained on.
    pub text: String,
}

/// `value`, `missing` or `not_meaningful`.
#[must_use]
pub const fn state_of(ratio: Ratio) -> &'static str {
    match ratio {
        Ratio::Value(_) => "value",
        Ratio::Missing => "missing",
        Ratio::NotMeaningful => "not_meaningful",
    }
}

impl From<scoring::Rationale> for Explanation {
    fn from(why: scoring::Rationale) -> Self {
        Self {
            base_probability: why.base_probability,
            base_log_odds: why.base_log_odds,
            log_odds: why.log_odds,
            ratios: why.ratios.into_iter().map(Into::into).collect(),
            reasons: why.reasons.into_iter().map(Into::into).collect(),
            strengths: why.strengths.into_iter().map(Into::into).collect(),
        }
    }
}

impl From<scoring::RatioEffect> for RatioEffect {
    fn from(effect: scoring::RatioEffect) -> Self {
        Self {
            ratio: effect.ratio,
            value: effect.value.value(),
            state: state_of(effect.value),
            bins: effect.bins.iter().map(Into::into).collect(),
            contribution: effect.contribution,
            share: effect.share,
            direction: effect.direction.as_str(),
        }
    }
}

impl From<&scoring::BinHit> for Bin {
    fn from(hit: &scoring::BinHit) -> Self {
        let name = match hit.hit {
            Hit::Bin(_) => "bin",
            Hit::Missing => "missing",
            Hit::NotMeaningful => "not_meaningful",
            Hit::Otherwise => "otherwise",
        };
        Self { hit: name, low: hit.low, high: hit.high, value: hit.value, contribution: hit.contribution }
    }
}

impl From<scoring::Reason> for Reason {
    fn from(reason: scoring::Reason) -> Self {
        Self { code: reason.code, ratio: reason.ratio, contribution: reason.contribution, text: reason.text }
    }
}
