//! Hand in a portfolio file.

use accunode_domain::{Error, Kind};
use axum::{
    Json,
    extract::{Request, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::results::RowError;
use crate::{
    features::uploads::service::{
        intake::{self, Bounds},
        submit, trial,
    },
    http::{
        auth::{Can, grant::UploadCreate},
        body::Query,
        problem::{ApiResult, Detail, ValidationProblem},
    },
    state::AppState,
};

/// A portfolio file.
#[derive(ToSchema)]
#[allow(dead_code)] // the document's shape; the handler streams the body
pub struct UploadForm {
    /// `.csv` (UTF-8, commas) or `.xlsx` (first sheet), with a header row.
    #[schema(format = Binary)]
    file: String,
}

/// What was taken in.
#[derive(Debug, Serialize, ToSchema)]
pub struct Accepted {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// The job to follow.
    pub job_id: Uuid,
    /// What its entries in the queue belong to.
    pub task_id: Uuid,
    /// Data rows in the file; null while a large file is not counted yet.
    pub total_rows: Option<i64>,
    /// A cautious estimate.
    pub estimated_time_minutes: i64,
    /// `high_priority`, `medium_priority` or `low_priority`, by the number of rows.
    pub queue_priority: String,
    /// Place in the queue, from 1.
    pub queue_position: i64,
    /// `low`, `medium` or `high`.
    pub current_system_load: String,
    /// One sentence.
    pub processing_message: String,
    /// Uploads that a server works on at once.
    pub worker_capacity: usize,
}

/// How to take a file.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SubmitParams {
    /// Whether to check everything and store nothing.
    #[serde(default)]
    #[param(default = false)]
    pub dry_run: bool,
}

/// What would become of a file.
#[derive(Debug, Serialize, ToSchema)]
pub struct Trial {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// Always true.
    pub dry_run: bool,
    /// Data rows in the file.
    pub total_rows: i64,
    /// Rows that would be stored.
    pub successful_rows: i64,
    /// Rows that would be refused.
    pub failed_rows: i64,
    /// The first hundred of those, in the file's order.
    pub errors: Vec<RowError>,
}

/// What became of a file that was handed in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum UploadSubmitted {
    /// It is a job now.
    Accepted(Accepted),
    /// With `dry_run`: what would become of it.
    Trial(Trial),
}

/// What the sender calls this submit, so that repeating it does nothing twice.
fn idempotency_key(request: &Request) -> Result<Option<String>, Error> {
    let Some(value) = request.headers().get("idempotency-key") else { return Ok(None) };
    let key = value.to_str().ok().map(str::trim).filter(|key| (1..=255).contains(&key.len()));
    let expected = "Invalid Idempotency-Key: 1 to 255 printable ASCII characters are expected";
    key.map(|key| Some(key.to_owned())).ok_or_else(|| Error::field("Idempotency-Key", expected))
}

/// The part named `file`; the rest of the form is left unread.
async fn hand_in(
    state: &AppState,
    caller: &Can<UploadCreate>,
    kind: Kind,
    params: &SubmitParams,
    request: Request,
) -> ApiResult<Json<UploadSubmitted>> {
    let key = idempotency_key(&request)?;
    let taken = intake::take(state, kind, request, Bounds::of(state)).await?;
    if params.dry_run {
        return Ok(Json(UploadSubmitted::Trial(trial::trial(state, caller, taken).await?)));
    }
    Ok(Json(UploadSubmitted::Accepted(submit::submit(state, caller, taken, key.as_deref()).await?)))
}

/// Take in a file of annual rows, to be scored as a job.
#[utoipa::path(
    post, path = "/predictions/annual/bulk-upload-async", tag = "uploads", security(("bearer" = [])),
    params(
        SubmitParams,
        ("Idempotency-Key" = Option<String>, Header, description = "Repeating a submit under one key gives its first job"),
    ),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = UploadSubmitted),
        (status = BAD_REQUEST, description = "Wrong type, missing columns, no rows, too many rows", body = Detail),
        (status = CONFLICT, description = "The Idempotency-Key stands for another file", body = Detail),
        (status = UNPROCESSABLE_ENTITY, description = "No file in the form", body = ValidationProblem),
    )
)]
pub async fn submit_annual(
    State(state): State<AppState>,
    caller: Can<UploadCreate>,
    Query(params): Query<SubmitParams>,
    request: Request,
) -> ApiResult<Json<UploadSubmitted>> {
    hand_in(&state, &caller, Kind::Annual, &params, request).await
}

/// Take in a file of quarterly rows, to be scored as a job.
#[utoipa::path(
    post, path = "/predictions/quarterly/bulk-upload-async", tag = "uploads", security(("bearer" = [])),
    params(
        SubmitParams,
        ("Idempotency-Key" = Option<String>, Header, description = "Repeating a submit under one key gives its first job"),
    ),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = UploadSubmitted),
        (status = BAD_REQUEST, description = "Wrong type, missing columns, no rows, too many rows", body = Detail),
        (status = CONFLICT, description = "The Idempotency-Key stands for another file", body = Detail),
        (status = UNPROCESSABLE_ENTITY, description = "No file in the form", body = ValidationProblem),
    )
)]
pub async fn submit_quarterly(
    State(state): State<AppState>,
    caller: Can<UploadCreate>,
    Query(params): Query<SubmitParams>,
    request: Request,
) -> ApiResult<Json<UploadSubmitted>> {
    hand_in(&state, &caller, Kind::Quarterly, &params, request).await
}
