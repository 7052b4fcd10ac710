//! The ensemble: the weighted mean of the members' probabilities, recalibrated on the log-odds.

use accunode_domain::{Ratio, RiskLevel, confidence};

use crate::{
    Bundle, MemberModel, ScoreError,
    numeric::{mixture_log_odds, sigmoid},
};

/// What one member says about a row.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MemberScore {
    /// Log-odds of a scorecard, sum of the leaves of a LightGBM model.
    pub raw: f64,
    /// Probability of default.
    pub probability: f64,
}

/// The score of one row.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    /// The members in the manifest's order.
    pub members: Vec<MemberScore>,
    /// Weighted mean of the members' probabilities.
    pub raw: f64,
    /// Probability of default: `raw` after calibration, or `raw` itself without one.
    pub probability: f64,
    /// Level of `probability`.
    pub risk_level: RiskLevel,
    /// [`accunode_domain::confidence`] of `probability`.
    pub confidence: f64,
    pub(crate) scorecard: Option<f64>,
    pub(crate) lightgbm: Option<f64>,
}

impl Score {
    /// Weighted mean of the scorecards' probabilities, if the bundle has scorecards.
    #[must_use]
    pub fn scorecard_probability(&self) -> Option<f64> {
        self.scorecard
    }

    /// Weighted mean of the LightGBM members' probabilities, if the bundle has any.
    #[must_use]
    pub fn lightgbm_probability(&self) -> Option<f64> {
        self.lightgbm
    }
}

/// The means of one row.
pub(crate) struct Combined {
    pub(crate) raw: f64,
    pub(crate) probability: f64,
    pub(crate) scorecard: Option<f64>,
    pub(crate) lightgbm: Option<f64>,
}

/// A weighted mean of some members; the plain mean where all their weights are 0.
#[derive(Default)]
struct Mean {
    weighted: f64,
    weight: f64,
    plain: f64,
    count: u32,
}

impl Mean {
    fn add(&mut self, weight: f64, probability: f64) {
        self.weighted += weight * probability;
        self.weight += weight;
        self.plain += probability;
        self.count += 1;
    }

    fn get(&self) -> Option<f64> {
        match self.count {
            0 => None,
            // Of one member its own probability, to the last bit.
            1 => Some(self.plain),
            _ if self.weight > 0.0 => Some(self.weighted / self.weight),
            count => Some(self.plain / f64::from(count)),
        }
    }
}

impl Bundle {
    /// Scores one row.
    ///
    /// `ratios` holds one entry for each ratio of the kind, in the order of
    /// [`Kind::ratios`](accunode_domain::Kind::ratios).
    ///
    /// # Errors
    /// [`ScoreError`] for another number of ratios, a value that is not finite, or a score that overflows.
    pub fn score(&self, ratios: &[Ratio]) -> Result<Score, ScoreError> {
        self.check_row(ratios)?;
        let mut members = Vec::with_capacity(self.members().len());
        for member in self.members() {
            let raw = member.raw(ratios)?;
            members.push(MemberScore { raw, probability: member.probability(raw) });
        }
        let Combined { raw, probability, scorecard, lightgbm } = self.combine(|index| members[index]);
        Ok(Score {
            members,
            raw,
            probability,
            risk_level: self.thresholds().level(probability),
            confidence: confidence(probability),
            scorecard,
            lightgbm,
        })
    }

    /// The means over the members, whose scores are asked for by their index.
    pub(crate) fn combine(&self, score: impl Fn(usize) -> MemberScore) -> Combined {
        let (mut scorecards, mut lightgbms, mut raw) = (Mean::default(), Mean::default(), 0.0);
        for (index, member) in self.members().iter().enumerate() {
            let probability = score(index).probability;
            raw += member.weight() * probability;
            match member.model() {
                MemberModel::Scorecard(_) => scorecards.add(member.weight(), probability),
                MemberModel::LightGbm(_) => lightgbms.add(member.weight(), probability),
            }
        }
        // The weights may sum to 1 plus one rounding.
        let raw = raw.min(1.0);
        let log_odds = |index: usize| self.members()[index].log_odds(score(index).raw);
        let probability = match self.calibration() {
            Some(calibration) => sigmoid(calibration.apply(self.mean_log_odds(log_odds))),
            None => raw,
        };
        Combined { raw, probability, scorecard: scorecards.get(), lightgbm: lightgbms.get() }
    }

    /// Log-odds of the weighted mean, from the members' log-odds: they still tell rows apart where the
    /// probabilities have rounded to 0 or 1.
    pub(crate) fn mean_log_odds(&self, log_odds: impl Fn(usize) -> f64 + Copy) -> f64 {
        let members = self.members().iter().map(crate::Member::weight).enumerate();
        let active = members.filter(|(_, weight)| *weight > 0.0);
        mixture_log_odds(active.map(|(index, weight)| (weight, log_odds(index))))
    }

    pub(crate) fn check_row(&self, ratios: &[Ratio]) -> Result<(), ScoreError> {
        let specs = self.kind().ratios();
        if ratios.len() != specs.len() {
            return Err(ScoreError::Count { expected: specs.len(), got: ratios.len() });
        }
        match ratios.iter().zip(specs).find(|(ratio, _)| !is_finite(**ratio)) {
            Some((_, spec)) => Err(ScoreError::NotFinite { ratio: spec.name, row: 0 }),
            None => Ok(()),
        }
    }
}

/// Whether a ratio is one that may be scored: a number must be finite.
pub(crate) fn is_finite(ratio: Ratio) -> bool {
    ratio.value().is_none_or(f64::is_finite)
}
