//! A company as the API shows it.

use accunode_db::Timestamp;
use accunode_domain::QualityFlag;
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::features::{
    companies::{
        service::list::Shown,
        store::{CompanyRow, nested::NestedRow},
    },
    predictions::api::QualityNote,
};

/// A company without its predictions.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyCard {
    /// Id.
    pub id: Uuid,
    /// Symbol, in capitals.
    pub symbol: String,
    /// Name.
    pub name: String,
    /// Market capitalisation in millions, where known.
    pub market_cap: Option<f64>,
    /// Sector.
    pub sector: String,
    /// `personal`, `organization` or `system`.
    pub access_level: String,
    /// The organization that it belongs to.
    pub organization_id: Option<Uuid>,
    /// What its newest period was scored with; null while nothing was.
    pub latest: Option<LatestScore>,
    /// When it was added.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When its name, sector or market capitalisation was last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
}

/// The score of a company's newest period.
#[derive(Debug, Serialize, ToSchema)]
pub struct LatestScore {
    /// The prediction.
    pub prediction_id: Uuid,
    /// `annual` or `quarterly`.
    pub kind: String,
    /// `2024` or `2024 Q3`.
    pub period: String,
    /// Probability of default within a year.
    pub probability: f64,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    pub risk_level: Option<String>,
    /// Grade on the master scale in force when it was scored.
    pub grade: Option<String>,
    /// When it was scored.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub scored_at: Option<Timestamp>,
    /// The probability of the period before, of the same kind.
    pub previous_probability: Option<f64>,
    /// Its grade.
    pub previous_grade: Option<String>,
    /// `probability` less `previous_probability`: above zero the company has become riskier.
    pub change: Option<f64>,
    /// What is odd about the inputs; not said where companies are shown without predictions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quality: Option<Vec<QualityNote>>,
}

/// A company with its newest predictions.
#[derive(Debug, Serialize, ToSchema)]
pub struct CompanyItem {
    /// The company itself.
    #[serde(flatten)]
    pub card: CompanyCard,
    /// Annual predictions, newest period first; in lists at most 12.
    pub annual_predictions: Vec<AnnualOfCompany>,
    /// Quarterly predictions, newest period first; in lists at most 12.
    pub quarterly_predictions: Vec<QuarterlyOfCompany>,
    /// Annual predictions that there are.
    pub annual_predictions_count: i64,
    /// Quarterly predictions that there are.
    pub quarterly_predictions_count: i64,
}

/// An annual prediction beside its company.
#[derive(Debug, Serialize, ToSchema)]
pub struct AnnualOfCompany {
    /// Id.
    pub id: Uuid,
    /// Four digits.
    pub reporting_year: String,
    /// Q1 to Q4, or none.
    pub reporting_quarter: Option<String>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    pub risk_level: String,
    /// max(|p − 0.5|·2, 0.5), kept for compatibility.
    pub confidence: f64,
    /// Probability of default within a year.
    pub probability: f64,
    /// The same, under the name that lists of companies have for it.
    pub primary_probability: f64,
    /// Grade on the master scale in force when it was scored.
    pub grade: Option<String>,
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
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A quarterly prediction beside its company.
#[derive(Debug, Serialize, ToSchema)]
pub struct QuarterlyOfCompany {
    /// Id.
    pub id: Uuid,
    /// Four digits.
    pub reporting_year: String,
    /// Q1 to Q4.
    pub reporting_quarter: Option<String>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    pub risk_level: String,
    /// max(|p − 0.5|·2, 0.5), kept for compatibility.
    pub confidence: f64,
    /// Probability of default within a year: the members combined and calibrated.
    pub ensemble_probability: f64,
    /// The scorecard's probability.
    pub logistic_probability: Option<f64>,
    /// The tree model's probability.
    pub gbm_probability: Option<f64>,
    /// Grade on the master scale in force when it was scored.
    pub grade: Option<String>,
    /// Multiple; null when missing or not meaningful.
    pub total_debt_to_ebitda: Option<f64>,
    /// Percent.
    pub sga_margin: Option<f64>,
    /// Percent.
    pub long_term_debt_to_total_capital: Option<f64>,
    /// Percent.
    pub return_on_capital: Option<f64>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

fn latest(row: &CompanyRow) -> Option<LatestScore> {
    let year = row.latest_year?;
    Some(LatestScore {
        prediction_id: row.latest_prediction_id?,
        kind: row.latest_kind.clone()?,
        period: row.latest_quarter.as_ref().map_or_else(|| year.to_string(), |q| format!("{year} {q}")),
        probability: row.latest_probability?,
        risk_level: row.latest_risk_level.clone(),
        grade: row.latest_grade.clone(),
        scored_at: row.latest_at,
        previous_probability: row.previous_probability,
        previous_grade: row.previous_grade.clone(),
        change: row.change(),
        quality: None,
    })
}

impl From<CompanyRow> for CompanyCard {
    fn from(row: CompanyRow) -> Self {
        Self {
            latest: latest(&row),
            id: row.id,
            symbol: row.symbol,
            name: row.name,
            market_cap: row.market_cap,
            sector: row.sector,
            access_level: row.access_level,
            organization_id: row.organization_id,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

impl From<Shown> for CompanyItem {
    fn from(Shown { row, annual, quarterly }: Shown) -> Self {
        let (annual_predictions_count, quarterly_predictions_count) = (row.annual_count, row.quarterly_count);
        let mut card = CompanyCard::from(row);
        if let Some(latest) = &mut card.latest {
            let scored = annual.iter().chain(&quarterly).find(|p| p.id == latest.prediction_id);
            latest.quality = scored.map(quality);
        }
        Self {
            card,
            annual_predictions: annual.into_iter().map(Into::into).collect(),
            quarterly_predictions: quarterly.into_iter().map(Into::into).collect(),
            annual_predictions_count,
            quarterly_predictions_count,
        }
    }
}

/// The column is written by this program alone, so what does not read is none.
fn quality(row: &NestedRow) -> Vec<QualityNote> {
    let flags: Vec<QualityFlag> = serde_json::from_str(&row.quality).unwrap_or_default();
    flags.into_iter().map(Into::into).collect()
}

impl From<NestedRow> for AnnualOfCompany {
    fn from(row: NestedRow) -> Self {
        Self {
            id: row.id,
            reporting_year: row.reporting_year.to_string(),
            reporting_quarter: row.reporting_quarter,
            risk_level: row.risk_level,
            confidence: row.confidence,
            probability: row.probability,
            primary_probability: row.probability,
            grade: row.grade,
            long_term_debt_to_total_capital: row.r1,
            total_debt_to_ebitda: row.r2,
            net_income_margin: row.r3,
            ebit_to_interest_expense: row.r4,
            return_on_assets: row.r5,
            created_at: row.created_at,
        }
    }
}

impl From<NestedRow> for QuarterlyOfCompany {
    fn from(row: NestedRow) -> Self {
        Self {
            id: row.id,
            reporting_year: row.reporting_year.to_string(),
            reporting_quarter: row.reporting_quarter,
            risk_level: row.risk_level,
            confidence: row.confidence,
            ensemble_probability: row.probability,
            logistic_probability: row.logistic_probability,
            gbm_probability: row.gbm_probability,
            grade: row.grade,
            total_debt_to_ebitda: row.r1,
            sga_margin: row.r2,
            long_term_debt_to_total_capital: row.r3,
            return_on_capital: row.r4,
            created_at: row.created_at,
        }
    }
}
