//! Scores that are not stored, and the shapes that their operations share.

pub mod batch;
pub mod explanation;
pub mod target;
pub mod what_if;

use accunode_domain::Kind;
use accunode_scoring::Bundle;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::service::Row;
use crate::{
    features::predictions::api::{QualityNote, RatioInput},
    http::body::Fields,
};

/// The ratios of a row: those of its kind must be there, others are not looked at.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape; the handlers read the fields one by one to name every problem
pub struct RatioValues {
    /// Percent; both kinds.
    long_term_debt_to_total_capital: Option<RatioInput>,
    /// Multiple; both kinds.
    total_debt_to_ebitda: Option<RatioInput>,
    /// Percent; annual.
    net_income_margin: Option<RatioInput>,
    /// Multiple; annual.
    ebit_to_interest_expense: Option<RatioInput>,
    /// Percent; annual.
    return_on_assets: Option<RatioInput>,
    /// Percent; quarterly.
    sga_margin: Option<RatioInput>,
    /// Percent; quarterly.
    return_on_capital: Option<RatioInput>,
}

/// The model that gave an answer.
#[derive(Debug, Serialize, ToSchema)]
pub struct ModelInUse {
    /// `annual` or `quarterly`.
    pub kind: &'static str,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 over its files.
    pub hash: String,
}

impl From<&Bundle> for ModelInUse {
    fn from(bundle: &Bundle) -> Self {
        Self {
            kind: bundle.kind().as_str(),
            name: bundle.name().to_owned(),
            version: bundle.version().to_owned(),
            hash: bundle.hash().to_owned(),
        }
    }
}

/// The score of one row.
#[derive(Debug, Serialize, ToSchema)]
pub struct Scored {
    /// Probability of default within a year.
    pub probability: f64,
    /// Probability before calibration.
    pub raw_probability: f64,
    /// The scorecard's probability, if the model has one.
    pub logistic_probability: Option<f64>,
    /// The tree model's probability, if the model has one.
    pub gbm_probability: Option<f64>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    pub risk_level: &'static str,
    /// Grade on the master scale that is in force for the caller.
    pub grade: String,
    /// max(|p − 0.5|·2, 0.5), kept for compatibility.
    pub confidence: f64,
    /// What is odd about the inputs.
    #[schema(inline)]
    pub quality: Vec<QualityNote>,
}

/// The ratios of one row.
fn row(kind: Kind, fields: &mut Fields) -> Row {
    let (ratios, sentinel) = fields.ratios(kind);
    Row { ratios, sentinel }
}
