//! The members of an ensemble: a model, its weight and how ratios become its inputs.

use accunode_domain::{Kind, Ratio};

use crate::{
    BundleError, MissingRule, ScoreError,
    files::{Files, MANIFEST, MAX_FILE},
    lightgbm::Model,
    manifest::{EntryModel, MemberEntry},
    numeric::sigmoid,
    scorecard::Scorecard,
};

/// What feeds one feature of a LightGBM member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Input {
    /// The ratio at this position among the kind's.
    Ratio(usize),
    /// 1 where the ratio at this position is not meaningful, else 0.
    NotMeaningful(usize),
}

impl Input {
    /// The position of the ratio it is taken from.
    #[must_use]
    pub const fn ratio(self) -> usize {
        match self {
            Self::Ratio(index) | Self::NotMeaningful(index) => index,
        }
    }

    /// Its name in a manifest.
    #[must_use]
    pub fn name(self, kind: Kind) -> String {
        let name = kind.ratios().get(self.ratio()).map_or("", |spec| spec.name);
        match self {
            Self::Ratio(_) => name.to_owned(),
            Self::NotMeaningful(_) => format!("{name}:nm"),
        }
    }
}

/// A LightGBM model and its inputs.
#[derive(Debug)]
pub struct LightGbmMember {
    model: Model,
    inputs: Vec<Input>,
    missing: MissingRule,
    /// The log-odds are the raw score times this.
    scale: f64,
    /// Expected raw score over the training rows, or why it is not known.
    bias: Result<f64, String>,
}

impl LightGbmMember {
    fn new(model: Model, inputs: Vec<Input>, missing: MissingRule) -> Self {
        let mut contributions = vec![0.0; inputs.len() + 1];
        let bias = match model.contributions(&vec![f64::NAN; inputs.len()], &mut contributions) {
            Ok(()) => Ok(contributions.last().copied().unwrap_or(0.0)),
            Err(error) => Err(error.to_string()),
        };
        Self { scale: model.log_odds_scale(), model, inputs, missing, bias }
    }

    /// The trees.
    #[must_use]
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// What feeds the model's features, in their order.
    #[must_use]
    pub fn inputs(&self) -> &[Input] {
        &self.inputs
    }

    /// What the model sees for a ratio without a value.
    #[must_use]
    pub fn missing(&self) -> MissingRule {
        self.missing
    }

    /// The number that the model sees.
    pub(crate) fn cell(&self, input: Input, ratio: Ratio) -> f64 {
        match (input, ratio, self.missing) {
            (Input::NotMeaningful(_), ratio, _) => f64::from(u8::from(ratio == Ratio::NotMeaningful)),
            (Input::Ratio(_), Ratio::Value(x), _) => x,
            (Input::Ratio(_), _, MissingRule::Native) => f64::NAN,
            (Input::Ratio(_), _, MissingRule::Zero) => 0.0,
        }
    }

    fn row(&self, ratios: &[Ratio]) -> Vec<f64> {
        let ratio = |input: Input| ratios.get(input.ratio()).copied().unwrap_or(Ratio::Missing);
        self.inputs.iter().map(|input| self.cell(*input, ratio(*input))).collect()
    }
}

/// The model of a member.
#[derive(Debug)]
pub enum MemberModel {
    /// A scorecard.
    Scorecard(Scorecard),
    /// A LightGBM model.
    LightGbm(Box<LightGbmMember>),
}

/// One member of an ensemble.
#[derive(Debug)]
pub struct Member {
    file: String,
    weight: f64,
    model: MemberModel,
}

impl Member {
    /// Reads and checks the file of the manifest's entry `index`.
    pub(crate) fn load(
        index: usize,
        entry: MemberEntry,
        kind: Kind,
        files: &mut Files<'_>,
    ) -> Result<Self, BundleError> {
        let MemberEntry { model, file, weight } = entry;
        let text = files.text(&file, MAX_FILE)?;
        let model = match model {
            EntryModel::Scorecard { inputs } => {
                let scorecard = Scorecard::parse(text, kind, &file)?;
                let own = scorecard.features().iter().map(|feature| Input::Ratio(feature.ratio));
                if inputs.is_some_and(|listed| !own.eq(listed)) {
                    let reason = format!("does not list the ratios of {file} in its order");
                    return Err(BundleError::path(MANIFEST, format!("members[{index}].features"), reason));
                }
                MemberModel::Scorecard(scorecard)
            }
            EntryModel::LightGbm { inputs, missing } => {
                let model = Model::parse(text).map_err(|error| BundleError::lightgbm(&file, &error))?;
                if model.num_features() != inputs.len() {
                    let reason = format!(
                        "the model has {} features, members[{index}] of the manifest gives it {}",
                        model.num_features(),
                        inputs.len()
                    );
                    return Err(BundleError::file(&file, reason));
                }
                MemberModel::LightGbm(Box::new(LightGbmMember::new(model, inputs, missing)))
            }
        };
        Ok(Self { file, weight, model })
    }

    /// Name of its file in the bundle.
    #[must_use]
    pub fn file(&self) -> &str {
        &self.file
    }

    /// Its weight in the mean, at least 0.
    #[must_use]
    pub fn weight(&self) -> f64 {
        self.weight
    }

    /// The model.
    #[must_use]
    pub fn model(&self) -> &MemberModel {
        &self.model
    }

    /// The raw score of one row: log-odds of a scorecard, sum of the leaves of a LightGBM model.
    pub(crate) fn raw(&self, ratios: &[Ratio]) -> f64 {
        match &self.model {
            MemberModel::Scorecard(card) => card.log_odds(ratios),
            MemberModel::LightGbm(member) => member.model.raw(&member.row(ratios)),
        }
    }

    /// The probability that belongs to a raw score.
    pub(crate) fn probability(&self, raw: f64) -> f64 {
        match &self.model {
            MemberModel::Scorecard(_) => sigmoid(raw),
            MemberModel::LightGbm(member) => member.model.probability(raw),
        }
    }

    /// The log-odds that belong to a raw score.
    pub(crate) fn log_odds(&self, raw: f64) -> f64 {
        match &self.model {
            MemberModel::Scorecard(_) => raw,
            MemberModel::LightGbm(member) => raw * member.scale,
        }
    }

    /// Log-odds that contributions are measured from.
    pub(crate) fn base_log_odds(&self) -> Result<f64, ScoreError> {
        match &self.model {
            MemberModel::Scorecard(card) => Ok(card.base_log_odds()),
            MemberModel::LightGbm(member) => match &member.bias {
                Ok(bias) => Ok(bias * member.scale),
                Err(reason) => Err(self.no_contributions(reason.clone())),
            },
        }
    }

    /// Adds what each ratio of the kind contributes to this member's log-odds to `out`.
    pub(crate) fn contributions(&self, ratios: &[Ratio], out: &mut [f64]) -> Result<(), ScoreError> {
        let mut add = |ratio: usize, part: f64| {
            if let Some(sum) = out.get_mut(ratio) {
                *sum += part;
            }
        };
        match &self.model {
            MemberModel::Scorecard(card) => {
                for feature in card.features() {
                    let ratio = ratios.get(feature.ratio).copied().unwrap_or(Ratio::Missing);
                    add(
                        feature.ratio,
                        feature.coefficient * (feature.value(feature.hit(ratio)) - feature.mean),
                    );
                }
            }
            MemberModel::LightGbm(member) => {
                let mut parts = vec![0.0; member.inputs.len() + 1];
                member
                    .model
                    .contributions(&member.row(ratios), &mut parts)
                    .map_err(|error| self.no_contributions(error.to_string()))?;
                for (input, part) in member.inputs.iter().zip(parts) {
                    add(input.ratio(), part * member.scale);
                }
            }
        }
        Ok(())
    }

    fn no_contributions(&self, reason: String) -> ScoreError {
        ScoreError::NoContributions { file: self.file.clone(), reason }
    }
}
