//! What an upload made.

use std::collections::BTreeMap;

use accunode_db::Timestamp;
use accunode_domain::UploadId;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    features::uploads::service,
    http::{
        auth::{Can, grant::UploadRead},
        body::{Fields, Id},
        problem::ApiResult,
    },
    state::AppState,
};

/// What to include.
#[derive(Clone, Copy, Debug, Default, Deserialize, ToSchema)]
#[serde(default)]
pub struct Include {
    /// The predictions.
    #[schema(nullable)]
    pub include_predictions: bool,
    /// The companies.
    #[schema(nullable)]
    pub include_companies: bool,
    /// The rows that were refused.
    #[schema(nullable)]
    pub include_errors: bool,
}

/// An upload's results.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobResults {
    /// Always true.
    pub success: bool,
    /// The upload.
    pub job_id: Uuid,
    /// Its status.
    pub status: String,
    /// Counts and speed.
    pub job_summary: JobSummary,
    /// What is in the database because of it.
    pub created_data: CreatedData,
    /// The predictions in numbers; null when there are none.
    pub analysis: Option<Analysis>,
    /// When.
    pub timestamps: JobTimestamps,
    /// The rows that were refused, if asked for.
    pub errors: Option<JobErrors>,
}

/// Counts and speed.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobSummary {
    /// `annual` or `quarterly`.
    pub job_type: String,
    /// Name of the file.
    pub file_name: String,
    /// Data rows; null until counted.
    pub total_rows: Option<i64>,
    /// Rows stored.
    pub successful_rows: i64,
    /// Rows refused.
    pub failed_rows: i64,
    /// Stored rows in percent of those done.
    pub success_rate: f64,
    /// From the beginning of the work to its end.
    pub processing_time_seconds: Option<f64>,
    /// Speed over that time.
    pub rows_per_second: f64,
}

/// What is in the database because of the upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct CreatedData {
    /// Companies with a prediction of this upload.
    pub companies_count: i64,
    /// Predictions of this upload.
    pub predictions_count: i64,
    /// The companies, if asked for.
    pub companies: Option<Vec<ResultCompany>>,
    /// The predictions in the file's order, if asked for: at most 10,000.
    pub predictions: Option<Vec<ResultPrediction>>,
    /// Whether there are more predictions than given.
    pub predictions_truncated: bool,
}

/// A company.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct ResultCompany {
    /// Id.
    pub id: Uuid,
    /// Symbol.
    pub symbol: String,
    /// Name.
    pub name: String,
    /// Millions, where known.
    pub market_cap: Option<f64>,
    /// Sector.
    pub sector: String,
    /// `personal`, `organization` or `system`.
    pub access_level: String,
}

/// A prediction.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultPrediction {
    /// Id.
    pub id: Uuid,
    /// The company.
    pub company: ScoredCompany,
    /// Four digits.
    pub reporting_year: String,
    /// Q1 to Q4.
    pub reporting_quarter: Option<String>,
    /// The ratios by name; null when missing or not meaningful.
    pub financial_metrics: BTreeMap<String, Option<f64>>,
    /// The scores.
    pub prediction: ResultScores,
}

/// A company in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScoredCompany {
    /// Symbol.
    pub symbol: String,
    /// Name.
    pub name: String,
    /// Sector.
    pub sector: String,
}

/// The scores of a prediction; which of the probabilities are there depends on the kind.
#[derive(Debug, Serialize, ToSchema)]
pub struct ResultScores {
    /// Annual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// Quarterly: the scorecard's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logistic_probability: Option<f64>,
    /// Quarterly: the tree model's.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gbm_probability: Option<f64>,
    /// Quarterly: combined and calibrated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ensemble_probability: Option<f64>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    pub risk_level: String,
    /// max(|p − 0.5|·2, 0.5).
    pub confidence: f64,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub predicted_at: Timestamp,
}

/// Predictions in numbers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Analysis {
    /// By sector.
    pub by_sector: BTreeMap<String, SectorNumbers>,
    /// Number of predictions by risk level, in lower case.
    pub by_risk_level: BTreeMap<String, i64>,
    /// The same under the names that clients know.
    pub risk_distribution: RiskDistribution,
    /// Mean probability of default.
    pub average_probability: f64,
    /// Of the compatibility figure.
    pub confidence_stats: ConfidenceStats,
}

/// A sector.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct SectorNumbers {
    /// Predictions.
    pub count: i64,
    /// Their mean probability.
    pub avg_probability: f64,
}

/// Number of predictions by risk level.
#[derive(Debug, Default, Serialize, ToSchema)]
pub struct RiskDistribution {
    /// LOW.
    pub low_risk: i64,
    /// MEDIUM.
    pub medium_risk: i64,
    /// HIGH.
    pub high_risk: i64,
    /// CRITICAL.
    pub critical_risk: i64,
}

/// Of the compatibility figure.
#[derive(Debug, Serialize, ToSchema)]
pub struct ConfidenceStats {
    /// Smallest.
    pub min: f64,
    /// Largest.
    pub max: f64,
    /// Mean.
    pub average: f64,
}

/// When.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobTimestamps {
    /// Handed in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Work began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// Ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed_at: Option<Timestamp>,
}

/// The rows that were refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobErrors {
    /// Whether there are any.
    pub has_errors: bool,
    /// Why the upload as a whole failed.
    pub error_message: Option<String>,
    /// How many rows.
    pub error_count: i64,
    /// The rows.
    pub error_details: ErrorDetails,
}

/// The rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorDetails {
    /// In the file's order, at most 10,000.
    pub errors: Vec<RowError>,
}

/// A row that was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct RowError {
    /// The row's number as a spreadsheet shows it: the header is row 1.
    pub row: i64,
    /// What is wrong, column by column.
    pub error: String,
    /// The row's cells by column.
    pub data: Option<BTreeMap<String, String>>,
}

/// What an upload made.
#[utoipa::path(
    post, path = "/predictions/jobs/{id}/results", tag = "uploads", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)), request_body = Include,
    responses(
        (status = OK, body = JobResults),
    )
)]
pub async fn results(
    State(state): State<AppState>,
    caller: Can<UploadRead>,
    Id(id): Id<UploadId>,
    mut fields: Fields,
) -> ApiResult<Json<JobResults>> {
    let include = Include {
        include_predictions: fields.flag("include_predictions"),
        include_companies: fields.flag("include_companies"),
        include_errors: fields.flag("include_errors"),
    };
    let include = fields.finish(include)?;
    Ok(Json(service::results::results(&state, &caller.actor, id, include).await?))
}
