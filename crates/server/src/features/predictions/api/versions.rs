//! What a prediction was before it was scored again.

use accunode_db::Timestamp;
use accunode_domain::{Kind, QualityFlag};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::QualityNote;
use crate::{
    features::{
        predictions::{service, store::change::VersionRow},
        score::api::explanation::state_of,
    },
    http::{
        auth::{Can, grant::PredictionRead},
        body::Id,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// One ratio that was given.
#[derive(Debug, Serialize, ToSchema)]
pub struct VersionInput {
    /// The ratio.
    pub ratio: String,
    /// Its value; null when missing or not meaningful.
    pub value: Option<f64>,
    /// `value`, `missing` or `not_meaningful`.
    pub state: String,
}

/// A prediction as it was, or is, at one version.
#[derive(Debug, Serialize, ToSchema)]
pub struct PredictionVersion {
    /// Counts from 1.
    pub version: i32,
    /// Whether this is the one that counts.
    pub current: bool,
    /// Four digits.
    pub reporting_year: String,
    /// Q1 to Q4; annual predictions may have none.
    pub reporting_quarter: Option<String>,
    /// What was given, in the order of the kind.
    #[schema(inline)]
    pub inputs: Vec<VersionInput>,
    /// Probability of default within a year.
    pub probability: f64,
    /// Probability before calibration.
    pub raw_probability: f64,
    /// The scorecard's probability; quarterly predictions alone.
    pub logistic_probability: Option<f64>,
    /// The tree model's probability; quarterly predictions alone.
    pub gbm_probability: Option<f64>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    pub risk_level: String,
    /// max(|p − 0.5|·2, 0.5), kept for compatibility.
    pub confidence: f64,
    /// Grade on the master scale in force when it was scored.
    pub grade: Option<String>,
    /// That scale; null is the built-in one.
    pub grade_scale_id: Option<Uuid>,
    /// Name of the model that scored.
    pub model_name: String,
    /// Its version.
    pub model_version: String,
    /// SHA-256 over the files of its bundle.
    pub model_hash: String,
    /// What is odd about the inputs.
    #[schema(inline)]
    pub quality: Vec<QualityNote>,
    /// Who had it scored.
    pub scored_by: Uuid,
    /// Their address.
    pub scored_by_email: Option<String>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub scored_at: Timestamp,
}

/// The versions of a prediction.
#[derive(Debug, Serialize, ToSchema)]
pub struct Versions {
    /// Always true.
    pub success: bool,
    /// The newest first, which is the one that counts.
    pub versions: Vec<PredictionVersion>,
}

fn version(kind: Kind, row: VersionRow, newest: i32) -> PredictionVersion {
    let flags: Vec<QualityFlag> = serde_json::from_str(&row.quality).unwrap_or_default();
    let inputs = kind.ratios().iter().zip(row.scored.ratios(kind)).map(|(spec, ratio)| VersionInput {
        ratio: spec.name.to_owned(),
        value: ratio.value(),
        state: state_of(ratio).to_owned(),
    });
    PredictionVersion {
        version: row.version,
        current: row.version == newest,
        reporting_year: row.reporting_year.to_string(),
        inputs: inputs.collect(),
        reporting_quarter: row.reporting_quarter,
        probability: row.scored.probability,
        raw_probability: row.scored.raw_probability,
        logistic_probability: row.scored.logistic_probability,
        gbm_probability: row.scored.gbm_probability,
        risk_level: row.scored.risk_level,
        confidence: row.scored.confidence,
        grade: row.scored.grade,
        grade_scale_id: row.scored.grade_scale_id,
        model_name: row.model_name,
        model_version: row.model_version,
        model_hash: row.scored.model_hash,
        quality: flags.into_iter().map(Into::into).collect(),
        scored_by: row.scored_by,
        scored_by_email: row.scored_by_email,
        scored_at: row.scored_at,
    }
}

async fn versions(
    state: &AppState,
    caller: &Can<PredictionRead>,
    kind: Kind,
    id: Uuid,
) -> ApiResult<Json<Versions>> {
    let rows = service::versions(state, caller, kind, id).await?;
    let newest = rows.first().map_or(1, |row| row.version);
    let versions = rows.into_iter().map(|row| version(kind, row, newest)).collect();
    Ok(Json(Versions { success: true, versions }))
}

/// The versions of an annual prediction in sight, newest first; of very many the newest 1,000.
#[utoipa::path(
    get, path = "/predictions/annual/{id}/versions", tag = "predictions", params(("id" = Uuid, Path)),
    security(("bearer" = [])),
    responses(
        (status = OK, body = Versions),
        (status = NOT_FOUND, description = "There is none in sight", body = Detail),
    )
)]
pub async fn versions_annual(
    State(state): State<AppState>,
    caller: Can<PredictionRead>,
    Id(id): Id<Uuid>,
) -> ApiResult<Json<Versions>> {
    versions(&state, &caller, Kind::Annual, id).await
}

/// The versions of a quarterly prediction in sight, newest first; of very many the newest 1,000.
#[utoipa::path(
    get, path = "/predictions/quarterly/{id}/versions", tag = "predictions", params(("id" = Uuid, Path)),
    security(("bearer" = [])),
    responses(
        (status = OK, body = Versions),
        (status = NOT_FOUND, description = "There is none in sight", body = Detail),
    )
)]
pub async fn versions_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionRead>,
    Id(id): Id<Uuid>,
) -> ApiResult<Json<Versions>> {
    versions(&state, &caller, Kind::Quarterly, id).await
}
