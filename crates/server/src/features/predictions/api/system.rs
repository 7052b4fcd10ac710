//! The predictions that belong to everybody.

use accunode_domain::Kind;
use axum::{extract::State, response::Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    AnnualPrediction, CursorParam, ExplainParam, FilterParams, PageParams, PredictionPage,
    QuarterlyPrediction, Shown, page_of,
};
use crate::{
    features::predictions::service::{self, Asked, List},
    http::{
        auth::{Can, grant::PredictionReadSystem},
        body::Query,
        kept::kept,
        problem::ApiResult,
    },
    state::AppState,
};

/// The filters of a system list, as understood.
#[derive(Debug, Serialize, ToSchema)]
pub struct SystemFilters {
    /// Always `system`.
    pub access_level: String,
    /// As asked.
    pub company_symbol: Option<String>,
    /// As asked.
    pub reporting_year: Option<String>,
    /// As asked.
    pub reporting_quarter: Option<String>,
    /// As asked.
    pub sector: Option<String>,
    /// As asked.
    pub risk_level: Option<String>,
    /// As asked.
    pub grade: Option<String>,
    /// As asked.
    pub probability_min: Option<f64>,
    /// As asked.
    pub probability_max: Option<f64>,
}

impl From<FilterParams> for SystemFilters {
    fn from(asked: FilterParams) -> Self {
        Self {
            access_level: "system".to_owned(),
            company_symbol: asked.company_symbol,
            reporting_year: asked.reporting_year,
            reporting_quarter: asked.reporting_quarter,
            sector: asked.sector,
            risk_level: asked.risk_level,
            grade: asked.grade,
            probability_min: asked.probability_min,
            probability_max: asked.probability_max,
        }
    }
}

/// A page of system predictions.
#[derive(Debug, Serialize, ToSchema)]
pub struct SystemPage<T> {
    /// One sentence.
    pub message: String,
    /// The filters that were used.
    pub filters: SystemFilters,
    /// The page.
    #[serde(flatten)]
    pub page: PredictionPage<T>,
}

async fn system<T: Shown>(
    state: &AppState,
    caller: &Can<PredictionReadSystem>,
    kind: Kind,
    filter: FilterParams,
    asked: &Asked,
    explain: ExplainParam,
) -> ApiResult<Response> {
    let narrowed = filter.filter()?;
    // The filters are given back as they were asked for, which is more than how they are understood.
    let key = service::first_page_key(caller, kind, List::System, &narrowed, asked)
        .filter(|_| !explain.explain)
        .map(|key| format!("{key}/{filter:?}"));
    let page = async {
        let mut listed = service::list(state, caller, kind, List::System, &narrowed, asked).await?;
        let rows = std::mem::take(&mut listed.rows);
        let message = format!("Retrieved {} of {} system {kind} predictions", rows.len(), listed.total);
        let rows = service::explained(state, kind, rows, explain.explain).await?;
        let page: PredictionPage<T> = page_of(listed, rows);
        Ok(SystemPage { message, filters: filter.into(), page })
    };
    kept(&state.cache, key, page).await
}

/// Annual predictions of the platform, newest first.
#[utoipa::path(
    get, path = "/predictions/annual/system", tag = "predictions",
    params(PageParams, CursorParam, FilterParams, ExplainParam),
    security(("bearer" = [])),
    responses(
        (status = OK, body = SystemPage<AnnualPrediction>),
    )
)]
pub async fn system_annual(
    State(state): State<AppState>,
    caller: Can<PredictionReadSystem>,
    Query(page): Query<PageParams>,
    Query(cursor): Query<CursorParam>,
    Query(filter): Query<FilterParams>,
    Query(explain): Query<ExplainParam>,
) -> ApiResult<Response> {
    system::<AnnualPrediction>(&state, &caller, Kind::Annual, filter, &page.asked(&cursor)?, explain).await
}

/// Quarterly predictions of the platform, newest first.
#[utoipa::path(
    get, path = "/predictions/quarterly/system", tag = "predictions",
    params(PageParams, CursorParam, FilterParams, ExplainParam),
    security(("bearer" = [])),
    responses(
        (status = OK, body = SystemPage<QuarterlyPrediction>),
    )
)]
pub async fn system_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionReadSystem>,
    Query(page): Query<PageParams>,
    Query(cursor): Query<CursorParam>,
    Query(filter): Query<FilterParams>,
    Query(explain): Query<ExplainParam>,
) -> ApiResult<Response> {
    system::<QuarterlyPrediction>(&state, &caller, Kind::Quarterly, filter, &page.asked(&cursor)?, explain)
        .await
}
