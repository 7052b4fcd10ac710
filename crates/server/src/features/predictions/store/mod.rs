//! SQL of predictions and of the companies that they are about.
//!
//! Both kinds are read into one row: the ratios as `r1` … `r5` in the order of the kind.

pub(crate) mod latest;

use std::collections::HashMap;

use accunode_db::{BulkInsert, Result, Sql, Timestamp, Tx, bulk::json_texts, on, sql};
use accunode_domain::{AccessLevel, Kind, QualityFlag, Ratio};
use sqlx::FromRow;
use uuid::Uuid;

use super::service::{Filter, Owner};

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
        let values = [self.r1, self.r2, self.r3, self.r4, self.r5];
        let ratio = |(i, value): (usize, &Option<f64>)| match value {
            Some(x) => Ratio::Value(*x),
            None if self.not_meaningful >> i & 1 == 1 => Ratio::NotMeaningful,
            None => Ratio::Missing,
        };
        values.iter().enumerate().take(kind.ratios().len()).map(ratio).collect()
    }
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
                    p.model_version, p.model_hash, p.grade, p.version, p.not_meaningful, p.quality, p.access_level, p.organization_id,
                    o.name AS organization_name, p.created_by, u.email AS created_by_email, p.created_at,
                    p.updated_at, ",
            columns!($kind)
        )
    };
}

/// A creator is named to the people of their organization, while they are in it.
macro_rules! from {
    ($kind:tt) => {
        concat!(
            " FROM ",
            stringify!($kind),
            "_predictions p JOIN companies c ON c.id = p.company_id
               LEFT JOIN organizations o ON o.id = p.organization_id
               LEFT JOIN users u ON u.id = p.created_by AND u.deleted_at IS NULL
                    AND (p.access_level = 'personal' OR u.organization_id = p.organization_id)"
        )
    };
}

/// Rows in the caller's sight but for the system's: $1 user, $2 own organization (of its people), $3 own tenant (for a
/// tenant_admin), $4 the organization asked for, $5 whether the caller may look into any organization.
macro_rules! visible {
    () => {
        " WHERE ((p.access_level = 'personal' AND p.created_by = $1)
              OR (p.access_level = 'organization'
                  AND (p.organization_id = $2
                       OR (o.tenant_id = $3 AND (CAST($4 AS uuid) IS NULL OR p.organization_id = $4))
                       OR ($5 AND p.organization_id = $4))))
            AND (CAST($6 AS TEXT) IS NULL OR c.symbol LIKE $6 ESCAPE '\\')
            AND (CAST($7 AS INTEGER) IS NULL OR p.reporting_year = $7)
            AND (CAST($8 AS TEXT) IS NULL OR p.reporting_quarter = $8)"
    };
}

/// The system's rows: $1 symbol, $2 year, $3 quarter, $4 sector, $5 risk level.
macro_rules! system {
    () => {
        " WHERE p.access_level = 'system'
            AND (CAST($1 AS TEXT) IS NULL OR c.symbol LIKE $1 ESCAPE '\\')
            AND (CAST($2 AS INTEGER) IS NULL OR p.reporting_year = $2)
            AND (CAST($3 AS TEXT) IS NULL OR p.reporting_quarter = $3)
            AND (CAST($4 AS TEXT) IS NULL OR LOWER(c.sector) LIKE $4 ESCAPE '\\')
            AND (CAST($5 AS TEXT) IS NULL OR p.risk_level = $5)"
    };
}

macro_rules! statements {
    ($($kind:tt: $list:ident $count:ident $system:ident $count_system:ident $by_id:ident $of_upload:ident;)*) => {
        sql! {
            $(
                $list = concat!(select!($kind), from!($kind), visible!(),
                                " ORDER BY p.created_at DESC, p.id DESC LIMIT $9 OFFSET $10");
                $count = concat!("SELECT COUNT(*)", from!($kind), visible!());
                $system = concat!(select!($kind), from!($kind), system!(),
                                  " ORDER BY p.created_at DESC, p.id DESC LIMIT $6 OFFSET $7");
                $count_system = concat!("SELECT COUNT(*)", from!($kind), system!());
                $by_id = concat!(select!($kind), from!($kind), " WHERE p.id = $1");
                $of_upload = concat!(select!($kind), from!($kind),
                    " WHERE p.bulk_upload_job_id = $1 ORDER BY p.source_row, p.id LIMIT $2");
            )*
        }
    };
}

statements! {
    annual: LIST_ANNUAL COUNT_ANNUAL SYSTEM_ANNUAL COUNT_SYSTEM_ANNUAL ANNUAL_BY_ID ANNUAL_OF_UPLOAD;
    quarterly: LIST_QUARTERLY COUNT_QUARTERLY SYSTEM_QUARTERLY COUNT_SYSTEM_QUARTERLY QUARTERLY_BY_ID
        QUARTERLY_OF_UPLOAD;
}

/// The statement of a kind.
pub(crate) const fn of(kind: Kind, annual: Sql, quarterly: Sql) -> Sql {
    match kind {
        Kind::Annual => annual,
        Kind::Quarterly => quarterly,
    }
}

/// A caller's rows of a kind, newest first, and how many there are.
pub(crate) async fn list(
    tx: &mut Tx,
    kind: Kind,
    f: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<PredictionRow>, i64)> {
    let scope = tx.scope();
    let tenant = scope.tenant_id.filter(|_| scope.role == "tenant_admin");
    let organization = scope.works_in();
    let any = scope.role == "super_admin";
    let rows = on!(tx, of(kind, LIST_ANNUAL, LIST_QUARTERLY), |c, sql| {
        let query = sqlx::query_as::<_, PredictionRow>(sql).bind(scope.user_id).bind(organization);
        let query = query.bind(tenant).bind(f.organization).bind(any).bind(f.symbol.as_deref());
        query.bind(f.year).bind(f.quarter).bind(limit).bind(offset).fetch_all(c).await
    });
    let total = on!(tx, of(kind, COUNT_ANNUAL, COUNT_QUARTERLY), |c, sql| {
        let query = sqlx::query_scalar::<_, i64>(sql).bind(scope.user_id).bind(organization);
        let query = query.bind(tenant).bind(f.organization).bind(any).bind(f.symbol.as_deref());
        query.bind(f.year).bind(f.quarter).fetch_one(c).await
    });
    Ok((rows?, total?))
}

/// The system's rows of a kind, newest first, and how many there are.
pub(crate) async fn list_system(
    tx: &mut Tx,
    kind: Kind,
    f: &Filter,
    limit: i64,
    offset: i64,
) -> Result<(Vec<PredictionRow>, i64)> {
    let rows = on!(tx, of(kind, SYSTEM_ANNUAL, SYSTEM_QUARTERLY), |c, sql| {
        let query = sqlx::query_as::<_, PredictionRow>(sql).bind(f.symbol.as_deref()).bind(f.year);
        let query = query.bind(f.quarter).bind(f.sector.as_deref()).bind(f.risk_level);
        query.bind(limit).bind(offset).fetch_all(c).await
    });
    let total = on!(tx, of(kind, COUNT_SYSTEM_ANNUAL, COUNT_SYSTEM_QUARTERLY), |c, sql| {
        let query = sqlx::query_scalar::<_, i64>(sql).bind(f.symbol.as_deref()).bind(f.year);
        query.bind(f.quarter).bind(f.sector.as_deref()).bind(f.risk_level).fetch_one(c).await
    });
    Ok((rows?, total?))
}

/// One stored prediction.
pub(crate) async fn by_id(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<PredictionRow> {
    let statement = of(kind, ANNUAL_BY_ID, QUARTERLY_BY_ID);
    Ok(on!(tx, statement, |c, sql| sqlx::query_as(sql).bind(id).fetch_one(c).await)?)
}

/// Companies of one owner by symbol: $1 symbols as a JSON list, $2 the owner. With the level written out, the
/// level's own index of symbols serves.
macro_rules! companies {
    ($owner:literal, $symbols:literal) => {
        concat!("SELECT symbol, id FROM companies WHERE ", $owner, " AND symbol ", $symbols)
    };
}

macro_rules! companies_by_level {
    ($($name:ident: $owner:literal;)*) => {
        sql! {
            $($name {
                pg: companies!($owner, "= ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb)))"),
                lite: companies!($owner, "IN (SELECT value FROM json_each($1))")
            };)*
        }
    };
}

companies_by_level! {
    SYSTEM_COMPANIES: "access_level = 'system' AND CAST($2 AS uuid) IS NULL";
    ORGANIZATION_COMPANIES: "access_level = 'organization' AND organization_id = $2";
    PERSONAL_COMPANIES: "access_level = 'personal' AND created_by = $2";
}

sql! {
    UPDATE_COMPANY = "UPDATE companies SET name = $2, sector = $3, market_cap = COALESCE($4, market_cap),
                                           updated_at = $5 WHERE id = $1";
}

/// The ids of an owner's companies, by symbol.
pub(crate) async fn company_ids(
    tx: &mut Tx,
    owner: &Owner,
    symbols: &[&str],
) -> Result<HashMap<String, Uuid>> {
    let list = json_texts(symbols.iter().copied());
    let (statement, owner) = match owner.level {
        AccessLevel::System => (SYSTEM_COMPANIES, None),
        AccessLevel::Organization => (ORGANIZATION_COMPANIES, owner.organization_id.map(|o| o.0)),
        AccessLevel::Personal => (PERSONAL_COMPANIES, Some(owner.created_by.0)),
    };
    let rows = on!(tx, statement, |c, sql| {
        sqlx::query_as::<_, (String, Uuid)>(sql).bind(list).bind(owner).fetch_all(c).await
    });
    Ok(rows?.into_iter().collect())
}

/// Adds companies; those that are there already are left as they are.
pub(crate) async fn insert_companies(tx: &mut Tx, owner: &Owner, columns: BulkInsert) -> Result<()> {
    let tail = match owner.level {
        AccessLevel::System => "ON CONFLICT (symbol) WHERE access_level = 'system' DO NOTHING",
        AccessLevel::Organization => {
            "ON CONFLICT (organization_id, symbol) WHERE access_level = 'organization' DO NOTHING"
        }
        AccessLevel::Personal => {
            "ON CONFLICT (created_by, symbol) WHERE access_level = 'personal' DO NOTHING"
        }
    };
    columns.execute(tx, tail).await?;
    Ok(())
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

/// Adds predictions; gives the ids of those whose company and period were free.
pub(crate) async fn insert_predictions(tx: &mut Tx, columns: BulkInsert) -> Result<Vec<Uuid>> {
    let tail = "ON CONFLICT (company_id, reporting_year, coalesce(reporting_quarter, '')) DO NOTHING";
    columns.execute_returning_id(tx, tail).await
}

/// The predictions of an upload, in the file's order.
pub(crate) async fn of_upload(
    tx: &mut Tx,
    kind: Kind,
    upload: Uuid,
    limit: i64,
) -> Result<Vec<PredictionRow>> {
    let statement = of(kind, ANNUAL_OF_UPLOAD, QUARTERLY_OF_UPLOAD);
    Ok(on!(tx, statement, |c, sql| sqlx::query_as(sql).bind(upload).bind(limit).fetch_all(c).await)?)
}
