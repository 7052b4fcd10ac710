//! Portfolio files for tests.

use std::path::PathBuf;

/// The header of annual files.
pub const ANNUAL: &str = "company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,\
    long_term_debt_to_total_capital,total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,\
    return_on_assets";

/// The header of quarterly files.
pub const QUARTERLY: &str = "company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,\
    total_debt_to_ebitda,sga_margin,long_term_debt_to_total_capital,return_on_capital";

/// A sound annual row.
pub fn annual_row(symbol: &str, year: u16) -> String {
    format!("{symbol},{symbol} Works,1200,Industrials,{year},,25.5,2.3,8.2,12.5,6.8")
}

/// An annual file of these rows.
pub fn annual_file(rows: &[String]) -> Vec<u8> {
    format!("{ANNUAL}\n{}\n", rows.join("\n")).into_bytes()
}

/// A file of the material that may lie beside the project; none, with a word about it, when it does not.
pub fn shared(path: &str) -> Option<PathBuf> {
    let file = PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared")).join(path);
    if !file.exists() {
        eprintln!("skipped: {path} is not on this machine");
        return None;
    }
    Some(file)
}
