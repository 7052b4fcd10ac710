//! An explanation for people: what each ratio did to the risk, and the few that matter most in words.

mod phrase;
mod table;

use accunode_domain::Ratio;
use rayon::prelude::*;
use serde::Serialize;

use crate::{BinHit, Bundle, ScoreError, sigmoid};

/// Most reasons, and most strengths, of one row.
pub const MAX_REASONS: usize = 4;
/// Contributions up to this size, in log-odds, are no reason: they change the odds by a hundredth.
pub const NEGLIGIBLE: f64 = 0.01;
/// Rows that one task puts into words.
const ROWS: usize = 64;

/// Whether a ratio raises or lowers the risk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Direction {
    /// Its contribution is above 0.
    Raises,
    /// Its contribution is below 0.
    Lowers,
    /// It contributes nothing.
    None,
}

impl Direction {
    fn of(contribution: f64) -> Self {
        match contribution {
            c if c > 0.0 => Self::Raises,
            c if c < 0.0 => Self::Lowers,
            _ => Self::None,
        }
    }

    /// The name used in the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Raises => "raises",
            Self::Lowers => "lowers",
            Self::None => "none",
        }
    }
}

/// What one ratio did.
#[derive(Clone, Debug, PartialEq)]
pub struct RatioEffect {
    /// The ratio's name.
    pub ratio: &'static str,
    /// What was given.
    pub value: Ratio,
    /// What it hit in each scorecard that takes it.
    pub bins: Vec<BinHit>,
    /// What it adds to the log-odds.
    pub contribution: f64,
    /// Its part of all that was moved: |contribution| over the sum of these; 0 where nothing was moved.
    pub share: f64,
    /// Which way.
    pub direction: Direction,
}

/// One ratio's effect in words.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reason {
    /// What is the case, from a fixed table: the ratio and its state, such as `DEBT_EBITDA_HIGH`.
    pub code: &'static str,
    /// The ratio's name.
    pub ratio: &'static str,
    /// What it adds to the log-odds.
    pub contribution: f64,
    /// One sentence without its full stop.
    pub text: String,
}

/// Why a row has its probability, for people.
///
/// The contributions sum to `log_odds − base_log_odds`.
#[derive(Clone, Debug, PartialEq)]
pub struct Rationale {
    /// Probability that belongs to `base_log_odds`.
    pub base_probability: f64,
    /// Log-odds from which contributions are measured.
    pub base_log_odds: f64,
    /// Log-odds of the row's final probability.
    pub log_odds: f64,
    /// Each ratio of the kind, in its order.
    pub ratios: Vec<RatioEffect>,
    /// What raises the risk most, largest first.
    pub reasons: Vec<Reason>,
    /// What lowers the risk most, largest first.
    pub strengths: Vec<Reason>,
}

impl Bundle {
    /// The rationale of one row, given as for [`score`](Self::score).
    ///
    /// # Errors
    /// As for [`explain`](Self::explain).
    pub fn rationale(&self, ratios: &[Ratio]) -> Result<Rationale, ScoreError> {
        let why = self.explain(ratios)?;
        Ok(self.put(ratios, &why.contributions, why.base_log_odds, why.log_odds))
    }

    /// The rationales of a batch, given as for [`score_batch`](Self::score_batch), on all cores.
    ///
    /// # Errors
    /// As for [`explain_batch`](Self::explain_batch).
    pub fn rationales(&self, columns: &[Vec<Ratio>]) -> Result<Vec<Rationale>, ScoreError> {
        let why = self.explain_batch(columns)?;
        let row = |i: usize| {
            let ratios: Vec<Ratio> = columns.iter().map(|column| column[i]).collect();
            self.put(&ratios, why.contributions(i), why.base_log_odds, why.log_odds[i])
        };
        Ok((0..why.len()).into_par_iter().with_min_len(ROWS).map(row).collect())
    }

    fn put(&self, ratios: &[Ratio], contributions: &[f64], base_log_odds: f64, log_odds: f64) -> Rationale {
        Rationale {
            base_probability: sigmoid(base_log_odds),
            base_log_odds,
            log_odds,
            ratios: self.effects(ratios, contributions),
            reasons: self.reasons(ratios, contributions, true),
            strengths: self.reasons(ratios, contributions, false),
        }
    }

    fn effects(&self, ratios: &[Ratio], contributions: &[f64]) -> Vec<RatioEffect> {
        let size: f64 = contributions.iter().map(|c| c.abs()).sum();
        let hits = self.bins(ratios);
        let cells = self.kind().ratios().iter().zip(ratios).zip(contributions);
        let effect =
            |((spec, value), contribution): ((&accunode_domain::RatioSpec, &Ratio), &f64)| RatioEffect {
                ratio: spec.name,
                value: *value,
                bins: hits.iter().filter(|hit| hit.ratio == spec.name).cloned().collect(),
                contribution: *contribution,
                share: if size > 0.0 { contribution.abs() / size } else { 0.0 },
                direction: Direction::of(*contribution),
            };
        cells.map(effect).collect()
    }

    /// The largest contributions above (or below) 0 in words; of equal ones the kind's earlier ratio first.
    fn reasons(&self, ratios: &[Ratio], contributions: &[f64], raises: bool) -> Vec<Reason> {
        let size = |c: f64| if raises { c } else { -c };
        let mut order: Vec<(usize, f64)> = contributions.iter().copied().enumerate().collect();
        order.retain(|(_, c)| size(*c) > NEGLIGIBLE);
        // The sort is stable.
        order.sort_by(|(_, a), (_, b)| size(*b).total_cmp(&size(*a)));
        let reason = |(index, contribution): (usize, f64)| {
            let (ratio, value) = (self.kind().ratios().get(index)?.name, *ratios.get(index)?);
            let quantiles = self.population().and_then(|population| population.quantiles(index));
            let (code, text) = phrase::phrase(table::words(ratio)?, value, raises, quantiles);
            Some(Reason { code, ratio, contribution, text })
        };
        order.into_iter().filter_map(reason).take(MAX_REASONS).collect()
    }
}

#[cfg(test)]
mod tests;
