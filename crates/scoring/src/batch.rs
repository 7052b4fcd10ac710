//! Many rows at once: the same numbers as row by row, to the last bit, on all cores.

use accunode_domain::{Ratio, RiskLevel, confidence};
use rayon::prelude::*;

use crate::{
    Bundle, MemberModel, MemberScore, Score, ScoreError,
    ensemble::{Combined, is_finite},
};

/// Rows that one task takes on.
pub(crate) const BLOCK: usize = 2048;

/// One member's scores of a batch.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberColumn {
    /// Raw scores, as in [`MemberScore::raw`].
    pub raw: Vec<f64>,
    /// Probabilities of default.
    pub probability: Vec<f64>,
}

/// The scores of a batch, one vector a quantity, all of the batch's length.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchScores {
    /// The members in the manifest's order.
    pub members: Vec<MemberColumn>,
    /// Weighted mean of the scorecards' probabilities, if the bundle has scorecards.
    pub scorecard: Option<Vec<f64>>,
    /// Weighted mean of the LightGBM members' probabilities, if the bundle has any.
    pub lightgbm: Option<Vec<f64>>,
    /// Weighted means of the members' probabilities.
    pub raw: Vec<f64>,
    /// Probabilities of default after calibration.
    pub probability: Vec<f64>,
    /// Levels of `probability`.
    pub risk_level: Vec<RiskLevel>,
}

impl BatchScores {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.probability.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.probability.is_empty()
    }

    /// The score of row `i`, equal to what [`Bundle::score`] gives for it.
    ///
    /// # Panics
    /// Where `i` is not below [`len`](Self::len), like the index of a slice.
    #[must_use]
    pub fn get(&self, i: usize) -> Score {
        Score {
            members: self.members.iter().map(|m| member_score(m, i)).collect(),
            raw: self.raw[i],
            probability: self.probability[i],
            risk_level: self.risk_level[i],
            confidence: confidence(self.probability[i]),
            scorecard: self.scorecard.as_ref().map(|column| column[i]),
            lightgbm: self.lightgbm.as_ref().map(|column| column[i]),
        }
    }

    /// The scores of all rows in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = Score> {
        (0..self.len()).map(|i| self.get(i))
    }
}

fn member_score(column: &MemberColumn, i: usize) -> MemberScore {
    MemberScore { raw: column.raw[i], probability: column.probability[i] }
}

impl Bundle {
    /// Scores a batch: one column for each ratio of the kind, in the order of
    /// [`Kind::ratios`](accunode_domain::Kind::ratios), all of one length.
    ///
    /// Bit for bit what [`score`](Self::score) gives for each row. Memory: the columns once more as
    /// numbers, and the result.
    ///
    /// # Errors
    /// [`ScoreError`] for another number of columns, columns of different length, a value that is not
    /// finite, or a score that overflows.
    pub fn score_batch(&self, columns: &[Vec<Ratio>]) -> Result<BatchScores, ScoreError> {
        let rows = self.check_columns(columns)?;
        let columns: Vec<&[Ratio]> = columns.iter().map(Vec::as_slice).collect();
        let mut members = Vec::with_capacity(self.members().len());
        for member in self.members() {
            let raw = member.raw_batch(&columns)?;
            let probability =
                raw.par_iter().with_min_len(BLOCK).map(|raw| member.probability(*raw)).collect();
            members.push(MemberColumn { raw, probability });
        }
        let combined: Vec<Combined> = (0..rows)
            .into_par_iter()
            .with_min_len(BLOCK)
            .map(|i| self.combine(|index| member_score(&members[index], i)))
            .collect();
        let thresholds = self.thresholds();
        Ok(BatchScores {
            scorecard: self.has_scorecard().then(|| combined.iter().filter_map(|c| c.scorecard).collect()),
            lightgbm: self.has_lightgbm().then(|| combined.iter().filter_map(|c| c.lightgbm).collect()),
            raw: combined.iter().map(|c| c.raw).collect(),
            probability: combined.iter().map(|c| c.probability).collect(),
            risk_level: combined.iter().map(|c| thresholds.level(c.probability)).collect(),
            members,
        })
    }

    /// Whether a member is a scorecard.
    #[must_use]
    pub fn has_scorecard(&self) -> bool {
        self.members().iter().any(|member| matches!(member.model(), MemberModel::Scorecard(_)))
    }

    /// Whether a member is a LightGBM model.
    #[must_use]
    pub fn has_lightgbm(&self) -> bool {
        self.members().iter().any(|member| matches!(member.model(), MemberModel::LightGbm(_)))
    }

    /// The number of rows of sound columns.
    pub(crate) fn check_columns(&self, columns: &[Vec<Ratio>]) -> Result<usize, ScoreError> {
        let specs = self.kind().ratios();
        if columns.len() != specs.len() {
            return Err(ScoreError::Count { expected: specs.len(), got: columns.len() });
        }
        let rows = columns.first().map_or(0, Vec::len);
        for (column, spec) in columns.iter().zip(specs) {
            if column.len() != rows {
                return Err(ScoreError::Rows { ratio: spec.name, expected: rows, got: column.len() });
            }
            if let Some(row) = column.iter().position(|ratio| !is_finite(*ratio)) {
                return Err(ScoreError::NotFinite { ratio: spec.name, row });
            }
        }
        Ok(rows)
    }
}
