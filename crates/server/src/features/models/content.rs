//! What a bundle holds, as it is kept with the model and shown.

use accunode_scoring::{Bundle, MemberModel};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What a bundle holds.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Content {
    /// The ratios, in the manifest's order.
    pub features: Vec<String>,
    /// The members whose probabilities are averaged.
    pub members: Vec<MemberFacts>,
    /// The recalibration of the average, if there is one.
    pub calibration: Option<CalibrationFacts>,
    /// Where the risk levels begin.
    pub thresholds: ThresholdFacts,
    /// The values of each ratio that were seen in training, where they are known.
    pub training_ranges: Vec<TrainingRange>,
}

/// A member of the ensemble.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct MemberFacts {
    /// `scorecard` or `lightgbm`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its file.
    pub file: String,
    /// Its part of the average; all sum to 1.
    pub weight: f64,
    /// What it takes: ratios, and `<ratio>:nm` for whether one is not meaningful.
    pub inputs: Vec<String>,
    /// Number of trees, of LightGBM members.
    pub trees: Option<usize>,
}

/// The recalibration: log-odds become intercept + slope · log-odds.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct CalibrationFacts {
    /// Added to the log-odds.
    pub intercept: f64,
    /// Factor of the log-odds.
    pub slope: f64,
}

/// Where the risk levels begin, as probabilities.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct ThresholdFacts {
    /// MEDIUM from here.
    pub medium: f64,
    /// HIGH from here.
    pub high: f64,
    /// CRITICAL above.
    pub critical: f64,
}

/// The values of a ratio that were seen in training.
#[derive(Debug, Serialize, Deserialize, ToSchema)]
pub struct TrainingRange {
    /// The ratio.
    pub ratio: String,
    /// Smallest value.
    pub low: f64,
    /// Largest value.
    pub high: f64,
}

impl From<&Bundle> for Content {
    fn from(bundle: &Bundle) -> Self {
        let thresholds = bundle.thresholds();
        let specs = bundle.kind().ratios().iter();
        let ranges = specs.zip(bundle.training_ranges()).filter_map(|(spec, range)| {
            range.map(|(low, high)| TrainingRange { ratio: spec.name.to_owned(), low, high })
        });
        Self {
            features: bundle.features().map(str::to_owned).collect(),
            members: bundle.members().iter().map(|member| member_facts(bundle, member)).collect(),
            calibration: bundle
                .calibration()
                .map(|c| CalibrationFacts { intercept: c.intercept, slope: c.slope }),
            thresholds: ThresholdFacts {
                medium: thresholds.medium,
                high: thresholds.high,
                critical: thresholds.critical,
            },
            training_ranges: ranges.collect(),
        }
    }
}

fn member_facts(bundle: &Bundle, member: &accunode_scoring::Member) -> MemberFacts {
    let kind = bundle.kind();
    let (name, inputs, trees) = match member.model() {
        MemberModel::Scorecard(card) => {
            let ratios = card.features().iter().filter_map(|f| kind.ratios().get(f.ratio));
            ("scorecard", ratios.map(|spec| spec.name.to_owned()).collect(), None)
        }
        MemberModel::LightGbm(model) => {
            let inputs = model.inputs().iter().map(|input| input.name(kind)).collect();
            ("lightgbm", inputs, Some(model.model().facts().trees))
        }
    };
    MemberFacts {
        kind: name.to_owned(),
        file: member.file().to_owned(),
        weight: member.weight(),
        inputs,
        trees,
    }
}
