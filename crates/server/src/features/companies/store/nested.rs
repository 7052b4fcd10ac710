//! The newest predictions of several companies, each kind by one statement.

use accunode_db::{Result, Timestamp, Tx, bulk::json_ids, on, sql};
use accunode_domain::Kind;
use sqlx::FromRow;
use uuid::Uuid;

use crate::features::predictions::store::{columns as figures_of, of};

/// A prediction as it is shown beside its company; the ratios as `r1` … `r5` in the order of the kind.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct NestedRow {
    pub(crate) id: Uuid,
    pub(crate) company_id: Uuid,
    pub(crate) reporting_year: i32,
    pub(crate) reporting_quarter: Option<String>,
    pub(crate) r1: Option<f64>,
    pub(crate) r2: Option<f64>,
    pub(crate) r3: Option<f64>,
    pub(crate) r4: Option<f64>,
    pub(crate) r5: Option<f64>,
    pub(crate) logistic_probability: Option<f64>,
    pub(crate) gbm_probability: Option<f64>,
    pub(crate) probability: f64,
    pub(crate) risk_level: String,
    pub(crate) confidence: f64,
    pub(crate) grade: Option<String>,
    pub(crate) quality: String,
    pub(crate) created_at: Timestamp,
}

/// $1 the companies as a JSON list, $2 how many of each.
macro_rules! newest {
    ($table:literal, $figures:expr, $listed:literal) => {
        concat!("SELECT * FROM (SELECT p.id, p.company_id, p.reporting_year, p.reporting_quarter, p.risk_level,
                                       p.confidence, p.grade, p.quality, p.created_at, ", $figures, ",
                                       ROW_NUMBER() OVER (PARTITION BY p.company_id
                                           ORDER BY p.reporting_year DESC, COALESCE(p.reporting_quarter, 'Q4') DESC,
                                                    COALESCE(p.updated_at, p.created_at) DESC, p.id) AS n
                                FROM ", $table, " p WHERE p.company_id ", $listed, ") newest
                 WHERE n <= $2 ORDER BY company_id, n")
    };
}

macro_rules! newest_of {
    ($($name:ident: $kind:tt $table:literal;)*) => {
        sql! {
            $($name {
                pg: newest!($table, figures_of!($kind), "= ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($1::jsonb) AS uuid)))"),
                lite: newest!($table, figures_of!($kind), "IN (SELECT unhex(value) FROM json_each($1))")
            };)*
        }
    };
}

newest_of! {
    ANNUAL: annual "annual_predictions";
    QUARTERLY: quarterly "quarterly_predictions";
}

/// The newest predictions of a kind of each of these companies, which are in sight, by period; newest first.
pub(crate) async fn newest(tx: &mut Tx, kind: Kind, companies: &[Uuid], most: i64) -> Result<Vec<NestedRow>> {
    if companies.is_empty() {
        return Ok(Vec::new());
    }
    let list = json_ids(companies.iter().copied());
    Ok(on!(tx, of(kind, ANNUAL, QUARTERLY), |c, sql| {
        sqlx::query_as(sql).bind(list).bind(most).fetch_all(c).await
    })?)
}
