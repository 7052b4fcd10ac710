//! List uploads and follow one.

use accunode_db::Timestamp;
use accunode_domain::UploadId;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    features::uploads::{service, store::UploadRow},
    http::{
        auth::{Can, grant::UploadRead},
        body::{Id, Query},
        problem::ApiResult,
    },
    state::AppState,
};

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct JobParams {
    /// `pending`, `queued`, `processing`, `completed`, `failed` or `cancelled`.
    pub status: Option<String>,
    /// Rows to give, 1 to 1000.
    #[serde(default = "fifty")]
    #[param(minimum = 1, maximum = 1000, default = 50)]
    pub limit: i64,
    /// Rows to pass over.
    #[serde(default)]
    #[param(minimum = 0, default = 0)]
    pub offset: i64,
}

const fn fifty() -> i64 {
    50
}

/// An upload and how far it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobBrief {
    /// Id.
    pub id: Uuid,
    /// `pending`, `queued`, `processing`, `completed` or `failed`; a cancelled one reads `failed`.
    pub status: String,
    /// `annual` or `quarterly`.
    pub job_type: String,
    /// Name of the file.
    pub original_filename: String,
    /// Its size in bytes.
    pub file_size: i64,
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
    /// Why it failed.
    pub error_message: Option<String>,
    /// Whether somebody cancelled it.
    pub cancelled: bool,
    /// When it was handed in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When the work began.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub started_at: Option<Timestamp>,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub completed_at: Option<Timestamp>,
    /// When it last moved.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
}

impl From<UploadRow> for JobBrief {
    fn from(row: UploadRow) -> Self {
        let cancelled = row.status == "cancelled";
        let progress_percentage = service::progress(&row);
        Self {
            id: row.id,
            // Clients know no cancelled job and would wait for it for ever.
            status: if cancelled { "failed".to_owned() } else { row.status },
            job_type: row.job_type,
            original_filename: row.original_filename,
            file_size: row.file_size,
            total_rows: row.total_rows,
            processed_rows: row.processed_rows,
            successful_rows: row.successful_rows,
            failed_rows: row.failed_rows,
            progress_percentage,
            error_message: row.error_message,
            cancelled,
            created_at: row.created_at,
            started_at: row.started_at,
            completed_at: row.completed_at,
            updated_at: row.updated_at,
        }
    }
}

/// Where in the list this answer stands.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobPagination {
    /// Uploads in all.
    pub total: i64,
    /// As asked.
    pub limit: i64,
    /// As asked.
    pub offset: i64,
    /// Whether there are more behind these.
    pub has_more: bool,
}

/// Uploads, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobList {
    /// Always true.
    pub success: bool,
    /// The uploads.
    pub jobs: Vec<JobBrief>,
    /// Where they stand.
    pub pagination: JobPagination,
}

/// Uploads in the caller's sight, newest first.
#[utoipa::path(
    get, path = "/predictions/jobs", tag = "uploads", params(JobParams), security(("bearer" = [])),
    responses(
        (status = OK, body = JobList),
    )
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Can<UploadRead>,
    Query(params): Query<JobParams>,
) -> ApiResult<Json<JobList>> {
    let (rows, total) = service::list(&state, &caller.actor, &params).await?;
    let JobParams { limit, offset, .. } = params;
    let has_more = offset.saturating_add(limit) < total;
    let jobs = rows.into_iter().map(Into::into).collect();
    Ok(Json(JobList { success: true, jobs, pagination: JobPagination { total, limit, offset, has_more } }))
}

/// An upload with its place in the queue.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobStatus {
    /// The upload.
    #[serde(flatten)]
    pub job: JobBrief,
    /// `high_priority`, `medium_priority` or `low_priority`.
    pub queue_priority: String,
    /// Uploads waiting in its queue, itself included; 0 once it has begun.
    pub queue_position: i64,
    /// When it should end, at the speed so far; only while it is being worked on.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub estimated_completion: Option<Timestamp>,
    /// Uploads that a server works on at once.
    pub current_worker_capacity: usize,
    /// `low`, `medium` or `high`.
    pub system_load: String,
    /// Rows a minute, in words.
    pub processing_rate: String,
}

/// One upload's status.
#[derive(Debug, Serialize, ToSchema)]
pub struct JobStatusAnswer {
    /// Always true.
    pub success: bool,
    /// The upload.
    pub job: JobStatus,
}

/// How far an upload is.
#[utoipa::path(
    get, path = "/predictions/jobs/{id}/status", tag = "uploads", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = JobStatusAnswer),
    )
)]
pub async fn status(
    State(state): State<AppState>,
    caller: Can<UploadRead>,
    Id(id): Id<UploadId>,
) -> ApiResult<Json<JobStatusAnswer>> {
    Ok(Json(JobStatusAnswer { success: true, job: service::status(&state, &caller.actor, id).await? }))
}
