mod create;
mod list;
mod system;

use serde_json::{Value, json};

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
