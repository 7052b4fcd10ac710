//! One company: reading, adding, changing, deleting.

use accunode_sheets::validate::{self, MAX_NAME, MAX_SECTOR, MAX_SYMBOL};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{CompanyAnswer, CompanyCard, CompanyItem};
use crate::{
    features::companies::{
        service,
        store::{Change, New},
    },
    http::{
        auth::{
            Can,
            grant::{CompanyCreate, CompanyDelete, CompanyRead, CompanyUpdate},
        },
        body::{Fields, Id, Query, plain},
        done::Done,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// Most characters of a name that is given here.
const LONGEST_NAME: usize = 200;

/// A company to add.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape; the handler reads the fields one by one to name every problem
pub struct NewCompany {
    /// 1 to 20 characters, stored in capitals.
    #[schema(min_length = 1, max_length = 20)]
    symbol: String,
    /// 1 to 200 characters.
    #[schema(min_length = 1, max_length = 200)]
    name: String,
    /// Millions, 0 or more.
    #[schema(minimum = 0)]
    market_cap: f64,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    sector: String,
    /// Accepted, and not kept.
    #[schema(max_length = 50)]
    exchange: Option<String>,
    /// Accepted, and not kept.
    #[schema(max_length = 100)]
    industry: Option<String>,
    /// Accepted, and not kept.
    description: Option<String>,
}

/// What to change of a company: what is not there stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // as above
pub struct CompanyChange {
    /// 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255)]
    name: Option<String>,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    sector: Option<String>,
    /// Millions, 0 or more.
    #[schema(minimum = 0)]
    market_cap: Option<f64>,
    /// The symbol that it has: another is refused.
    symbol: Option<String>,
}

/// One company with its predictions.
#[utoipa::path(
    get, path = "/companies/{id}", tag = "companies", params(("id" = String, Path, format = Uuid)),
    security(("bearer" = [])),
    responses(
        (status = OK, body = CompanyAnswer<CompanyItem>),
    )
)]
pub async fn get(
    State(state): State<AppState>,
    caller: Can<CompanyRead>,
    Id(id): Id<Uuid>,
) -> ApiResult<Json<CompanyAnswer<CompanyItem>>> {
    let shown = service::list::get(&state, &caller, id).await?;
    Ok(Json(CompanyAnswer { success: true, data: shown.into(), message: None }))
}

/// Add a company at the caller's own level.
#[utoipa::path(
    post, path = "/companies", tag = "companies", request_body = NewCompany, security(("bearer" = [])),
    responses(
        (status = OK, body = CompanyAnswer<CompanyCard>),
        (status = BAD_REQUEST, description = "There is one of this symbol, or no organization to add it to", body = Detail),
    )
)]
pub async fn create(
    State(state): State<AppState>,
    caller: Can<CompanyCreate>,
    mut fields: Fields,
) -> ApiResult<Json<CompanyAnswer<CompanyCard>>> {
    let new = New {
        symbol: fields.text("symbol", MAX_SYMBOL, validate::company_symbol),
        name: fields.text("name", LONGEST_NAME, validate::company_name),
        sector: fields.text("sector", MAX_SECTOR, validate::sector),
        market_cap: fields.not_negative("market_cap"),
    };
    fields.optional_text("exchange", 50, plain);
    fields.optional_text("industry", 100, plain);
    let new = fields.finish(new)?;
    let row = service::manage::create(&state, &caller, &new).await?;
    let message = Some("Company created successfully".to_owned());
    Ok(Json(CompanyAnswer { success: true, data: row.into(), message }))
}

/// Change a company's name, sector or market capitalisation.
#[utoipa::path(
    put, path = "/companies/{id}", tag = "companies", params(("id" = String, Path, format = Uuid)),
    request_body = CompanyChange, security(("bearer" = [])),
    responses(
        (status = OK, body = CompanyAnswer<CompanyCard>),
    )
)]
pub async fn update(
    State(state): State<AppState>,
    caller: Can<CompanyUpdate>,
    Id(id): Id<Uuid>,
    mut fields: Fields,
) -> ApiResult<Json<CompanyAnswer<CompanyCard>>> {
    let symbol = fields.text_if_there("symbol", MAX_SYMBOL, validate::company_symbol);
    let change = Change {
        name: fields.text_if_there("name", MAX_NAME, validate::company_name),
        sector: fields.text_if_there("sector", MAX_SECTOR, validate::sector),
        market_cap: fields.not_negative_if_there("market_cap"),
    };
    let change = fields.finish(change)?;
    let row = service::manage::update(&state, &caller, id, symbol.as_deref(), &change).await?;
    let message = Some("Company updated successfully".to_owned());
    Ok(Json(CompanyAnswer { success: true, data: row.into(), message }))
}

/// How to delete.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeleteParams {
    /// Whether its predictions go with it.
    #[serde(default)]
    with_predictions: bool,
}

/// Delete a company; one that has predictions only when these are to go with it.
#[utoipa::path(
    delete, path = "/companies/{id}", tag = "companies",
    params(("id" = String, Path, format = Uuid), DeleteParams), security(("bearer" = [])),
    responses(
        (status = OK, body = Done),
        (status = CONFLICT, description = "It has predictions, and with_predictions was not said", body = Detail),
    )
)]
pub async fn delete(
    State(state): State<AppState>,
    caller: Can<CompanyDelete>,
    Id(id): Id<Uuid>,
    Query(params): Query<DeleteParams>,
) -> ApiResult<Json<Done>> {
    let (symbol, n) = service::manage::delete(&state, &caller, id, params.with_predictions).await?;
    Ok(Done::json(match n {
        0 => format!("Company {symbol} deleted"),
        n => format!("Company {symbol} deleted with its predictions ({n})"),
    }))
}
