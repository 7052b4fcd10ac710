//! Score one company and store the result.

use accunode_domain::{Kind, Result};
use accunode_sheets::{
    Record,
    validate::{self, MAX_NAME, MAX_SECTOR, MAX_SYMBOL},
};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{AnnualPrediction, ExplainParam, QuarterlyPrediction, RatioInput, Shown};
use crate::{
    features::predictions::service,
    http::{
        auth::{Can, grant::PredictionCreate},
        body::{Fields, Query},
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// One company's year.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape; the handler reads the fields one by one to name every problem
pub struct NewAnnual {
    /// 1 to 20 characters, stored in capitals.
    #[schema(min_length = 1, max_length = 20)]
    company_symbol: String,
    /// 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255)]
    company_name: String,
    /// Millions, above 0.
    market_cap: f64,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    sector: String,
    /// Four digits, as text.
    reporting_year: String,
    /// Q1 to Q4.
    reporting_quarter: Option<String>,
    /// Percent.
    #[schema(nullable)]
    long_term_debt_to_total_capital: RatioInput,
    /// Multiple.
    #[schema(nullable)]
    total_debt_to_ebitda: RatioInput,
    /// Percent.
    #[schema(nullable)]
    net_income_margin: RatioInput,
    /// Multiple.
    #[schema(nullable)]
    ebit_to_interest_expense: RatioInput,
    /// Percent.
    #[schema(nullable)]
    return_on_assets: RatioInput,
}

/// One company's quarter.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // as above
pub struct NewQuarterly {
    /// 1 to 20 characters, stored in capitals.
    #[schema(min_length = 1, max_length = 20)]
    company_symbol: String,
    /// 1 to 255 characters.
    #[schema(min_length = 1, max_length = 255)]
    company_name: String,
    /// Millions, above 0.
    market_cap: f64,
    /// 1 to 100 characters.
    #[schema(min_length = 1, max_length = 100)]
    sector: String,
    /// Four digits, as text.
    reporting_year: String,
    /// Q1 to Q4 or 1 to 4.
    reporting_quarter: String,
    /// Multiple.
    #[schema(nullable)]
    total_debt_to_ebitda: RatioInput,
    /// Percent.
    #[schema(nullable)]
    sga_margin: RatioInput,
    /// Percent.
    #[schema(nullable)]
    long_term_debt_to_total_capital: RatioInput,
    /// Percent.
    #[schema(nullable)]
    return_on_capital: RatioInput,
}

/// What was stored.
#[derive(Debug, Serialize, ToSchema)]
pub struct Created<T> {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// The prediction.
    pub prediction: T,
}

/// What a body says of the company and its period, about the company of this symbol; where none is given, the body
/// names it.
pub(super) fn read(kind: Kind, mut fields: Fields, symbol: Option<String>) -> Result<Record> {
    let symbol = match symbol {
        Some(symbol) => symbol,
        None => fields.text("company_symbol", MAX_SYMBOL, validate::company_symbol),
    };
    let name = fields.text("company_name", MAX_NAME, validate::company_name);
    let market_cap = Some(fields.positive("market_cap"));
    let sector = fields.text("sector", MAX_SECTOR, validate::sector);
    let period = fields.period(kind.needs_quarter());
    let (ratios, sentinel) = kind.ratios().iter().map(|spec| fields.ratio(spec.name)).unzip();
    fields.finish(Record { kind, symbol, name, market_cap, sector, period, ratios, sentinel })
}

async fn create<T: Shown>(
    state: &AppState,
    caller: &Can<PredictionCreate>,
    kind: Kind,
    explain: ExplainParam,
    fields: Fields,
) -> ApiResult<Json<Created<T>>> {
    let record = read(kind, fields, None)?;
    let row = service::create(state, caller, kind, record).await?;
    let prediction = super::one::shown(state, kind, row, explain).await?;
    let message = format!("{} prediction created successfully", service::kind_title(kind));
    Ok(Json(Created { success: true, message, prediction }))
}

/// Score a company's year and store the result at the caller's own level.
#[utoipa::path(
    post, path = "/predictions/annual", tag = "predictions", params(ExplainParam), request_body = NewAnnual,
    security(("bearer" = [])),
    responses(
        (status = OK, body = Created<AnnualPrediction>),
        (status = BAD_REQUEST, description = "There is one for this company and period", body = Detail),
    )
)]
pub async fn create_annual(
    State(state): State<AppState>,
    caller: Can<PredictionCreate>,
    Query(explain): Query<ExplainParam>,
    fields: Fields,
) -> ApiResult<Json<Created<AnnualPrediction>>> {
    create(&state, &caller, Kind::Annual, explain, fields).await
}

/// Score a company's quarter and store the result at the caller's own level.
#[utoipa::path(
    post, path = "/predictions/quarterly", tag = "predictions", params(ExplainParam), request_body = NewQuarterly,
    security(("bearer" = [])),
    responses(
        (status = OK, body = Created<QuarterlyPrediction>),
        (status = BAD_REQUEST, description = "There is one for this company and period", body = Detail),
    )
)]
pub async fn create_quarterly(
    State(state): State<AppState>,
    caller: Can<PredictionCreate>,
    Query(explain): Query<ExplainParam>,
    fields: Fields,
) -> ApiResult<Json<Created<QuarterlyPrediction>>> {
    create(&state, &caller, Kind::Quarterly, explain, fields).await
}
