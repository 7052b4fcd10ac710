//! What the companies that a model was trained on look like: quantiles of their ratios, to compare with.

use std::collections::BTreeMap;

use accunode_domain::Kind;
use serde::Deserialize;

use crate::{
    BundleError,
    manifest::{at, ratio_index},
};

/// Percentages of the population at which quantiles are given.
pub const LEVELS: [u8; 7] = [5, 10, 25, 50, 75, 90, 95];

/// Where the median stands among [`LEVELS`].
const MEDIAN: usize = 3;

/// Quantiles of one ratio at [`LEVELS`], finite and never falling.
pub type Quantiles = [f64; LEVELS.len()];

/// The training population of a bundle: of each ratio its quantiles over the rows that have a value.
#[derive(Clone, Debug, PartialEq)]
pub struct Population {
    /// For each ratio of the kind its quantiles, where the manifest has them.
    quantiles: Vec<Option<Quantiles>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPopulation {
    levels: Vec<u8>,
    quantiles: BTreeMap<String, Vec<f64>>,
}

impl Population {
    /// The quantiles of the ratio at this position among the kind's.
    #[must_use]
    pub fn quantiles(&self, ratio: usize) -> Option<&Quantiles> {
        self.quantiles.get(ratio)?.as_ref()
    }

    /// The median of the ratio at this position among the kind's.
    #[must_use]
    pub fn median(&self, ratio: usize) -> Option<f64> {
        self.quantiles(ratio).map(|quantiles| quantiles[MEDIAN])
    }

    pub(crate) fn check(kind: Kind, raw: RawPopulation) -> Result<Self, BundleError> {
        if raw.levels != LEVELS {
            return at("population.levels", format!("{:?}, expected {LEVELS:?}", raw.levels));
        }
        let mut quantiles = vec![None; kind.ratios().len()];
        for (name, values) in raw.quantiles {
            let path = format!("population.quantiles.{name}");
            let Some(index) = ratio_index(kind, &name) else {
                return at(path, format!("'{name}' is not a ratio of kind {kind}"));
            };
            let found = values.len();
            let Ok(values) = Quantiles::try_from(values) else {
                return at(path, format!("{found} numbers, expected {}, one for each level", LEVELS.len()));
            };
            if let Some(i) = (1..values.len()).find(|i| values[*i] < values[*i - 1]) {
                let reason = format!("{} lies below {}, the quantile before", values[i], values[i - 1]);
                return at(format!("{path}[{i}]"), reason);
            }
            quantiles[index] = Some(values);
        }
        Ok(Self { quantiles })
    }
}
