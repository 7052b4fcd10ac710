//! `manifest.json`: read strictly, then checked value by value.

use accunode_domain::{Kind, Thresholds};
use serde::{Deserialize, Serialize};

use crate::{
    BundleError,
    files::{MANIFEST, check_name},
    member::Input,
    population::{Population, RawPopulation},
};

/// Most members of one bundle.
const MAX_MEMBERS: usize = 16;
/// Longest name or version in characters.
const MAX_LABEL: usize = 100;
/// Largest intercept and slope of a calibration: beyond any meaning, and nothing overflows.
const MAX_CALIBRATION: f64 = 1000.0;
/// How far the members' weights may be from 1 in sum.
const WEIGHT_TOLERANCE: f64 = 1e-9;

/// The recalibration of the ensemble's probability: log-odds ↦ intercept + slope · log-odds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Calibration {
    /// Added to the log-odds.
    pub intercept: f64,
    /// Factor of the log-odds, above 0, so that the order of scores never changes.
    pub slope: f64,
}

impl Calibration {
    /// The calibrated log-odds.
    #[must_use]
    pub fn apply(self, log_odds: f64) -> f64 {
        self.intercept + self.slope * log_odds
    }
}

/// What a LightGBM member sees where a ratio is missing or not meaningful.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissingRule {
    /// NaN: each split sends it where the training sent it.
    #[default]
    Native,
    /// The number 0.
    Zero,
}

/// The manifest after every check.
pub(crate) struct Manifest {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) kind: Kind,
    /// For each of the manifest's features its position among the kind's ratios.
    pub(crate) features: Vec<usize>,
    pub(crate) members: Vec<MemberEntry>,
    pub(crate) calibration: Option<Calibration>,
    pub(crate) thresholds: Thresholds,
    pub(crate) population: Option<Population>,
    pub(crate) card: Option<String>,
}

/// One entry of `members`.
pub(crate) struct MemberEntry {
    pub(crate) model: EntryModel,
    pub(crate) file: String,
    /// Above or equal to 0; the weights of all entries sum to 1 up to rounding.
    pub(crate) weight: f64,
}

pub(crate) enum EntryModel {
    /// A scorecard names its ratios itself; a list in the manifest must agree with it.
    Scorecard {
        inputs: Option<Vec<Input>>,
    },
    LightGbm {
        inputs: Vec<Input>,
        missing: MissingRule,
    },
}

#[derive(Deserialize)]
struct Version {
    format: serde_json::Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawManifest {
    #[serde(rename = "format")]
    _format: serde_json::Value,
    name: String,
    version: String,
    kind: String,
    features: Vec<String>,
    members: Vec<RawMember>,
    #[serde(default)]
    calibration: Option<RawCalibration>,
    thresholds: Thresholds,
    #[serde(default)]
    population: Option<RawPopulation>,
    #[serde(default)]
    card: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawMember {
    #[serde(rename = "type")]
    kind: String,
    file: String,
    weight: f64,
    #[serde(default)]
    missing: Option<MissingRule>,
    #[serde(default)]
    features: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawCalibration {
    #[serde(rename = "type")]
    kind: String,
    intercept: f64,
    slope: f64,
}

/// A refusal at a place of the manifest.
pub(crate) fn at<T>(path: impl Into<String>, reason: impl Into<String>) -> Result<T, BundleError> {
    Err(BundleError::path(MANIFEST, path, reason))
}

impl Manifest {
    pub(crate) fn parse(text: &str) -> Result<Self, BundleError> {
        let json = |error: serde_json::Error| BundleError::json(MANIFEST, &error);
        // The format first: a later one may well have keys that this one does not know.
        let version: Version = serde_json::from_str(text).map_err(json)?;
        if version.format != 1 {
            return at("format", format!("format {} is not known, expected 1", version.format));
        }
        let raw: RawManifest = serde_json::from_str(text).map_err(json)?;
        for (path, label) in [("name", &raw.name), ("version", &raw.version)] {
            if label.trim().is_empty() || label.chars().count() > MAX_LABEL {
                return at(path, format!("must have 1 to {MAX_LABEL} characters"));
            }
        }
        let kind: Kind = raw.kind.parse().or_else(|reason: String| at("kind", reason))?;
        let features = check_features(kind, &raw.features)?;
        if !raw.thresholds.are_sound() {
            return at("thresholds", "must rise strictly from medium to critical inside (0, 1)");
        }
        if let Some(card) = &raw.card {
            check_name(card).or_else(|reason| at("card", reason))?;
        }
        Ok(Self {
            members: check_members(kind, &features, raw.members)?,
            calibration: raw.calibration.map(check_calibration).transpose()?,
            population: raw.population.map(|population| Population::check(kind, population)).transpose()?,
            name: raw.name,
            version: raw.version,
            kind,
            features,
            thresholds: raw.thresholds,
            card: raw.card,
        })
    }
}

/// The position of a ratio among the kind's.
pub(crate) fn ratio_index(kind: Kind, name: &str) -> Option<usize> {
    kind.ratios().iter().position(|spec| spec.name == name)
}

fn check_features(kind: Kind, names: &[String]) -> Result<Vec<usize>, BundleError> {
    let mut features = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        match ratio_index(kind, name) {
            None => return at(format!("features[{i}]"), format!("'{name}' is not a ratio of kind {kind}")),
            Some(index) if features.contains(&index) => {
                return at(format!("features[{i}]"), format!("'{name}' stands there twice"));
            }
            Some(index) => features.push(index),
        }
    }
    match kind.ratios().iter().enumerate().find(|(index, _)| !features.contains(index)) {
        Some((_, spec)) => at("features", format!("'{}' of kind {kind} is missing", spec.name)),
        None => Ok(features),
    }
}

fn check_members(
    kind: Kind,
    features: &[usize],
    raw: Vec<RawMember>,
) -> Result<Vec<MemberEntry>, BundleError> {
    if raw.is_empty() || raw.len() > MAX_MEMBERS {
        return at("members", format!("{} members, expected 1 to {MAX_MEMBERS}", raw.len()));
    }
    let mut members = Vec::with_capacity(raw.len());
    for (i, member) in raw.into_iter().enumerate() {
        let path = |key: &str| format!("members[{i}].{key}");
        check_name(&member.file).or_else(|reason| at(path("file"), reason))?;
        if !(member.weight.is_finite() && member.weight >= 0.0) {
            return at(path("weight"), format!("{} is not a weight of at least 0", member.weight));
        }
        let own = member.features.map(|names| check_inputs(kind, &names, &path("features"))).transpose()?;
        let model = match member.kind.as_str() {
            "scorecard" if member.missing.is_some() => {
                return at(path("missing"), "belongs to LightGBM members, a scorecard has its own values");
            }
            "scorecard" => EntryModel::Scorecard { inputs: own },
            "lightgbm" => EntryModel::LightGbm {
                inputs: own.unwrap_or_else(|| features.iter().copied().map(Input::Ratio).collect()),
                missing: member.missing.unwrap_or_default(),
            },
            other => {
                let reason = format!("unknown member type '{other}', expected scorecard or lightgbm");
                return at(path("type"), reason);
            }
        };
        members.push(MemberEntry { model, file: member.file, weight: member.weight });
    }
    normalize_weights(&mut members)?;
    Ok(members)
}

/// Checks that the weights sum to 1 and takes out the rounding of decimals, so that a mean of
/// probabilities never leaves [0, 1] by more than one.
fn normalize_weights(members: &mut [MemberEntry]) -> Result<(), BundleError> {
    let sum: f64 = members.iter().map(|m| m.weight).sum();
    if (sum - 1.0).abs() > WEIGHT_TOLERANCE {
        return at("members", format!("the weights sum to {sum}, expected 1"));
    }
    for member in members {
        member.weight /= sum;
    }
    Ok(())
}

/// A member's own list: ratios, and indicators `<ratio>:nm`.
fn check_inputs(kind: Kind, names: &[String], path: &str) -> Result<Vec<Input>, BundleError> {
    if names.is_empty() {
        return at(path, "must name at least one feature");
    }
    let mut inputs = Vec::with_capacity(names.len());
    for (i, name) in names.iter().enumerate() {
        let input = match name.strip_suffix(":nm") {
            Some(ratio) => ratio_index(kind, ratio).map(Input::NotMeaningful),
            None => ratio_index(kind, name).map(Input::Ratio),
        };
        match input {
            None => {
                let reason = format!("'{name}' is neither a ratio of kind {kind} nor '<ratio>:nm'");
                return at(format!("{path}[{i}]"), reason);
            }
            Some(input) if inputs.contains(&input) => {
                return at(format!("{path}[{i}]"), format!("'{name}' stands there twice"));
            }
            Some(input) => inputs.push(input),
        }
    }
    Ok(inputs)
}

fn check_calibration(raw: RawCalibration) -> Result<Calibration, BundleError> {
    if raw.kind != "logit" {
        return at("calibration.type", format!("unknown calibration '{}', expected logit", raw.kind));
    }
    // A NaN is inside no range.
    if !(-MAX_CALIBRATION..=MAX_CALIBRATION).contains(&raw.intercept) {
        let reason = format!("{} is not between -{MAX_CALIBRATION} and {MAX_CALIBRATION}", raw.intercept);
        return at("calibration.intercept", reason);
    }
    if !(f64::MIN_POSITIVE..=MAX_CALIBRATION).contains(&raw.slope) {
        let reason = format!("{} is not above 0 and at most {MAX_CALIBRATION}", raw.slope);
        return at("calibration.slope", reason);
    }
    Ok(Calibration { intercept: raw.intercept, slope: raw.slope })
}
