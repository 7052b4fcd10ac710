//! The predictions that belong to everybody.

use accunode_domain::{Kind, Result};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{AnnualPrediction, PageParams, PredictionPage, QuarterlyPrediction};
use crate::{
    features::predictions::{
        service::{self, Filter},
        store::PredictionRow,
    },
    http::{
        auth::{Can, grant::PredictionReadSystem},
        body::Query,
        problem::ApiResult,
    },
    state::AppState,
};

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SystemParams {
    /// Part of a symbol, in any case.
    #[param(max_length = 20)]
    company_symbol: Option<String>,
    /// Four digits.
    reporting_year: Option<String>,
    /// Q1 to Q4.
    reporting_quarter: Option<String>,
    /// Part of a sector's name, in any case.
    #[param(max_length = 100)]
    sector: Option<String>,
    /// LOW, MEDIUM, HIGH or CRITICAL.
    risk_level: Option<String>,
}

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

impl SystemParams {
    fn read(self) -> Result<(Filter, SystemFilters)> {
        let filter = Filter::new(self.company_symbol.clone(), self.reporting_year.as_deref())?
            .with_quarter(self.reporting_quarter.as_deref())?
            .with_sector(self.sector.as_deref())?
            .with_risk_level(self.risk_level.as_deref())?;
        let filters = SystemFilters {
            access_level: "system".to_owned(),
            company_symbol: self.company_symbol,
            reporting_year: self.reporting_year,
            reporting_quarter: self.reporting_quarter,
            sector: self.sector,
            risk_level: self.risk_level,
        };
        Ok((filter, filters))
    }
}

async fn system<T: From<PredictionRow>>(
    state: &AppState,
    caller: &Can<PredictionReadSystem>,
    kind: Kind,
    page: PageParams,
    params: SystemParams,
) -> ApiResult<Json<SystemPage<T>>> {
    let (filter, filters) = params.read()?;
    let page = service::list_system(state, &caller.actor, kind, &filter, page.page, page.size).await?;
    let message = format!("Retrieved {} of {} system {kind} predictions", page.items.len(), page.total);
    Ok(Json(SystemPage { message, filters, page: service::render(page) }))
}

/// Annual predictions of the platform, newest first.
#[utoipa::path(
    get, path = "/predictions/annual/system", tag = "predictions", params(PageParams, SystemParams),
    security(("bearer" = [])),
    responses(
        (status = OK, body = SystemPage<AnnualPrediction>),
    )
)]
pub async fn system_annual(
    State(state): State<AppState>,
    caller: Can<PredictionReadSystem>,
    Query(page): Query<PageParams>,
    Query(params): Query<SystemParams>,
) -> ApiResult<Json<SystemPage<AnnualPrediction>>> {
    system(&state, &caller, Kind::Annual, page, params).await
}

/// Quarterly predictions of the platform, newest first.
#[utoipa::path(
    get, path = "/predictions/quarterly/system", tag = "predictions", params(PageParams, SystemParams),
    security(("bearer" = [])),
    responses(
        (status = OK, body = SystemPage<QuarterlyPrediction>),
    )
)]
pub async fn system_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionReadSystem>,
    Query(page): Query<PageParams>,
    Query(params): Query<SystemParams>,
) -> ApiResult<Json<SystemPage<QuarterlyPrediction>>> {
    system(&state, &caller, Kind::Quarterly, page, params).await
}
