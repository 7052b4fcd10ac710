//! SQL of companies.
//!
//! Whose companies are in sight is bound as `$1` … `$5`, see [`Sight`].

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

use crate::{caller::Caller, features::predictions::service::Owner};

/// A company with what is latest of it.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct CompanyRow {
    pub(crate) id: Uuid,
    pub(crate) symbol: String,
    pub(crate) name: String,
    pub(crate) market_cap: Option<f64>,
    pub(crate) sector: String,
    pub(crate) access_level: String,
    pub(crate) organization_id: Option<Uuid>,
    pub(crate) created_by: Uuid,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) latest_kind: Option<String>,
    pub(crate) latest_prediction_id: Option<Uuid>,
    pub(crate) latest_year: Option<i32>,
    pub(crate) latest_quarter: Option<String>,
    pub(crate) latest_probability: Option<f64>,
    pub(crate) latest_risk_level: Option<String>,
    pub(crate) latest_grade: Option<String>,
    pub(crate) latest_at: Option<Timestamp>,
    pub(crate) previous_probability: Option<f64>,
    pub(crate) previous_grade: Option<String>,
    pub(crate) annual_count: i64,
    pub(crate) quarterly_count: i64,
}

impl CompanyRow {
    /// What the latest probability is above that of the period before.
    pub(crate) fn change(&self) -> Option<f64> {
        Some(self.latest_probability? - self.previous_probability?)
    }

    /// The company alone, without what came of its predictions.
    pub(crate) fn without_scores(self) -> Self {
        Self {
            latest_kind: None,
            latest_prediction_id: None,
            latest_year: None,
            latest_quarter: None,
            latest_probability: None,
            latest_risk_level: None,
            latest_grade: None,
            latest_at: None,
            previous_probability: None,
            previous_grade: None,
            annual_count: 0,
            quarterly_count: 0,
            ..self
        }
    }
}

/// Whose companies somebody sees: `$1` their own personal ones, `$2` those of the organization that they work in,
/// `$3` those of the organizations of the tenant that they run, `$4` the system's, `$5` all. Where all are seen
/// nothing else is said, so that no company is found twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sight {
    user: Option<Uuid>,
    organization: Option<Uuid>,
    tenant: Option<Uuid>,
    system: bool,
    all: bool,
}

impl Sight {
    /// The caller's, by the transaction's scope.
    pub(crate) fn of(tx: &Tx, caller: &Caller) -> Self {
        let scope = tx.scope();
        if scope.sees_all() {
            return Self { user: None, organization: None, tenant: None, system: false, all: true };
        }
        let (organization, tenant) = (scope.works_in(), scope.runs_tenant());
        let system = tenant.is_some() || (organization.is_some() && caller.place.sees_global);
        Self { user: scope.user_id, organization, tenant, system, all: false }
    }
}

/// The columns of a [`CompanyRow`].
macro_rules! columns {
    () => {
        "c.id, c.symbol, c.name, c.market_cap, c.sector, c.access_level, c.organization_id, c.created_by,
         c.created_at, c.updated_at, c.latest_kind, c.latest_prediction_id, c.latest_year, c.latest_quarter,
         c.latest_probability, c.latest_risk_level, c.latest_grade, c.latest_at, c.previous_probability,
         c.previous_grade, c.annual_count, c.quarterly_count"
    };
}

/// The companies in sight.
macro_rules! visible {
    () => {
        "((c.access_level = 'personal' AND c.created_by = $1)
          OR (c.access_level = 'organization'
              AND (c.organization_id = $2
                   OR c.organization_id IN (SELECT o.id FROM organizations o WHERE o.tenant_id = $3)))
          OR (c.access_level = 'system' AND $4)
          OR $5)"
    };
}

/// The same, part by part, so that each finds its index: `$part!(predicate, …)` gives the text of each.
macro_rules! part_by_part {
    ($part:ident $($more:tt)*) => {
        concat!(
            "SELECT * FROM (", $part!("c.access_level = 'personal' AND c.created_by = $1" $($more)*), ") own
             UNION ALL SELECT * FROM (",
            $part!("c.access_level = 'organization' AND c.organization_id = $2" $($more)*), ") organizations_own
             UNION ALL SELECT * FROM (",
            $part!("c.access_level = 'organization' AND c.organization_id IN
                    (SELECT o.id FROM organizations o WHERE o.tenant_id = $3)" $($more)*), ") tenants
             UNION ALL SELECT * FROM (",
            $part!("c.access_level = 'system' AND $4" $($more)*), ") systems
             UNION ALL SELECT * FROM (",
            $part!("$5" $($more)*), ") everybodys"
        )
    };
}

/// A query with the sight bound.
macro_rules! sighted {
    ($query:expr, $sight:expr) => {
        $query
            .bind($sight.user)
            .bind($sight.organization)
            .bind($sight.tenant)
            .bind($sight.system)
            .bind($sight.all)
    };
}

pub(crate) mod list;
pub(crate) mod nested;
pub(crate) mod search;

/// One symbol: the own organization's company before the own, that of the tenant, the system's, and any.
macro_rules! of_symbol {
    ($seen:literal) => {
        concat!("SELECT ", columns!(), " FROM companies c WHERE ", $seen, " AND c.symbol = $6")
    };
}

sql! {
    BY_ID = concat!("SELECT ", columns!(), " FROM companies c WHERE c.id = $6 AND ", visible!());
    BY_SYMBOL = concat!("SELECT * FROM (", part_by_part!(of_symbol), ") c
                         ORDER BY CASE WHEN organization_id = $2 THEN 0 WHEN created_by = $1 THEN 1
                                       WHEN access_level = 'organization' AND CAST($3 AS uuid) IS NOT NULL THEN 2
                                       WHEN access_level = 'system' THEN 3 ELSE 4 END, created_at, id LIMIT 1");
    TENANT = "SELECT o.tenant_id FROM organizations o WHERE o.id = $1";
    /// Holds the company until the transaction ends: nobody changes it, or adds a prediction to it.
    LOCKED { pg: concat!("SELECT ", columns!(), " FROM companies c WHERE c.id = $1 FOR UPDATE"),
             lite: concat!("SELECT ", columns!(), " FROM companies c WHERE c.id = $1") };
    INSERT = "INSERT INTO companies (id, symbol, name, sector, market_cap, access_level, organization_id, created_by,
                                     created_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING";
    CHANGE = "UPDATE companies SET name = COALESCE($2, name), sector = COALESCE($3, sector),
                                   market_cap = COALESCE($4, market_cap), updated_at = $5 WHERE id = $1";
    DELETE = "DELETE FROM companies WHERE id = $1";
    PREDICTIONS = "SELECT created_by, COUNT(*) FROM (
                       SELECT created_by FROM annual_predictions WHERE company_id = $1
                       UNION ALL SELECT created_by FROM quarterly_predictions WHERE company_id = $1) p
                   GROUP BY created_by";
}

/// The company, when it is in sight.
pub(crate) async fn by_id(tx: &mut Tx, sight: Sight, id: Uuid) -> Result<Option<CompanyRow>> {
    Ok(on!(tx, BY_ID, |c, sql| sighted!(sqlx::query_as(sql), sight).bind(id).fetch_optional(c).await)?)
}

/// The nearest company of a symbol (in capitals) in sight.
pub(crate) async fn by_symbol(tx: &mut Tx, sight: Sight, symbol: &str) -> Result<Option<CompanyRow>> {
    Ok(on!(tx, BY_SYMBOL, |c, sql| {
        sighted!(sqlx::query_as(sql), sight).bind(symbol).fetch_optional(c).await
    })?)
}

/// The tenant of an organization.
pub(crate) async fn tenant(tx: &mut Tx, organization: Uuid) -> Result<Option<Uuid>> {
    let row: Option<Option<Uuid>> =
        on!(tx, TENANT, |c, sql| sqlx::query_scalar(sql).bind(organization).fetch_optional(c).await)?;
    Ok(row.flatten())
}

/// A company that the caller may change, held until the transaction ends; none when it is gone meanwhile.
pub(crate) async fn locked(tx: &mut Tx, id: Uuid) -> Result<Option<CompanyRow>> {
    Ok(on!(tx, LOCKED, |c, sql| sqlx::query_as(sql).bind(id).fetch_optional(c).await)?)
}

/// A company to add.
#[derive(Clone, Debug)]
pub(crate) struct New {
    pub(crate) symbol: String,
    pub(crate) name: String,
    pub(crate) sector: String,
    pub(crate) market_cap: f64,
}

/// Adds a company; false when its owner has one of this symbol.
pub(crate) async fn insert(tx: &mut Tx, id: Uuid, new: &New, owner: &Owner, now: Timestamp) -> Result<bool> {
    let organization = owner.organization_id.map(|o| o.0);
    let added = on!(tx, INSERT, |c, sql| {
        let query = sqlx::query(sql).bind(id).bind(&new.symbol).bind(&new.name).bind(&new.sector);
        let query = query.bind(new.market_cap).bind(owner.level.as_str()).bind(organization);
        query.bind(owner.created_by.0).bind(now).execute(c).await.map(|done| done.rows_affected())
    })?;
    Ok(added == 1)
}

/// What to change of a company: what is none stays.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Change {
    pub(crate) name: Option<String>,
    pub(crate) sector: Option<String>,
    pub(crate) market_cap: Option<f64>,
}

/// Changes a company.
pub(crate) async fn change(tx: &mut Tx, id: Uuid, change: &Change, now: Timestamp) -> Result<()> {
    on!(tx, CHANGE, |c, sql| {
        let query = sqlx::query(sql).bind(id).bind(&change.name).bind(&change.sector);
        query.bind(change.market_cap).bind(now).execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Deletes a company with its predictions.
pub(crate) async fn delete(tx: &mut Tx, id: Uuid) -> Result<()> {
    on!(tx, DELETE, |c, sql| sqlx::query(sql).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// How many predictions of a company each person made.
pub(crate) async fn predictions(tx: &mut Tx, id: Uuid) -> Result<Vec<(Uuid, i64)>> {
    Ok(on!(tx, PREDICTIONS, |c, sql| sqlx::query_as(sql).bind(id).fetch_all(c).await)?)
}
