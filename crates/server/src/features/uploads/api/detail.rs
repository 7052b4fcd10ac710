//! Everything about one upload.

use accunode_db::Timestamp;
use accunode_domain::UploadId;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::results::{ErrorDetails, RowError};
use crate::{
    features::uploads::service::detail,
    http::{
        auth::{Can, grant::UploadRead},
        body::{Id, Query},
        problem::ApiResult,
    },
    state::AppState,
};

/// What to include.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DetailParams {
    /// Whether to give the first hundred rows that were refused.
    #[serde(default)]
    #[param(default = false)]
    pub include_errors: bool,
}

/// Everything about an upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobDetail {
    /// Id.
    pub id: Uuid,
    /// `pending`, `queued`, `processing`, `completed`, `failed` or `cancelled`.
    pub status: String,
    /// `annual` or `quarterly`.
    pub job_type: String,
    /// The file.
    pub file_info: FileInfo,
    /// Counts.
    pub progress: JobProgress,
    /// Speed.
    pub performance: JobPerformance,
    /// When.
    pub timestamps: DetailTimestamps,
    /// Whose.
    pub context: JobContext,
    /// What was refused.
    pub errors: DetailErrors,
    /// Kept for clients of the former queue.
    pub celery_info: QueueInfo,
}

/// A file.
#[derive(Debug, Serialize, ToSchema)]
pub struct FileInfo {
    /// Name.
    pub original_filename: String,
    /// Bytes.
    pub file_size: i64,
    /// Megabytes, with two decimals.
    pub file_size_mb: f64,
}

/// Counts.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobProgress {
    /// Data rows; null until counted.
    pub total_rows: Option<i64>,
    /// Rows that are done: stored or refused.
    pub processed_rows: i64,
    /// Rows stored.
    pub successful_rows: i64,
    /// Rows refused.
    pub failed_rows: i64,
    /// 0 to 100 with two decimals.
    pub progress_percentage: f64,
    /// Rows that are not done; null until counted.
    pub remaining_rows: Option<i64>,
}

/// Speed.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobPerformance {
    /// From the beginning of the work to its end.
    pub processing_time_seconds: Option<f64>,
    /// Rows a second; null before the first.
    pub rows_per_second: Option<f64>,
    /// When it should end, at the speed so far.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub estimated_completion_time: Option<Timestamp>,
    /// The same in seconds from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub estimated_completion_seconds: Option<f64>,
}

/// When.
#[derive(Debug, Serialize, ToSchema)]
pub struct DetailTimestamps {
    /// Handed in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Work began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// Ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed_at: Option<Timestamp>,
    /// Moved last.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
}

/// Whose an upload is.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobContext {
    /// Who handed it in.
    pub user_id: Uuid,
    /// For which organization.
    pub organization_id: Option<Uuid>,
    /// Their name, to those who may know it.
    pub created_by: Option<String>,
}

/// What was refused.
#[derive(Debug, Serialize, ToSchema)]
pub struct DetailErrors {
    /// Whether there are any.
    pub has_errors: bool,
    /// Why the upload as a whole failed, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_message: Option<String>,
    /// The first hundred rows, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error_details: Option<ErrorDetails>,
    /// How many rows.
    pub error_count: i64,
}

/// Kept for clients of the former queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueInfo {
    /// What its entries in the queue belong to.
    pub task_id: Uuid,
    /// Always null.
    pub celery_status: Option<String>,
    /// Always null.
    pub celery_meta: Option<String>,
}

/// One upload.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobDetailAnswer {
    /// Always true.
    pub success: bool,
    /// The upload.
    pub job: JobDetail,
}

/// Everything about one upload.
#[utoipa::path(
    get, path = "/predictions/jobs/{id}", tag = "uploads", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), DetailParams),
    responses(
        (status = OK, body = JobDetailAnswer),
    )
)]
pub async fn get(
    State(state): State<AppState>,
    caller: Can<UploadRead>,
    Id(id): Id<UploadId>,
    Query(params): Query<DetailParams>,
) -> ApiResult<Json<JobDetailAnswer>> {
    let job = detail::detail(&state, &caller, id, params.include_errors).await?;
    Ok(Json(JobDetailAnswer { success: true, job }))
}

/// Which of the refused rows to give.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ErrorParams {
    /// Rows to give, 1 to 1000.
    #[serde(default = "hundred")]
    #[param(minimum = 1, maximum = 1000, default = 100)]
    pub limit: i64,
    /// Rows to pass over. Long ways are shorter by `cursor`.
    #[serde(default)]
    #[param(minimum = 0, default = 0)]
    pub offset: i64,
    /// `next_cursor` of the page before.
    #[param(minimum = 0)]
    pub cursor: Option<i64>,
}

const fn hundred() -> i64 {
    100
}

/// Where a page of refused rows stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorPagination {
    /// Refused rows in all.
    pub total: i64,
    /// As asked.
    pub limit: i64,
    /// As asked.
    pub offset: i64,
    /// Whether there are more behind these.
    pub has_more: bool,
    /// Where the next page begins; null at the end.
    pub next_cursor: Option<i64>,
}

/// Refused rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct ErrorPage {
    /// Always true.
    pub success: bool,
    /// The rows, in the file's order.
    pub errors: Vec<RowError>,
    /// Where they stand.
    pub pagination: ErrorPagination,
}

/// The rows of an upload that were refused, in the file's order.
#[utoipa::path(
    get, path = "/predictions/jobs/{id}/errors", tag = "uploads", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), ErrorParams),
    responses(
        (status = OK, body = ErrorPage),
    )
)]
pub async fn errors(
    State(state): State<AppState>,
    caller: Can<UploadRead>,
    Id(id): Id<UploadId>,
    Query(params): Query<ErrorParams>,
) -> ApiResult<Json<ErrorPage>> {
    Ok(Json(detail::errors(&state, &caller, id, &params).await?))
}
