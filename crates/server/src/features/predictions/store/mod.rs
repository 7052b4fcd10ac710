//! SQL of predictions and of the companies that they are about.
//!
//! Both kinds are read into one row: the ratios as `r1` … `r5` in the order of the kind.

pub(crate) mod change;
pub(crate) mod companies;
pub(crate) mod latest;
pub(crate) mod list;
pub(crate) mod totals;

use accunode_db::{BulkInsert, BulkRows, Column, Result, Sql, Timestamp, Tx, on, sql};
use accunode_domain::{Kind, QualityFlag, Ratio};
use sqlx::FromRow;
use uuid::Uuid;

/// A stored prediction with its company and owner.
#[derive(Debug, FromRow)]
pub(crate) struct PredictionRow {
    pub(crate) id: Uuid,
    pub(crate) company_id: Uuid,
    pub(crate) symbol: String,
    pub(crate) name: String,
    pub(crate) sector: String,
    pub(crate) market_cap: Option<f64>,
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
    pub(crate) raw_probability: f64,
    pub(crate) risk_level: String,
    pub(crate) confidence: f64,
    pub(crate) model_name: String,
    pub(crate) model_version: String,
    pub(crate) model_hash: String,
    pub(crate) grade: Option<String>,
    pub(crate) version: i32,
    pub(crate) not_meaningful: i32,
    pub(crate) quality: String,
    pub(crate) access_level: String,
    pub(crate) organization_id: Option<Uuid>,
    pub(crate) organization_name: Option<String>,
    /// Tenant of the organization.
    pub(crate) tenant_id: Option<Uuid>,
    pub(crate) created_by: Uuid,
    pub(crate) created_by_email: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Option<Timestamp>,
}

impl PredictionRow {
    /// The quality flags. The column is written by this program alone, so what does not read is none.
    pub(crate) fn flags(&self) -> Vec<QualityFlag> {
        serde_json::from_str(&self.quality).unwrap_or_default()
    }

    /// The ratios as they were given, in the order of the kind.
    pub(crate) fn ratios(&self, kind: Kind) -> Vec<Ratio> {
        given(kind, [self.r1, self.r2, self.r3, self.r4, self.r5], self.not_meaningful)
    }
}

/// A score with what it was made from, now or at an earlier version.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Scored {
    pub(crate) r1: Option<f64>,
    pub(crate) r2: Option<f64>,
    pub(crate) r3: Option<f64>,
    pub(crate) r4: Option<f64>,
    pub(crate) r5: Option<f64>,
    pub(crate) not_meaningful: i32,
    pub(crate) logistic_probability: Option<f64>,
    pub(crate) gbm_probability: Option<f64>,
    pub(crate) probability: f64,
    pub(crate) raw_probability: f64,
    pub(crate) risk_level: String,
    pub(crate) confidence: f64,
    pub(crate) grade: Option<String>,
    pub(crate) grade_scale_id: Option<Uuid>,
    pub(crate) model_hash: String,
}

impl Scored {
    /// The ratios as they were given, in the order of the kind.
    pub(crate) fn ratios(&self, kind: Kind) -> Vec<Ratio> {
        given(kind, [self.r1, self.r2, self.r3, self.r4, self.r5], self.not_meaningful)
    }
}

/// Ratios as they were given: bit i says whether the i-th, where it has no value, was not meaningful.
pub(crate) fn given(kind: Kind, values: [Option<f64>; 5], not_meaningful: i32) -> Vec<Ratio> {
    let ratio = |(i, value): (usize, &Option<f64>)| match value {
        Some(x) => Ratio::Value(*x),
        None if not_meaningful >> i & 1 == 1 => Ratio::NotMeaningful,
        None => Ratio::Missing,
    };
    values.iter().enumerate().take(kind.ratios().len()).map(ratio).collect()
}

/// The select list of a kind.
macro_rules! columns {
    (annual) => {
        "p.long_term_debt_to_total_capital AS r1, p.total_debt_to_ebitda AS r2, p.net_income_margin AS r3,
         p.ebit_to_interest_expense AS r4, p.return_on_assets AS r5,
         CAST(NULL AS DOUBLE PRECISION) AS logistic_probability,
         CAST(NULL AS DOUBLE PRECISION) AS gbm_probability, p.probability AS probability"
    };
    (quarterly) => {
        "p.total_debt_to_ebitda AS r1, p.sga_margin AS r2, p.long_term_debt_to_total_capital AS r3,
         p.return_on_capital AS r4, CAST(NULL AS DOUBLE PRECISION) AS r5, p.logistic_probability,
         p.gbm_probability, p.ensemble_probability AS probability"
    };
}

macro_rules! select {
    ($kind:tt) => {
        concat!(
            "SELECT p.id, p.company_id, c.symbol, c.name, c.sector, c.market_cap, p.reporting_year,
                    p.reporting_quarter, p.raw_probability, p.risk_level, p.confidence, p.model_name,
                    p.model_version, p.model_hash, p.grade, p.version, p.not_meaningful, p.quality,
                    p.access_level, p.organization_id, o.name AS organization_name, o.tenant_id, p.created_by, u.email AS created_by_email, p.created_at,
                    p.updated_at, ",
            columns!($kind)
        )
    };
}

/// A creator is named to the people of their organization, while they are in it.
macro_rules! joined {
    () => {
        " p JOIN companies c ON c.id = p.company_id
            LEFT JOIN organizations o ON o.id = p.organization_id
            LEFT JOIN users u ON u.id = p.created_by AND u.deleted_at IS NULL
                 AND (p.access_level = 'personal' OR u.organization_id = p.organization_id)"
    };
}

macro_rules! from {
    ($kind:tt) => {
        concat!(" FROM ", stringify!($kind), "_predictions", joined!())
    };
}

/// What a score is, of a row `p` of either table of a kind.
macro_rules! scored {
    ($kind:tt) => {
        concat!(
            "p.not_meaningful, p.raw_probability, p.risk_level, p.confidence, p.grade, p.grade_scale_id, p.model_hash, ",
            columns!($kind)
        )
    };
}

pub(crate) use {columns, scored};
pub(super) use {joined, select};

/// What is in somebody's sight: $2 the user, $3 the organization that they work in, $4 the tenant that they run, $5
/// whether they see everything. The system's rows are in everybody's.
macro_rules! in_sight {
    () => {
        " AND (p.access_level = 'system'
               OR (p.access_level = 'personal' AND p.created_by = $2)
               OR (p.access_level = 'organization' AND (p.organization_id = $3 OR o.tenant_id = $4))
               OR $5)"
    };
}

macro_rules! statements {
    ($($kind:tt: $by_id:ident $seen:ident $of_upload:ident;)*) => {
        sql! {
            $(
                $by_id = concat!(select!($kind), from!($kind), " WHERE p.id = $1");
                $seen = concat!(select!($kind), from!($kind), " WHERE p.id = $1", in_sight!());
                $of_upload = concat!(select!($kind), ", p.source_row", from!($kind),
                    " WHERE p.bulk_upload_job_id = $1 AND p.source_row > $2
                      ORDER BY p.source_row, p.id LIMIT $3");
            )*
        }
    };
}

statements! {
    annual: ANNUAL_BY_ID ANNUAL_SEEN ANNUAL_OF_UPLOAD;
    quarterly: QUARTERLY_BY_ID QUARTERLY_SEEN QUARTERLY_OF_UPLOAD;
}

/// The statement of a kind.
pub(crate) const fn of(kind: Kind, annual: Sql, quarterly: Sql) -> Sql {
    match kind {
        Kind::Annual => annual,
        Kind::Quarterly => quarterly,
    }
}

/// One stored prediction.
pub(crate) async fn by_id(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<PredictionRow> {
    let statement = of(kind, ANNUAL_BY_ID, QUARTERLY_BY_ID);
    Ok(on!(tx, statement, |c, sql| sqlx::query_as(sql).bind(id).fetch_one(c).await)?)
}

/// One stored prediction, if it is in the actor's sight.
pub(crate) async fn seen(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<Option<PredictionRow>> {
    let scope = tx.scope();
    Ok(on!(tx, of(kind, ANNUAL_SEEN, QUARTERLY_SEEN), |c, sql| {
        let query = sqlx::query_as(sql).bind(id).bind(scope.user_id).bind(scope.works_in());
        query.bind(scope.runs_tenant()).bind(scope.sees_all()).fetch_optional(c).await
    })?)
}

const HOMES: Sql = {
    const TEXT: &str = "SELECT o.id, o.name, o.tenant_id FROM organizations o JOIN wanted w ON w.id = o.id";
    Sql::new(TEXT, TEXT)
};

sql! {
    UPDATE_COMPANY = "UPDATE companies SET name = $2, sector = $3, market_cap = COALESCE($4, market_cap),
                                           updated_at = $5 WHERE id = $1";
}

/// Organizations as they stand beside their rows.
#[derive(Debug, FromRow)]
pub(crate) struct Home {
    pub(crate) id: Uuid,
    pub(crate) name: String,
    pub(crate) tenant_id: Option<Uuid>,
}

/// Names and tenants of organizations in the actor's sight.
pub(crate) async fn homes(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Vec<Home>> {
    if ids.is_empty() {
        return Ok(Vec::new());
    }
    BulkRows::named("wanted").column("id", Column::Uuid(ids)).fetch(tx, HOMES).await
}

/// Overwrites what is known of a company; an unknown market capitalisation keeps the known one.
pub(crate) async fn update_company(
    tx: &mut Tx,
    id: Uuid,
    (name, sector, market_cap): (&str, &str, Option<f64>),
    now: Timestamp,
) -> Result<()> {
    let done = on!(tx, UPDATE_COMPANY, |c, sql| {
        let query = sqlx::query(sql).bind(id).bind(name).bind(sector).bind(market_cap);
        query.bind(now).execute(c).await.map(drop)
    });
    Ok(done?)
}

/// Adds predictions of companies that this transaction has added, each of another period.
pub(crate) async fn insert_first_predictions(tx: &mut Tx, columns: BulkInsert) -> Result<()> {
    columns.execute(tx, "").await.map(drop)
}

/// Adds predictions; gives the ids of those whose company and period were free.
pub(crate) async fn insert_predictions(tx: &mut Tx, columns: BulkInsert) -> Result<Vec<Uuid>> {
    let tail = "ON CONFLICT (company_id, reporting_year, coalesce(reporting_quarter, '')) DO NOTHING";
    columns.execute_returning_id(tx, tail).await
}

/// A prediction and the row of the file that it came from.
#[derive(Debug, FromRow)]
pub(crate) struct UploadedRow {
    #[sqlx(flatten)]
    pub(crate) prediction: PredictionRow,
    pub(crate) source_row: i64,
}

/// The predictions of an upload behind one of its rows, in the file's order.
pub(crate) async fn of_upload(
    tx: &mut Tx,
    kind: Kind,
    upload: Uuid,
    behind: i64,
    limit: i64,
) -> Result<Vec<UploadedRow>> {
    let statement = of(kind, ANNUAL_OF_UPLOAD, QUARTERLY_OF_UPLOAD);
    Ok(on!(tx, statement, |c, sql| {
        sqlx::query_as(sql).bind(upload).bind(behind).bind(limit).fetch_all(c).await
    })?)
}

#[cfg(test)]
mod tests;
