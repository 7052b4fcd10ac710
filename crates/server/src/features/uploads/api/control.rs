//! Cancel and delete uploads.

use accunode_db::Timestamp;
use accunode_domain::UploadId;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    features::uploads::service::control,
    http::{
        auth::{
            Can,
            grant::{UploadControl, UploadDelete},
        },
        body::{Id, Query},
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// An upload that was cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub struct CancelledJob {
    /// Id.
    pub id: Uuid,
    /// `cancelled`.
    pub status: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub cancelled_at: Timestamp,
}

/// That an upload was cancelled.
#[derive(Debug, Serialize, ToSchema)]
pub struct Cancelled {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// The upload.
    pub job: CancelledJob,
}

/// Cancel an upload that has not ended. What is stored of it stays.
#[utoipa::path(
    post, path = "/predictions/jobs/{id}/cancel", tag = "uploads", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = Cancelled),
        (status = BAD_REQUEST, description = "It has ended", body = Detail),
    )
)]
pub async fn cancel(
    State(state): State<AppState>,
    caller: Can<UploadControl>,
    Id(id): Id<UploadId>,
) -> ApiResult<Json<Cancelled>> {
    let cancelled_at = control::cancel(&state, &caller, id).await?;
    Ok(Json(Cancelled {
        success: true,
        message: "Job cancelled".to_owned(),
        job: CancelledJob { id: id.0, status: "cancelled".to_owned(), cancelled_at },
    }))
}

/// What to delete.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeleteParams {
    /// Whether the predictions that it made go, too; otherwise they stay and forget where they came from.
    #[serde(default)]
    #[param(default = false)]
    pub with_predictions: bool,
}

/// An upload that was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeletedJob {
    /// Id.
    pub id: Uuid,
    /// What it was.
    pub status: String,
    /// `annual` or `quarterly`.
    pub job_type: String,
    /// Name of the file.
    pub original_filename: String,
}

/// That an upload was deleted.
#[derive(Debug, Serialize, ToSchema)]
pub struct UploadDeleted {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// The upload.
    pub deleted_job: DeletedJob,
}

/// Delete an upload that has ended: its file, its row errors, and if asked for the predictions that it made. It is out
/// of sight at once; of a large one, the predictions go little by little.
#[utoipa::path(
    delete, path = "/predictions/jobs/{id}", tag = "uploads", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), DeleteParams),
    responses(
        (status = OK, body = UploadDeleted),
        (status = BAD_REQUEST, description = "It has not ended", body = Detail),
    )
)]
pub async fn delete(
    State(state): State<AppState>,
    caller: Can<UploadDelete>,
    Id(id): Id<UploadId>,
    Query(params): Query<DeleteParams>,
) -> ApiResult<Json<UploadDeleted>> {
    let row = control::delete(&state, &caller, id, params.with_predictions).await?;
    let message = match params.with_predictions {
        true => "Job deleted with its predictions",
        false => "Job deleted; its predictions stay",
    };
    Ok(Json(UploadDeleted {
        success: true,
        message: message.to_owned(),
        deleted_job: DeletedJob {
            id: row.id,
            status: row.status,
            job_type: row.job_type,
            original_filename: row.original_filename,
        },
    }))
}
