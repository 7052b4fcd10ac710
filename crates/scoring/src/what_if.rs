//! Two rows side by side: what the difference of their scores comes from.

use accunode_domain::Ratio;

use crate::{Bundle, Score, ScoreError};

/// The scores of a row and of a changed one.
#[derive(Clone, Debug, PartialEq)]
pub struct WhatIf {
    /// Score of the row as it is.
    pub before: Score,
    /// Score of the changed row.
    pub after: Score,
    /// Log-odds of the row's final probability.
    pub before_log_odds: f64,
    /// Log-odds of the changed row's final probability.
    pub after_log_odds: f64,
    /// Every ratio of the kind, the largest difference first; of equal ones the kind's earlier ratio. The
    /// differences sum to `after_log_odds − before_log_odds`.
    pub drivers: Vec<Driver>,
}

/// One ratio's part in the difference of two scores. A ratio that was not changed has a part where what it counts
/// for depends on another.
#[derive(Clone, Debug, PartialEq)]
pub struct Driver {
    /// The ratio's name.
    pub ratio: &'static str,
    /// Its value in the row as it is.
    pub before: Ratio,
    /// Its value in the changed row.
    pub after: Ratio,
    /// Contribution in the row as it is.
    pub contribution_before: f64,
    /// Contribution in the changed row.
    pub contribution_after: f64,
    /// What the log-odds gain between the two.
    pub difference: f64,
}

impl Bundle {
    /// Compares two rows, each given as for [`score`](Self::score). Contributions of both are measured from the
    /// same base, so their differences add up to that of the scores.
    ///
    /// # Errors
    /// As for [`score`](Self::score) and [`explain`](Self::explain).
    pub fn what_if(&self, before: &[Ratio], after: &[Ratio]) -> Result<WhatIf, ScoreError> {
        let (from, to) = (self.explain(before)?, self.explain(after)?);
        let driver = |(index, spec): (usize, &accunode_domain::RatioSpec)| Driver {
            ratio: spec.name,
            before: before[index],
            after: after[index],
            contribution_before: from.contributions[index],
            contribution_after: to.contributions[index],
            difference: to.contributions[index] - from.contributions[index],
        };
        let mut drivers: Vec<Driver> = self.kind().ratios().iter().enumerate().map(driver).collect();
        drivers.sort_by(|a, b| b.difference.abs().total_cmp(&a.difference.abs()));
        Ok(WhatIf {
            before: self.score(before)?,
            after: self.score(after)?,
            before_log_odds: from.log_odds,
            after_log_odds: to.log_odds,
            drivers,
        })
    }
}
