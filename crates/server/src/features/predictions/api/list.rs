//! The caller's own predictions and those of their organization or tenant.

use accunode_domain::{Kind, Result};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{AnnualPrediction, PageParams, PredictionPage, QuarterlyPrediction};
use crate::{
    features::predictions::{
        service::{self, Filter},
        store::PredictionRow,
    },
    http::{
        auth::{Can, grant::PredictionRead},
        body::Query,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct ListParams {
    /// Part of a symbol, in any case.
    #[param(max_length = 20)]
    company_symbol: Option<String>,
    /// Four digits.
    reporting_year: Option<String>,
    /// Q1 to Q4.
    reporting_quarter: Option<String>,
    /// For tenant_admin (an organization of the tenant) and super_admin (any).
    organization_id: Option<Uuid>,
}

impl ListParams {
    fn filter(self) -> Result<Filter> {
        let filter = Filter::new(self.company_symbol, self.reporting_year.as_deref())?;
        Ok(filter.with_quarter(self.reporting_quarter.as_deref())?.with_organization(self.organization_id))
    }
}

async fn list<T: From<PredictionRow>>(
    state: &AppState,
    caller: &Can<PredictionRead>,
    kind: Kind,
    page: PageParams,
    params: ListParams,
) -> ApiResult<Json<PredictionPage<T>>> {
    let filter = params.filter()?;
    let page = service::list(state, &caller.actor, kind, &filter, page.page, page.size).await?;
    Ok(Json(service::render(page)))
}

/// Annual predictions: own ones and those of the organization, newest first.
#[utoipa::path(
    get, path = "/predictions/annual", tag = "predictions", params(PageParams, ListParams),
    security(("bearer" = [])),
    responses(
        (status = OK, body = PredictionPage<AnnualPrediction>),
        (status = FORBIDDEN, description = "organization_id by a role below tenant_admin", body = Detail),
    )
)]
pub async fn list_annual(
    State(state): State<AppState>,
    caller: Can<PredictionRead>,
    Query(page): Query<PageParams>,
    Query(params): Query<ListParams>,
) -> ApiResult<Json<PredictionPage<AnnualPrediction>>> {
    list(&state, &caller, Kind::Annual, page, params).await
}

/// Quarterly predictions: own ones and those of the organization, newest first.
#[utoipa::path(
    get, path = "/predictions/quarterly", tag = "predictions", params(PageParams, ListParams),
    security(("bearer" = [])),
    responses(
        (status = OK, body = PredictionPage<QuarterlyPrediction>),
        (status = FORBIDDEN, description = "organization_id by a role below tenant_admin", body = Detail),
    )
)]
pub async fn list_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionRead>,
    Query(page): Query<PageParams>,
    Query(params): Query<ListParams>,
) -> ApiResult<Json<PredictionPage<QuarterlyPrediction>>> {
    list(&state, &caller, Kind::Quarterly, page, params).await
}
