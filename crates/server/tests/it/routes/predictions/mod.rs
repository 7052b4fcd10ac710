mod access;
mod create;
mod delete;
mod explain;
mod export;
mod kept;
pub(crate) mod law;
mod list;
mod pages;
mod plans;
mod rescore;
mod system;
mod together;
mod update;

use accunode_domain::Actor;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::TestApp;

/// A sound annual body.
pub(crate) fn annual(symbol: &str) -> Value {
    json!({
        "company_symbol": symbol, "company_name": "Example Works", "market_cap": 1200.5, "sector": "Industrials",
        "reporting_year": "2024", "long_term_debt_to_total_capital": 25.5, "total_debt_to_ebitda": 2.3,
        "net_income_margin": 8.2, "ebit_to_interest_expense": 12.5, "return_on_assets": 6.8
    })
}

/// A sound quarterly body.
pub(crate) fn quarterly(symbol: &str) -> Value {
    json!({
        "company_symbol": symbol, "company_name": "Example Works", "market_cap": 1200.5, "sector": "Industrials",
        "reporting_year": "2024", "reporting_quarter": "Q3", "total_debt_to_ebitda": 2.8, "sga_margin": 15.3,
        "long_term_debt_to_total_capital": 28.7, "return_on_capital": 12.4
    })
}

/// A sound body of either kind.
pub(crate) fn body(kind: &str, symbol: &str) -> Value {
    if kind == "annual" { annual(symbol) } else { quarterly(symbol) }
}

/// A body with other fields.
pub(crate) fn changed(mut body: Value, changes: &Value) -> Value {
    for (name, value) in changes.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}

/// A stored prediction of somebody's.
pub(crate) async fn made(app: &TestApp, actor: &Actor, kind: &str, symbol: &str) -> Value {
    stored(app, actor, kind, &body(kind, symbol)).await
}

/// The prediction that a body makes.
pub(crate) async fn stored(app: &TestApp, actor: &Actor, kind: &str, body: &Value) -> Value {
    let (status, answer) = app.client(actor).post(&format!("/predictions/{kind}"), body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer["prediction"].clone()
}

/// The symbols of a page.
pub(crate) fn symbols(page: &Value) -> Vec<&str> {
    page["predictions"].as_array().unwrap().iter().map(|p| p["company_symbol"].as_str().unwrap()).collect()
}
