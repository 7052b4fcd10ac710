//! Give what an upload made and what it refused as a file.

use accunode_domain::UploadId;
use axum::{extract::State, response::Response};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};

use crate::{
    features::uploads::service::download,
    http::{
        auth::{Can, grant::UploadRead},
        body::{Id, Query},
        problem::{ApiResult, Detail},
        table::Format,
    },
    state::AppState,
};

/// A part of what came of an upload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
#[schema(as = UploadPart)]
pub enum Part {
    /// The predictions that it made.
    Results,
    /// The rows that were refused, with their own columns and why.
    Errors,
}

impl Part {
    /// The name in the query.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Results => "results",
            Self::Errors => "errors",
        }
    }
}

/// Which file to give.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DownloadParams {
    /// `xlsx` or `csv`.
    #[serde(default = "xlsx")]
    #[param(inline, default = "xlsx")]
    pub format: Format,
    /// `results` or `errors`; without it, XLSX has a sheet for each and CSV the results.
    #[param(inline)]
    pub part: Option<Part>,
}

const fn xlsx() -> Format {
    Format::Xlsx
}

/// What an upload made and what it refused, as a file. A file of refused rows alone can be corrected and handed in.
#[utoipa::path(
    get, path = "/predictions/jobs/{id}/download", tag = "uploads", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), DownloadParams),
    responses(
        (status = OK, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = PAYLOAD_TOO_LARGE, description = "More rows than a sheet holds", body = Detail),
    )
)]
pub async fn download(
    State(state): State<AppState>,
    caller: Can<UploadRead>,
    Id(id): Id<UploadId>,
    Query(params): Query<DownloadParams>,
) -> ApiResult<Response> {
    Ok(download::download(&state, &caller, id, &params).await?)
}
