//! Operations that compare a prediction with those of other companies.

use accunode_domain::{Kind, PredictionId};
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::service;
use crate::{
    http::{
        auth::{Can, grant::PredictionRead},
        body::Id,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// One figure of the company, and where it lies among those of its peers.
#[derive(Debug, Serialize, ToSchema)]
pub struct PeerFigure {
    /// `probability` or the ratio's name.
    pub name: String,
    /// The company's own; null where there is none.
    pub value: Option<f64>,
    /// Peers that have a value.
    pub peers: i64,
    /// The share of them below the company's value, and half of those that are equal, in percent. Null with fewer
    /// than ten peers, and without a value.
    pub percentile: Option<f64>,
    /// A quarter of the peers' values lies below; null with fewer than ten. Between two values it is interpolated.
    pub lower_quartile: Option<f64>,
    /// Half of them.
    pub median: Option<f64>,
    /// Three quarters.
    pub upper_quartile: Option<f64>,
}

/// A prediction among its peers: the companies in the caller's sight that are of the same sector and have a prediction
/// of the same kind and year, each counted once with the last of that year.
#[derive(Debug, Serialize, ToSchema)]
pub struct Peers {
    /// Always true.
    pub success: bool,
    /// The prediction.
    pub prediction_id: Uuid,
    /// Its company.
    pub company_id: Uuid,
    /// The company's symbol.
    pub company_symbol: String,
    /// The sector that peers are of.
    pub sector: String,
    /// The year that they are looked at in.
    pub reporting_year: String,
    /// How many peers there are.
    pub peers: i64,
    /// The final probability.
    pub probability: PeerFigure,
    /// Each ratio of the kind.
    pub ratios: Vec<PeerFigure>,
}

/// How an annual prediction stands among those of its sector and year.
#[utoipa::path(
    get, path = "/predictions/annual/{id}/peers", tag = "dashboard", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The prediction")),
    responses(
        (status = OK, body = Peers),
        (status = NOT_FOUND, description = "No such prediction in sight", body = Detail),
    )
)]
pub async fn peers_annual(
    State(state): State<AppState>,
    caller: Can<PredictionRead>,
    Id(id): Id<PredictionId>,
) -> ApiResult<Json<Peers>> {
    Ok(Json(service::peers(&state, &caller, Kind::Annual, id).await?))
}

/// How a quarterly prediction stands among those of its sector and year.
#[utoipa::path(
    get, path = "/predictions/quarterly/{id}/peers", tag = "dashboard", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The prediction")),
    responses(
        (status = OK, body = Peers),
        (status = NOT_FOUND, description = "No such prediction in sight", body = Detail),
    )
)]
pub async fn peers_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionRead>,
    Id(id): Id<PredictionId>,
) -> ApiResult<Json<Peers>> {
    Ok(Json(service::peers(&state, &caller, Kind::Quarterly, id).await?))
}
