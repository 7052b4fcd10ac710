//! Single predictions: look, score again, take away.

use accunode_domain::{Error, Kind};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{
    AnnualPrediction, ExplainParam, QuarterlyPrediction, Shown,
    create::{NewAnnual, NewQuarterly, read},
};
use crate::{
    features::predictions::{
        service::{self, kind_title},
        store::PredictionRow,
    },
    http::{
        auth::{
            Can,
            grant::{PredictionDelete, PredictionRead, PredictionUpdate},
        },
        body::{Fields, Id, Query},
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// One prediction.
#[derive(Debug, Serialize, ToSchema)]
pub struct One<T> {
    /// Always true.
    pub success: bool,
    /// The prediction.
    pub prediction: T,
}

/// What a prediction is now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Updated<T> {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// The prediction.
    pub prediction: T,
}

/// That something is gone.
#[derive(Debug, Serialize, ToSchema)]
pub struct Deleted {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
}

/// A row in the API's shape.
pub(super) async fn shown<T: Shown>(
    state: &AppState,
    kind: Kind,
    row: PredictionRow,
    explain: ExplainParam,
) -> Result<T, Error> {
    let mut rows = service::explained(state, kind, vec![row], explain.explain).await?;
    rows.pop().map(T::from).ok_or_else(|| Error::internal("a row is gone"))
}

async fn get<T: Shown>(
    state: &AppState,
    caller: &Can<PredictionRead>,
    kind: Kind,
    id: Uuid,
    explain: ExplainParam,
) -> ApiResult<Json<One<T>>> {
    let row = service::get(state, caller, kind, id).await?;
    Ok(Json(One { success: true, prediction: shown(state, kind, row, explain).await? }))
}

async fn update<T: Shown>(
    state: &AppState,
    caller: &Can<PredictionUpdate>,
    kind: Kind,
    id: Uuid,
    explain: ExplainParam,
    fields: Fields,
) -> ApiResult<Json<Updated<T>>> {
    let record = read(kind, fields, Some(String::new()))?;
    let row = service::update(state, caller, kind, id, record).await?;
    let message = format!("{} prediction updated successfully", kind_title(kind));
    Ok(Json(Updated { success: true, message, prediction: shown(state, kind, row, explain).await? }))
}

async fn rescore<T: Shown>(
    state: &AppState,
    caller: &Can<PredictionUpdate>,
    kind: Kind,
    id: Uuid,
    explain: ExplainParam,
) -> ApiResult<Json<Updated<T>>> {
    let row = service::rescore(state, caller, kind, id).await?;
    let message = format!("{} prediction scored again successfully", kind_title(kind));
    Ok(Json(Updated { success: true, message, prediction: shown(state, kind, row, explain).await? }))
}

/// Look at an annual prediction in sight.
#[utoipa::path(
    get, path = "/predictions/annual/{id}", tag = "predictions", params(("id" = Uuid, Path), ExplainParam),
    security(("bearer" = [])),
    responses(
        (status = OK, body = One<AnnualPrediction>),
        (status = NOT_FOUND, description = "There is none in sight", body = Detail),
    )
)]
pub async fn get_annual(
    State(state): State<AppState>,
    caller: Can<PredictionRead>,
    Id(id): Id<Uuid>,
    Query(explain): Query<ExplainParam>,
) -> ApiResult<Json<One<AnnualPrediction>>> {
    get(&state, &caller, Kind::Annual, id, explain).await
}

/// Score an annual prediction again with other inputs; what it was is kept as a version. The company stays the same,
/// whatever symbol is given; its name, sector and market capitalisation change only where the caller may change it.
#[utoipa::path(
    put, path = "/predictions/annual/{id}", tag = "predictions", params(("id" = Uuid, Path), ExplainParam),
    request_body = NewAnnual,
    security(("bearer" = [])),
    responses(
        (status = OK, body = Updated<AnnualPrediction>),
        (status = BAD_REQUEST, description = "The company has another one for this period", body = Detail),
        (status = FORBIDDEN, description = "In sight, but not to be changed by the caller", body = Detail),
        (status = NOT_FOUND, description = "There is none in sight", body = Detail),
    )
)]
pub async fn update_annual(
    State(state): State<AppState>,
    caller: Can<PredictionUpdate>,
    Id(id): Id<Uuid>,
    Query(explain): Query<ExplainParam>,
    fields: Fields,
) -> ApiResult<Json<Updated<AnnualPrediction>>> {
    update(&state, &caller, Kind::Annual, id, explain, fields).await
}

/// Score an annual prediction again with the same inputs, by the model in use; what it was is kept as a version.
#[utoipa::path(
    post, path = "/predictions/annual/{id}/rescore", tag = "predictions", params(("id" = Uuid, Path), ExplainParam),
    security(("bearer" = [])),
    responses(
        (status = OK, body = Updated<AnnualPrediction>),
        (status = FORBIDDEN, description = "In sight, but not to be changed by the caller", body = Detail),
        (status = NOT_FOUND, description = "There is none in sight", body = Detail),
    )
)]
pub async fn rescore_annual(
    State(state): State<AppState>,
    caller: Can<PredictionUpdate>,
    Id(id): Id<Uuid>,
    Query(explain): Query<ExplainParam>,
) -> ApiResult<Json<Updated<AnnualPrediction>>> {
    rescore(&state, &caller, Kind::Annual, id, explain).await
}

/// Delete an annual prediction with its versions. The company stays.
#[utoipa::path(
    delete, path = "/predictions/annual/{id}", tag = "predictions", params(("id" = Uuid, Path)),
    security(("bearer" = [])),
    responses(
        (status = OK, body = Deleted),
        (status = FORBIDDEN, description = "In sight, but not to be deleted by the caller", body = Detail),
        (status = NOT_FOUND, description = "There is none in sight", body = Detail),
    )
)]
pub async fn delete_annual(
    State(state): State<AppState>,
    caller: Can<PredictionDelete>,
    Id(id): Id<Uuid>,
) -> ApiResult<Json<Deleted>> {
    let message = service::delete(&state, &caller, Kind::Annual, id).await?;
    Ok(Json(Deleted { success: true, message }))
}

/// Look at a quarterly prediction in sight.
#[utoipa::path(
    get, path = "/predictions/quarterly/{id}", tag = "predictions", params(("id" = Uuid, Path), ExplainParam),
    security(("bearer" = [])),
    responses(
        (status = OK, body = One<QuarterlyPrediction>),
        (status = NOT_FOUND, description = "There is none in sight", body = Detail),
    )
)]
pub async fn get_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionRead>,
    Id(id): Id<Uuid>,
    Query(explain): Query<ExplainParam>,
) -> ApiResult<Json<One<QuarterlyPrediction>>> {
    get(&state, &caller, Kind::Quarterly, id, explain).await
}

/// Score a quarterly prediction again with other inputs; what it was is kept as a version. The company stays the same,
/// whatever symbol is given; its name, sector and market capitalisation change only where the caller may change it.
#[utoipa::path(
    put, path = "/predictions/quarterly/{id}", tag = "predictions", params(("id" = Uuid, Path), ExplainParam),
    request_body = NewQuarterly,
    security(("bearer" = [])),
    responses(
        (status = OK, body = Updated<QuarterlyPrediction>),
        (status = BAD_REQUEST, description = "The company has another one for this period", body = Detail),
        (status = FORBIDDEN, description = "In sight, but not to be changed by the caller", body = Detail),
        (status = NOT_FOUND, description = "There is none in sight", body = Detail),
    )
)]
pub async fn update_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionUpdate>,
    Id(id): Id<Uuid>,
    Query(explain): Query<ExplainParam>,
    fields: Fields,
) -> ApiResult<Json<Updated<QuarterlyPrediction>>> {
    update(&state, &caller, Kind::Quarterly, id, explain, fields).await
}

/// Score a quarterly prediction again with the same inputs, by the model in use; what it was is kept as a version.
#[utoipa::path(
    post, path = "/predictions/quarterly/{id}/rescore", tag = "predictions", params(("id" = Uuid, Path), ExplainParam),
    security(("bearer" = [])),
    responses(
        (status = OK, body = Updated<QuarterlyPrediction>),
        (status = FORBIDDEN, description = "In sight, but not to be changed by the caller", body = Detail),
        (status = NOT_FOUND, description = "There is none in sight", body = Detail),
    )
)]
pub async fn rescore_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionUpdate>,
    Id(id): Id<Uuid>,
    Query(explain): Query<ExplainParam>,
) -> ApiResult<Json<Updated<QuarterlyPrediction>>> {
    rescore(&state, &caller, Kind::Quarterly, id, explain).await
}

/// Delete a quarterly prediction with its versions. The company stays.
#[utoipa::path(
    delete, path = "/predictions/quarterly/{id}", tag = "predictions", params(("id" = Uuid, Path)),
    security(("bearer" = [])),
    responses(
        (status = OK, body = Deleted),
        (status = FORBIDDEN, description = "In sight, but not to be deleted by the caller", body = Detail),
        (status = NOT_FOUND, description = "There is none in sight", body = Detail),
    )
)]
pub async fn delete_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionDelete>,
    Id(id): Id<Uuid>,
) -> ApiResult<Json<Deleted>> {
    let message = service::delete(&state, &caller, Kind::Quarterly, id).await?;
    Ok(Json(Deleted { success: true, message }))
}
