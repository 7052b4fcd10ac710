//! A stored prediction as the API shows it.

use accunode_db::Timestamp;
use accunode_domain::QualityFlag;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::features::{
    predictions::{service::Explained, store::PredictionRow},
    score::api::explanation::Explanation,
};

/// Something odd about one input.
#[derive(Debug, Serialize, ToSchema)]
pub struct QualityNote {
    /// The ratio.
    pub field: String,
    /// `sentinel`, `out_of_bounds`, `outside_training_range`, `missing` or `not_meaningful`.
    pub code: String,
}

impl From<QualityFlag> for QualityNote {
    fn from(flag: QualityFlag) -> Self {
        Self { field: flag.field, code: flag.code.as_str().to_owned() }
    }
}

/// What both kinds share.
#[derive(Debug, Serialize, ToSchema)]
pub struct PredictionItem {
    /// The prediction.
    pub id: Uuid,
    /// The company.
    pub company_id: Uuid,
    /// Its symbol, in capitals.
    pub company_symbol: String,
    /// Its name.
    pub company_name: String,
    /// Its sector.
    pub sector: String,
    /// Market capitalisation in millions, where known.
    pub market_cap: Option<f64>,
    /// Four digits.
    pub reporting_year: String,
    /// Q1 to Q4; annual predictions may have none.
    pub reporting_quarter: Option<String>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    pub risk_level: String,
    /// max(|p − 0.5|·2, 0.5), kept for compatibility.
    pub confidence: f64,
    /// Probability before calibration.
    pub raw_probability: f64,
    /// Name of the model that scored.
    pub model_name: String,
    /// Its version.
    pub model_version: String,
    /// SHA-256 over the files of its bundle.
    pub model_hash: String,
    /// Grade on the master scale in force when it was scored.
    pub grade: Option<String>,
    /// Counts how often it was scored, from 1.
    pub version: i32,
    /// What is odd about the inputs.
    #[schema(inline)]
    pub quality: Vec<QualityNote>,
    /// `personal`, `organization` or `system`.
    pub access_level: String,
    /// The organization that owns it.
    pub organization_id: Option<Uuid>,
    /// Its name.
    pub organization_name: Option<String>,
    /// Who made it.
    pub created_by: Uuid,
    /// Their address.
    pub created_by_email: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was scored.
    #[schema(value_type = String, format = DateTime)]
    pub predicted_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
    /// Why, where that was asked for: by the model that scored it, null where that is not to be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<Explanation>)]
    pub explanation: Option<Option<Explanation>>,
    /// Why there is no explanation, where one was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub explanation_note: Option<String>,
}

/// A stored annual prediction.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnnualPrediction {
    /// What both kinds share.
    #[serde(flatten)]
    pub item: PredictionItem,
    /// Percent; null when missing or not meaningful.
    pub long_term_debt_to_total_capital: Option<f64>,
    /// Multiple.
    pub total_debt_to_ebitda: Option<f64>,
    /// Percent.
    pub net_income_margin: Option<f64>,
    /// Multiple.
    pub ebit_to_interest_expense: Option<f64>,
    /// Percent.
    pub return_on_assets: Option<f64>,
    /// Probability of default within a year.
    pub probability: f64,
}

/// A stored quarterly prediction.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuarterlyPrediction {
    /// What both kinds share.
    #[serde(flatten)]
    pub item: PredictionItem,
    /// Multiple; null when missing or not meaningful.
    pub total_debt_to_ebitda: Option<f64>,
    /// Percent.
    pub sga_margin: Option<f64>,
    /// Percent.
    pub long_term_debt_to_total_capital: Option<f64>,
    /// Percent.
    pub return_on_capital: Option<f64>,
    /// The scorecard's probability.
    pub logistic_probability: Option<f64>,
    /// The tree model's probability.
    pub gbm_probability: Option<f64>,
    /// Probability of default within a year: the members combined and calibrated.
    pub ensemble_probability: f64,
}

/// A prediction of either kind in the API's shape.
pub(crate) trait Shown: From<Explained> + Serialize + Send + 'static {}
impl Shown for AnnualPrediction {}
impl Shown for QuarterlyPrediction {}

fn item(row: &mut PredictionRow, explanation: Option<Result<Explanation, String>>) -> PredictionItem {
    let (explanation, explanation_note) = match explanation {
        None => (None, None),
        Some(Ok(explanation)) => (Some(Some(explanation)), None),
        Some(Err(note)) => (Some(None), Some(note)),
    };
    PredictionItem {
        id: row.id,
        company_id: row.company_id,
        company_symbol: std::mem::take(&mut row.symbol),
        company_name: std::mem::take(&mut row.name),
        sector: std::mem::take(&mut row.sector),
        market_cap: row.market_cap,
        reporting_year: row.reporting_year.to_string(),
        reporting_quarter: row.reporting_quarter.take(),
        risk_level: std::mem::take(&mut row.risk_level),
        confidence: row.confidence,
        raw_probability: row.raw_probability,
        model_name: std::mem::take(&mut row.model_name),
        model_version: std::mem::take(&mut row.model_version),
        model_hash: std::mem::take(&mut row.model_hash),
        grade: row.grade.take(),
        version: row.version,
        quality: row.flags().into_iter().map(Into::into).collect(),
        access_level: std::mem::take(&mut row.access_level),
        organization_id: row.organization_id,
        organization_name: row.organization_name.take(),
        created_by: row.created_by,
        created_by_email: row.created_by_email.take(),
        created_at: row.created_at,
        predicted_at: row.updated_at.unwrap_or(row.created_at),
        updated_at: row.updated_at,
        explanation,
        explanation_note,
    }
}

impl From<Explained> for AnnualPrediction {
    fn from(Explained { mut row, explanation }: Explained) -> Self {
        Self {
            item: item(&mut row, explanation),
            long_term_debt_to_total_capital: row.r1,
            total_debt_to_ebitda: row.r2,
            net_income_margin: row.r3,
            ebit_to_interest_expense: row.r4,
            return_on_assets: row.r5,
            probability: row.probability,
        }
    }
}

impl From<Explained> for QuarterlyPrediction {
    fn from(Explained { mut row, explanation }: Explained) -> Self {
        Self {
            item: item(&mut row, explanation),
            total_debt_to_ebitda: row.r1,
            sga_margin: row.r2,
            long_term_debt_to_total_capital: row.r3,
            return_on_capital: row.r4,
            logistic_probability: row.logistic_probability,
            gbm_probability: row.gbm_probability,
            ensemble_probability: row.probability,
        }
    }
}
