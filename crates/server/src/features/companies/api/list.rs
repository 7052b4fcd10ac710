//! Listing and searching companies.

use axum::{Json, extract::State, response::Response};
use serde::Deserialize;
use utoipa::IntoParams;

use super::{CompanyAnswer, CompanyCard, CompanyHits, CompanyItem, CompanyPage};
use crate::{
    features::companies::{
        service,
        store::{list::Filter, order::Sort},
    },
    http::{
        auth::{Can, grant::CompanyRead},
        body::{Id, Query},
        kept::kept,
        paging::PageLimit,
        problem::{ApiResult, Detail},
        table::FormatParam,
    },
    state::AppState,
};

/// Which companies.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct FilterParams {
    /// Part of a symbol or name, in any case.
    #[param(max_length = 255)]
    pub search: Option<String>,
    /// Part of a sector's name, in any case.
    #[param(max_length = 100)]
    pub sector: Option<String>,
    /// Of the newest period: LOW, MEDIUM, HIGH or CRITICAL.
    pub risk_level: Option<String>,
    /// Of the newest period.
    #[param(max_length = 10)]
    pub grade: Option<String>,
    /// `personal`, `organization` or `system`.
    pub access_level: Option<String>,
}

/// In which order.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SortParams {
    /// `name`, `symbol`, `market_cap`, `created_at`, or of the newest period `probability`, `change` (of the probability
    /// since the period before) or `period`; anything else is `name`. What has no such figure comes last where it falls.
    #[param(default = "name")]
    sort_by: Option<String>,
    /// `asc` or `desc`; anything else is `asc`.
    #[param(default = "asc")]
    sort_order: Option<String>,
}

/// Companies: personal ones are seen by who added them, an organization's by its people and by who runs its tenant, the
/// system's by who runs a tenant and in organizations that are allowed to. A key without `prediction.read` (for the
/// system's companies: `prediction.read_system`) is given them without predictions and their scores, and cannot filter or
/// sort by these.
#[utoipa::path(
    get, path = "/companies", tag = "companies", params(PageLimit, FilterParams, SortParams),
    security(("bearer" = [])),
    responses(
        (status = OK, body = CompanyPage),
        (status = FORBIDDEN, description = "A filter or order by scores with a key that may not read them", body = Detail),
    )
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Can<CompanyRead>,
    Query(page): Query<PageLimit>,
    Query(params): Query<FilterParams>,
    Query(sort): Query<SortParams>,
) -> ApiResult<Response> {
    let window = page.window()?;
    let filter = Filter::new(&params)?;
    let descending =
        sort.sort_order.as_deref().is_some_and(|order| order.trim().eq_ignore_ascii_case("desc"));
    let order = (Sort::named(sort.sort_by.as_deref()), descending);
    let key = service::list::first_part_key(&caller, &filter, order, window);
    let part = async {
        let (shown, total) = service::list::list(&state, &caller, &filter, order, window).await?;
        let items = shown.into_iter().map(CompanyItem::from).collect();
        let (page, size) = (window.skip / window.limit + 1, window.limit);
        Ok(CompanyPage { items, total, page, size, pages: (total + size - 1) / size })
    };
    kept(&state.cache, key, part).await
}

/// What somebody types.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TypedParams {
    /// The letters so far.
    #[param(min_length = 1, max_length = 255)]
    q: String,
}

/// Companies while somebody types: the exact symbol first, then symbols that begin so, then names, then what has the
/// letters anywhere (from three letters on). At most 20.
#[utoipa::path(
    get, path = "/companies/search", tag = "companies", params(TypedParams), security(("bearer" = [])),
    responses(
        (status = OK, body = CompanyHits),
    )
)]
pub async fn suggest(
    State(state): State<AppState>,
    caller: Can<CompanyRead>,
    Query(typed): Query<TypedParams>,
) -> ApiResult<Json<CompanyHits>> {
    let rows = service::list::suggest(&state, &caller, &typed.q).await?;
    Ok(Json(CompanyHits { success: true, items: rows.into_iter().map(CompanyCard::from).collect() }))
}

/// The company of a symbol: the own organization's before the own, the system's after them.
#[utoipa::path(
    get, path = "/companies/search/{symbol}", tag = "companies",
    params(("symbol" = String, Path, description = "In any case")), security(("bearer" = [])),
    responses(
        (status = OK, body = CompanyAnswer<CompanyCard>),
    )
)]
pub async fn by_symbol(
    State(state): State<AppState>,
    caller: Can<CompanyRead>,
    Id(symbol): Id<String>,
) -> ApiResult<Json<CompanyAnswer<CompanyCard>>> {
    let row = service::list::of_symbol(&state, &caller, &symbol).await?;
    Ok(Json(CompanyAnswer { success: true, data: row.into(), message: None }))
}

/// The same companies as the list as a file, newest first, all of them.
#[utoipa::path(
    get, path = "/companies/export", tag = "companies", params(FormatParam, FilterParams),
    security(("bearer" = [])),
    responses(
        (status = OK, content((String = "text/csv"), (Vec<u8> = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"))),
        (status = FORBIDDEN, description = "A filter by scores with a key that may not read them", body = Detail),
        (status = PAYLOAD_TOO_LARGE, description = "More than XLSX holds", body = Detail),
    )
)]
pub async fn export(
    State(state): State<AppState>,
    caller: Can<CompanyRead>,
    Query(FormatParam { format }): Query<FormatParam>,
    Query(params): Query<FilterParams>,
) -> ApiResult<Response> {
    let filter = Filter::new(&params)?;
    Ok(service::export::file(&state, &caller, filter, format).await?)
}
