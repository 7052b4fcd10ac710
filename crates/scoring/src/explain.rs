//! Why a row has its score: one contribution to the log-odds for each ratio, adding up exactly.

use accunode_domain::Ratio;
use rayon::prelude::*;
use serde::Serialize;

use crate::{
    Bundle, Hit, MemberModel, ScoreError,
    numeric::sigmoid,
    path::{Leg, shares},
};

/// Rows that one task explains: fewer than it would score, for each takes longer.
const ROWS: usize = 256;

/// The explanation of one row's probability.
///
/// `log_odds − base_log_odds` is the sum of the contributions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Explanation {
    /// What each ratio of the kind, in the order of [`Kind::ratios`](accunode_domain::Kind::ratios), adds
    /// to the log-odds. Above 0 it raises the probability. The part of an indicator is its ratio's.
    pub contributions: Vec<f64>,
    /// Log-odds from which contributions are measured: those of the population's average inputs.
    pub base_log_odds: f64,
    /// Log-odds of the row's final probability.
    pub log_odds: f64,
    /// Which bin of each scorecard each ratio hit.
    pub bins: Vec<BinHit>,
    /// The members in the manifest's order.
    pub members: Vec<MemberExplanation>,
}

/// Which bin of a scorecard a ratio hit.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct BinHit {
    /// Index of the scorecard among the members.
    pub member: usize,
    /// The ratio's name.
    pub ratio: &'static str,
    /// What it hit.
    pub hit: Hit,
    /// Lower edge of the bin; none where it is open or no bin was hit.
    pub low: Option<f64>,
    /// Upper edge of the bin; none where it is open or no bin was hit.
    pub high: Option<f64>,
    /// The value that counts.
    pub value: f64,
    /// coefficient · (value − mean): the contribution to the scorecard's own log-odds.
    pub contribution: f64,
}

/// One member's own explanation of its own log-odds.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct MemberExplanation {
    /// What each ratio of the kind adds to this member's log-odds.
    pub contributions: Vec<f64>,
    /// Log-odds that they are measured from.
    pub base_log_odds: f64,
    /// This member's log-odds for the row.
    pub log_odds: f64,
    /// How much of a unit of this member's log-odds reaches the ensemble's, before calibration.
    pub share: f64,
}

/// The explanations of a batch.
#[derive(Clone, Debug, PartialEq)]
pub struct BatchExplanations {
    ratios: usize,
    contributions: Vec<f64>,
    /// Log-odds from which all rows' contributions are measured.
    pub base_log_odds: f64,
    /// Log-odds of each row's final probability.
    pub log_odds: Vec<f64>,
}

impl Explanation {
    /// The probability that contributions are measured from.
    #[must_use]
    pub fn base_probability(&self) -> f64 {
        sigmoid(self.base_log_odds)
    }
}

impl BatchExplanations {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        self.log_odds.len()
    }

    /// Whether there is no row.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.log_odds.is_empty()
    }

    /// The contributions to row `i`, one for each ratio of the kind, equal to those of
    /// [`Bundle::explain`]; empty where there is no such row.
    #[must_use]
    pub fn contributions(&self, i: usize) -> &[f64] {
        let start = i.saturating_mul(self.ratios);
        self.contributions.get(start..start.saturating_add(self.ratios)).unwrap_or_default()
    }
}

/// The ensemble's part of an explanation.
struct Attribution {
    contributions: Vec<f64>,
    log_odds: f64,
}

impl Bundle {
    /// Explains the score of one row, given as for [`score`](Self::score).
    ///
    /// # Errors
    /// [`ScoreError`] as for `score`, and where a LightGBM file does not say how many training rows its
    /// nodes saw.
    pub fn explain(&self, ratios: &[Ratio]) -> Result<Explanation, ScoreError> {
        self.check_row(ratios)?;
        let columns: Vec<&[Ratio]> = ratios.chunks(1).collect();
        let mut members = Vec::with_capacity(self.members().len());
        for member in self.members() {
            members.push(MemberExplanation {
                contributions: member.contributions(&columns)?,
                base_log_odds: member.base_log_odds()?,
                log_odds: member.log_odds(member.raw(ratios)?),
                share: 0.0,
            });
        }
        let Attribution { contributions, log_odds } = self.attribute(&mut members);
        let base_log_odds = self.base_log_odds()?;
        Ok(Explanation { contributions, base_log_odds, log_odds, bins: self.bins(ratios), members })
    }

    /// Explains a batch, given as for [`score_batch`](Self::score_batch), on all cores.
    ///
    /// # Errors
    /// As for [`explain`](Self::explain) and `score_batch`.
    pub fn explain_batch(&self, columns: &[Vec<Ratio>]) -> Result<BatchExplanations, ScoreError> {
        let rows = self.check_columns(columns)?;
        let blocks: Vec<Vec<Attribution>> = (0..rows.div_ceil(ROWS))
            .into_par_iter()
            .map(|block| {
                let range = block * ROWS..rows.min((block + 1) * ROWS);
                let columns: Vec<&[Ratio]> = columns.iter().map(|c| &c[range.clone()]).collect();
                self.explain_block(&columns, range.len())
            })
            .collect::<Result<_, _>>()?;
        let rows = || blocks.iter().flatten();
        Ok(BatchExplanations {
            ratios: columns.len(),
            contributions: rows().flat_map(|row| &row.contributions).copied().collect(),
            base_log_odds: self.base_log_odds()?,
            log_odds: rows().map(|row| row.log_odds).collect(),
        })
    }

    fn explain_block(&self, columns: &[&[Ratio]], rows: usize) -> Result<Vec<Attribution>, ScoreError> {
        let (mut parts, mut raw, mut bases) = (Vec::new(), Vec::new(), Vec::new());
        for member in self.members() {
            parts.push(member.contributions(columns)?);
            raw.push(member.raw_batch(columns)?);
            bases.push(member.base_log_odds()?);
        }
        let ratios = columns.len();
        let explain = |i: usize| {
            let member = |(m, member): (usize, &crate::Member)| MemberExplanation {
                contributions: parts[m][i * ratios..(i + 1) * ratios].to_vec(),
                base_log_odds: bases[m],
                log_odds: member.log_odds(raw[m][i]),
                share: 0.0,
            };
            self.attribute(&mut self.members().iter().enumerate().map(member).collect::<Vec<_>>())
        };
        Ok((0..rows).map(explain).collect())
    }

    /// Log-odds from which contributions are measured, after calibration: of the members' weighted mean
    /// where a scorecard's values are at their means and a LightGBM model gives its expected raw score.
    ///
    /// # Errors
    /// [`ScoreError::Member`] as for [`explain`](Self::explain).
    pub fn base_log_odds(&self) -> Result<f64, ScoreError> {
        let bases: Vec<f64> =
            self.members().iter().map(crate::Member::base_log_odds).collect::<Result<_, _>>()?;
        Ok(self.calibrated(self.mean_log_odds(|index| bases[index])))
    }

    fn calibrated(&self, log_odds: f64) -> f64 {
        self.calibration().map_or(log_odds, |calibration| calibration.apply(log_odds))
    }

    /// Brings the members' own explanations together, and sets their shares.
    fn attribute(&self, members: &mut [MemberExplanation]) -> Attribution {
        self.set_shares(members);
        let slope = self.calibration().map_or(1.0, |calibration| calibration.slope);
        let mut contributions = vec![0.0; self.kind().ratios().len()];
        for member in members.iter() {
            for (sum, part) in contributions.iter_mut().zip(&member.contributions) {
                *sum += slope * member.share * part;
            }
        }
        let before = self.mean_log_odds(|index| members[index].base_log_odds);
        let after = self.mean_log_odds(|index| members[index].log_odds);
        let (before, after) = (self.calibrated(before), self.calibrated(after));
        settle(&mut contributions, after - before);
        Attribution { contributions, log_odds: after }
    }

    /// Sets each member's part in a change of the ensemble's log-odds. A member without weight has none.
    fn set_shares(&self, members: &mut [MemberExplanation]) {
        let weighted = |index: usize| self.members()[index].weight() > 0.0;
        let active: Vec<usize> = (0..members.len()).filter(|index| weighted(*index)).collect();
        let leg = |index: &usize| Leg {
            weight: self.members()[*index].weight(),
            from: members[*index].base_log_odds,
            change: members[*index].log_odds - members[*index].base_log_odds,
        };
        let legs: Vec<Leg> = active.iter().map(leg).collect();
        for (index, share) in active.into_iter().zip(shares(&legs)) {
            members[index].share = share;
        }
    }

    /// What each ratio of a checked row hits in the scorecards.
    pub(crate) fn bins(&self, ratios: &[Ratio]) -> Vec<BinHit> {
        let mut hits = Vec::new();
        for (member, model) in self.members().iter().enumerate() {
            let MemberModel::Scorecard(card) = model.model() else { continue };
            for feature in card.features() {
                let hit = feature.hit(ratios[feature.ratio]);
                let value = feature.value(hit);
                let bin = match hit {
                    Hit::Bin(index) => feature.bins.get(index),
                    _ => None,
                };
                hits.push(BinHit {
                    member,
                    ratio: self.kind().ratios()[feature.ratio].name,
                    hit,
                    low: bin.map(|bin| bin.low).filter(|edge| edge.is_finite()),
                    high: bin.map(|bin| bin.high).filter(|edge| edge.is_finite()),
                    value,
                    contribution: feature.coefficient * (value - feature.mean),
                });
            }
        }
        hits
    }
}

/// Makes the contributions sum to `total`, from which rounding and quadrature have kept them some 10⁻¹⁴:
/// the difference is spread in proportion to their sizes, |φ| ↦ |φ|·(1 ± ε), so that no sign turns and a
/// ratio without influence keeps none.
fn settle(contributions: &mut [f64], total: f64) {
    let size: f64 = contributions.iter().map(|c| c.abs()).sum();
    let left = total - contributions.iter().sum::<f64>();
    if left.abs() < size {
        for contribution in contributions {
            *contribution += left * (contribution.abs() / size);
        }
    }
}
