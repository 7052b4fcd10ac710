//! The caller's own predictions and those of their organization or tenant.

use accunode_domain::Kind;
use axum::{extract::State, response::Response};

use super::{
    AnnualPrediction, CursorParam, ExplainParam, FilterParams, OrganizationParam, PageParams, PredictionPage,
    QuarterlyPrediction, Shown, page_of,
};
use crate::{
    features::predictions::service::{self, Asked, Filter, List},
    http::{
        auth::{Can, grant::PredictionRead},
        body::Query,
        kept::kept,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

impl FilterParams {
    /// The filter of a list in which an organization may be asked for.
    pub(super) fn within(&self, organization: &OrganizationParam) -> accunode_domain::Result<Filter> {
        Ok(self.filter()?.with_organization(organization.organization_id))
    }
}

async fn list<T: Shown>(
    state: &AppState,
    caller: &Can<PredictionRead>,
    kind: Kind,
    filter: &Filter,
    asked: &Asked,
    explain: ExplainParam,
) -> ApiResult<Response> {
    let key = service::first_page_key(caller, kind, List::Own, filter, asked).filter(|_| !explain.explain);
    let page = async {
        let mut listed = service::list(state, caller, kind, List::Own, filter, asked).await?;
        let rows = std::mem::take(&mut listed.rows);
        let rows = service::explained(state, kind, rows, explain.explain).await?;
        Ok::<PredictionPage<T>, _>(page_of(listed, rows))
    };
    kept(&state.cache, key, page).await
}

/// Annual predictions: own ones and those of the organization, newest first.
#[utoipa::path(
    get, path = "/predictions/annual", tag = "predictions",
    params(PageParams, CursorParam, FilterParams, OrganizationParam, ExplainParam),
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
    Query(cursor): Query<CursorParam>,
    Query(filter): Query<FilterParams>,
    Query(organization): Query<OrganizationParam>,
    Query(explain): Query<ExplainParam>,
) -> ApiResult<Response> {
    list::<AnnualPrediction>(
        &state,
        &caller,
        Kind::Annual,
        &filter.within(&organization)?,
        &page.asked(&cursor)?,
        explain,
    )
    .await
}

/// Quarterly predictions: own ones and those of the organization, newest first.
#[utoipa::path(
    get, path = "/predictions/quarterly", tag = "predictions",
    params(PageParams, CursorParam, FilterParams, OrganizationParam, ExplainParam),
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
    Query(cursor): Query<CursorParam>,
    Query(filter): Query<FilterParams>,
    Query(organization): Query<OrganizationParam>,
    Query(explain): Query<ExplainParam>,
) -> ApiResult<Response> {
    list::<QuarterlyPrediction>(
        &state,
        &caller,
        Kind::Quarterly,
        &filter.within(&organization)?,
        &page.asked(&cursor)?,
        explain,
    )
    .await
}
