//! The members of an ensemble: a model, its weight and how ratios become its inputs.

use accunode_domain::{Kind, Ratio};
use rayon::prelude::*;

use crate::{
    BundleError, MissingRule, ScoreError,
    batch::BLOCK,
    files::{Files, MANIFEST, MAX_FILE},
    lightgbm::{Model, Objective},
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
        let scale = match model.facts().objective {
            Objective::Binary { sigmoid } => sigmoid,
            Objective::CrossEntropy => 1.0,
        };
        Self { model, inputs, missing, scale, bias }
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
    fn cell(&self, input: Input, ratio: Ratio) -> f64 {
        match (input, ratio, self.missing) {
            (Input::NotMeaningful(_), ratio, _) => f64::from(u8::from(ratio == Ratio::NotMeaningful)),
            (Input::Ratio(_), Ratio::Value(x), _) => x,
            (Input::Ratio(_), _, MissingRule::Native) => f64::NAN,
            (Input::Ratio(_), _, MissingRule::Zero) => 0.0,
        }
    }

    /// The model's columns from those of the kind's ratios.
    pub(crate) fn columns(&self, columns: &[&[Ratio]]) -> Vec<Vec<f64>> {
        let column = |input: &Input| {
            let ratios = columns.get(input.ratio()).copied().unwrap_or_default();
            ratios.iter().map(|ratio| self.cell(*input, *ratio)).collect()
        };
        if columns.first().is_some_and(|ratios| ratios.len() > BLOCK) {
            self.inputs.par_iter().map(column).collect()
        } else {
            // Waking other threads would cost more than it saves.
            self.inputs.iter().map(column).collect()
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
    pub(crate) fn raw(&self, ratios: &[Ratio]) -> Result<f64, ScoreError> {
        let raw = match &self.model {
            MemberModel::Scorecard(card) => card.log_odds(ratios),
            MemberModel::LightGbm(member) => member.model.raw(&member.row(ratios)),
        };
        if raw.is_finite() { Ok(raw) } else { Err(self.overflow()) }
    }

    /// The raw scores of a batch of checked columns on all cores, bit for bit those of its rows.
    pub(crate) fn raw_batch(&self, columns: &[&[Ratio]]) -> Result<Vec<f64>, ScoreError> {
        let mut raw = vec![0.0; columns.first().map_or(0, |column| column.len())];
        match &self.model {
            MemberModel::Scorecard(card) => {
                raw.par_chunks_mut(BLOCK).enumerate().for_each(|(block, out)| {
                    let mut row = Vec::with_capacity(columns.len());
                    for (i, out) in out.iter_mut().enumerate() {
                        gather(columns, block * BLOCK + i, &mut row);
                        *out = card.log_odds(&row);
                    }
                });
            }
            MemberModel::LightGbm(member) => {
                let cells = member.columns(columns);
                let cells: Vec<&[f64]> = cells.iter().map(Vec::as_slice).collect();
                member.model.raw_batch_parallel(&cells, &mut raw).map_err(|error| self.no_answer(&error))?;
            }
        }
        if raw.iter().all(|raw| raw.is_finite()) { Ok(raw) } else { Err(self.overflow()) }
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
                Err(reason) => Err(self.no_answer(reason)),
            },
        }
    }

    /// What each ratio of the kind contributes to this member's log-odds: `columns.len()` values a row,
    /// row by row. On this thread.
    pub(crate) fn contributions(&self, columns: &[&[Ratio]]) -> Result<Vec<f64>, ScoreError> {
        let (rows, ratios) = (columns.first().map_or(0, |column| column.len()), columns.len());
        let mut out = vec![0.0; rows * ratios];
        match &self.model {
            MemberModel::Scorecard(card) => {
                let mut row = Vec::with_capacity(ratios);
                for (i, out) in out.chunks_exact_mut(ratios).enumerate() {
                    gather(columns, i, &mut row);
                    for feature in card.features() {
                        let value = feature.value(feature.hit(row[feature.ratio]));
                        out[feature.ratio] = feature.coefficient * (value - feature.mean);
                    }
                }
            }
            MemberModel::LightGbm(member) => {
                let cells = member.columns(columns);
                let cells: Vec<&[f64]> = cells.iter().map(Vec::as_slice).collect();
                let width = member.inputs.len() + 1;
                let mut parts = vec![0.0; rows * width];
                member
                    .model
                    .contributions_batch(&cells, &mut parts)
                    .map_err(|error| self.no_answer(&error))?;
                for (out, parts) in out.chunks_exact_mut(ratios).zip(parts.chunks_exact(width)) {
                    for (input, part) in member.inputs.iter().zip(parts) {
                        out[input.ratio()] += part * member.scale;
                    }
                }
            }
        }
        if out.iter().all(|part| part.is_finite()) { Ok(out) } else { Err(self.overflow()) }
    }

    fn no_answer(&self, reason: &dyn std::fmt::Display) -> ScoreError {
        ScoreError::Member { file: self.file.clone(), reason: reason.to_string() }
    }

    fn overflow(&self) -> ScoreError {
        self.no_answer(&"the score is too large for a number")
    }
}

/// Row `i` of the columns, into `row`.
pub(crate) fn gather(columns: &[&[Ratio]], i: usize, row: &mut Vec<Ratio>) {
    row.clear();
    row.extend(columns.iter().map(|column| column[i]));
}
