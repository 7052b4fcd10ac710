//! Hand in a small file and wait for it.

use accunode_domain::{Error, Kind};
use axum::{
    Json,
    extract::{Request, State},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::submit::UploadForm;
use crate::{
    features::uploads::service::{
        at_once::{self, MOST_ROWS},
        intake::{self, Bounds},
    },
    http::{
        auth::{Can, grant::UploadCreate},
        body::Query,
        problem::{ApiResult, Detail, ValidationProblem},
    },
    state::AppState,
};

/// For what the file is.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct KindParam {
    /// `annual` or `quarterly`.
    pub prediction_type: Option<String>,
}

/// What became of the rows.
#[derive(Debug, Serialize, ToSchema)]
pub struct StoredRows {
    /// Always true.
    pub success: bool,
    /// Data rows of the file.
    pub total_rows: i64,
    /// Rows stored.
    pub successful: i64,
    /// Rows refused.
    pub failed: i64,
    /// The refused rows in words: `Row 7: …`, the header being row 1.
    pub errors: Vec<String>,
}

/// A file that was stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct AtOnce {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// What became of its rows.
    pub results: StoredRows,
}

/// Score and store a CSV of up to 500 rows before the answer. Larger files go to `bulk-upload-async`.
#[utoipa::path(
    post, path = "/predictions/bulk-upload", tag = "uploads", security(("bearer" = [])), params(KindParam),
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = OK, body = AtOnce),
        (status = BAD_REQUEST, description = "Not CSV, missing columns, no rows, too many rows", body = Detail),
        (status = UNPROCESSABLE_ENTITY, description = "No file in the form, or no kind", body = ValidationProblem),
    )
)]
pub async fn store(
    State(state): State<AppState>,
    caller: Can<UploadCreate>,
    Query(params): Query<KindParam>,
    request: Request,
) -> ApiResult<Json<AtOnce>> {
    let kind: Option<Kind> = params.prediction_type.as_deref().and_then(|text| text.parse().ok());
    let expected = "Invalid prediction type: annual or quarterly is expected";
    let kind = kind.ok_or_else(|| Error::field("prediction_type", expected))?;
    let taken = intake::take(&state, kind, request, Bounds::of(&state).small(MOST_ROWS)).await?;
    let results = at_once::at_once(&state, &caller, taken).await?;
    let message = format!("{} of {} rows were stored", results.successful, results.total_rows);
    Ok(Json(AtOnce { success: true, message, results }))
}
