//! SQL of what an upload made.

use accunode_db::{Result, Tx, on, sql};
use accunode_domain::Kind;
use sqlx::FromRow;
use uuid::Uuid;

use crate::features::{predictions::store::of, uploads::api::results::ResultCompany};

/// What an upload made of the companies, from its predictions of a kind ($1 is the upload).
macro_rules! made {
    ($($table:literal $probability:literal: $numbers:ident $companies:ident $count:ident;)*) => {
        sql! {
            $(
                $numbers = concat!(
                    "SELECT c.sector, p.risk_level, COUNT(*) AS predictions, SUM(p.", $probability,
                    ") AS probability_sum, MIN(p.confidence) AS confidence_min,
                     MAX(p.confidence) AS confidence_max, SUM(p.confidence) AS confidence_sum
                     FROM ", $table, " p JOIN companies c ON c.id = p.company_id
                     WHERE p.bulk_upload_job_id = $1 GROUP BY c.sector, p.risk_level");
                /// Not by EXISTS: SQLite would read all rows of the upload again for each company.
                $companies = concat!(
                    "SELECT c.id, c.symbol, c.name, c.market_cap, c.sector, c.access_level FROM companies c
                     WHERE c.id IN (SELECT p.company_id FROM ", $table, " p WHERE p.bulk_upload_job_id = $1)
                     ORDER BY c.symbol");
                $count = concat!(
                    "SELECT COUNT(DISTINCT company_id) FROM ", $table, " WHERE bulk_upload_job_id = $1");
            )*
        }
    };
}

made! {
    "annual_predictions" "probability": ANNUAL_NUMBERS ANNUAL_COMPANIES COUNT_ANNUAL_COMPANIES;
    "quarterly_predictions" "ensemble_probability":
        QUARTERLY_NUMBERS QUARTERLY_COMPANIES COUNT_QUARTERLY_COMPANIES;
}

/// The predictions of an upload in numbers, by sector and risk level.
#[derive(Debug, FromRow)]
pub(crate) struct Numbers {
    pub(crate) sector: String,
    pub(crate) risk_level: String,
    pub(crate) predictions: i64,
    pub(crate) probability_sum: f64,
    pub(crate) confidence_min: f64,
    pub(crate) confidence_max: f64,
    pub(crate) confidence_sum: f64,
}

/// The numbers of an upload.
pub(crate) async fn numbers(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<Vec<Numbers>> {
    let statement = of(kind, ANNUAL_NUMBERS, QUARTERLY_NUMBERS);
    Ok(on!(tx, statement, |c, sql| sqlx::query_as(sql).bind(id).fetch_all(c).await)?)
}

/// The companies that an upload has predictions of, by symbol.
pub(crate) async fn companies(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<Vec<ResultCompany>> {
    let statement = of(kind, ANNUAL_COMPANIES, QUARTERLY_COMPANIES);
    Ok(on!(tx, statement, |c, sql| sqlx::query_as(sql).bind(id).fetch_all(c).await)?)
}

/// How many companies those are.
pub(crate) async fn count_companies(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<i64> {
    let statement = of(kind, COUNT_ANNUAL_COMPANIES, COUNT_QUARTERLY_COMPANIES);
    Ok(on!(tx, statement, |c, sql| sqlx::query_scalar(sql).bind(id).fetch_one(c).await)?)
}
