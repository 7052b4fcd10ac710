//! SQL of figures: everything is counted and summed by the database, in few statements.
//!
//! What is latest of a company stands beside it, so one pass over a portion's companies gives counts and
//! distributions; one pass over each table of predictions gives means by period.

use accunode_db::{Result, Sql, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// The rows that figures are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Portion {
    /// A person's own, at personal level.
    Personal(Uuid),
    /// An organization's.
    Organization(Uuid),
    /// Those of a tenant's organizations.
    Tenant(Uuid),
    /// The system's.
    System,
    /// All there are.
    Everything,
}

/// The most sectors that are told apart.
pub(super) const MOST_SECTORS: usize = 20;
/// The most companies that are named in each direction.
pub(super) const MOST_MOVERS: usize = 10;

impl Portion {
    const fn owner(self) -> Option<Uuid> {
        match self {
            Self::Personal(id) | Self::Organization(id) | Self::Tenant(id) => Some(id),
            Self::System | Self::Everything => None,
        }
    }

    /// The statement of this portion, from those in the order of the variants.
    const fn pick(self, [personal, organization, tenant, system, everything]: [Sql; 5]) -> Sql {
        match self {
            Self::Personal(_) => personal,
            Self::Organization(_) => organization,
            Self::Tenant(_) => tenant,
            Self::System => system,
            Self::Everything => everything,
        }
    }
}

/// The rows of a portion, of companies as of predictions: $1 its owner.
macro_rules! rows {
    (personal) => {
        "access_level = 'personal' AND created_by = $1"
    };
    (organization) => {
        "access_level = 'organization' AND organization_id = $1"
    };
    (tenant) => {
        "access_level = 'organization'
         AND organization_id IN (SELECT o.id FROM organizations o WHERE o.tenant_id = $1)"
    };
    (system) => {
        "access_level = 'system' AND organization_id IS NULL AND CAST($1 AS uuid) IS NULL"
    };
    (everything) => {
        "CAST($1 AS uuid) IS NULL"
    };
    // What is personal is counted, but nobody else is told of it by name.
    (nameable) => {
        "CAST($1 AS uuid) IS NULL AND access_level <> 'personal'"
    };
}

/// Companies by what is latest of them, in one pass; the order of sectors with as many companies is that of bytes.
macro_rules! figures {
    ($portion:tt, $bytes:literal) => {
        concat!(
            "WITH g AS MATERIALIZED (
                 SELECT sector, latest_risk_level AS risk, latest_grade AS grade, COUNT(*) AS n,
                        COUNT(latest_probability) AS rated, SUM(latest_probability) AS total
                 FROM companies WHERE ", rows!($portion), "
                 GROUP BY sector, latest_risk_level, latest_grade),
             s AS MATERIALIZED (
                 SELECT sector, CAST(SUM(n) AS BIGINT) AS n, CAST(SUM(rated) AS BIGINT) AS rated,
                        CAST(SUM(CASE WHEN risk IN ('HIGH', 'CRITICAL') THEN n ELSE 0 END) AS BIGINT) AS high,
                        SUM(total) AS total
                 FROM g GROUP BY sector)
             SELECT 'all' AS part, '' AS label, CAST(COALESCE(SUM(n), 0) AS BIGINT) AS companies,
                    CAST(COALESCE(SUM(rated), 0) AS BIGINT) AS rated,
                    CAST(COALESCE(SUM(high), 0) AS BIGINT) AS high, COALESCE(SUM(total), 0.0) AS total,
                    COUNT(*) AS sectors, COUNT(CASE WHEN rated > 0 THEN 1 END) AS rated_sectors
             FROM s
             UNION ALL
             SELECT 'risk', risk, 0, CAST(SUM(rated) AS BIGINT), 0, 0.0, 0, 0 FROM g
             WHERE risk IS NOT NULL GROUP BY risk
             UNION ALL
             SELECT 'grade', COALESCE(grade, ''), 0, CAST(SUM(rated) AS BIGINT), 0, 0.0, 0, 0 FROM g
             WHERE risk IS NOT NULL GROUP BY COALESCE(grade, '')
             UNION ALL
             SELECT * FROM (SELECT 'sector', sector, n, rated, high, total, 0, 0 FROM s
                            WHERE rated > 0 ORDER BY rated DESC, sector", $bytes, " LIMIT $2) top"
        )
    };
}

/// A probability inside (0, 1), so that it has odds.
macro_rules! inside {
    ($p:literal) => {
        concat!(
            "CASE WHEN ",
            $p,
            " < 1e-9 THEN 1e-9 WHEN ",
            $p,
            " > 0.999999999 THEN 0.999999999 ELSE ",
            $p,
            " END"
        )
    };
}

/// The companies whose odds changed the most from the period before: $2 how many in each direction.
macro_rules! movers {
    ($portion:tt) => {
        concat!(
            "WITH m AS MATERIALIZED (
                 SELECT id, (p / (1 - p)) / (q / (1 - q)) AS ratio
                 FROM (SELECT id, ", inside!("latest_probability"), " AS p, ", inside!("previous_probability"), " AS q
                       FROM companies
                       WHERE previous_probability IS NOT NULL AND latest_probability IS NOT NULL
                         AND ", rows!($portion), ") moved)
             SELECT c.id, c.symbol, c.name, c.latest_kind AS kind, c.latest_year AS reporting_year,
                    c.latest_quarter AS reporting_quarter, c.latest_probability AS probability,
                    c.previous_probability, c.latest_grade AS grade, c.previous_grade, x.ratio
             FROM (SELECT * FROM (SELECT id, ratio FROM m WHERE ratio > 1 ORDER BY ratio DESC, id LIMIT $2) up
                   UNION ALL
                   SELECT * FROM (SELECT id, ratio FROM m WHERE ratio < 1 ORDER BY ratio, id LIMIT $2) down) x
             JOIN companies c ON c.id = x.id
             ORDER BY CASE WHEN x.ratio > 1 THEN -x.ratio ELSE x.ratio END, c.id"
        )
    };
}

/// Predictions by kind and period.
macro_rules! trend {
    ($portion:tt) => {
        concat!(
            "SELECT 'annual' AS kind, reporting_year, reporting_quarter, COUNT(*) AS predictions,
                    SUM(probability) AS total, SUM(probability) AS rate
             FROM annual_predictions WHERE ",
            rows!($portion),
            "
             GROUP BY reporting_year, reporting_quarter
             UNION ALL
             SELECT 'quarterly', reporting_year, reporting_quarter, COUNT(*), SUM(ensemble_probability),
                    SUM(COALESCE(logistic_probability, ensemble_probability))
             FROM quarterly_predictions WHERE ",
            rows!($portion),
            "
             GROUP BY reporting_year, reporting_quarter"
        )
    };
}

macro_rules! statements {
    ($($portion:tt $named:tt: $figures:ident $movers:ident $trend:ident;)*) => {
        sql! {
            $(
                $figures { pg: figures!($portion, " COLLATE \"C\""), lite: figures!($portion, "") };
                $movers = movers!($named);
                $trend = trend!($portion);
            )*
        }
        const FIGURES: [Sql; 5] = [$($figures),*];
        const MOVERS: [Sql; 5] = [$($movers),*];
        const TREND: [Sql; 5] = [$($trend),*];
    };
}

statements! {
    personal personal: FIGURES_PERSONAL MOVERS_PERSONAL TREND_PERSONAL;
    organization organization: FIGURES_ORGANIZATION MOVERS_ORGANIZATION TREND_ORGANIZATION;
    tenant tenant: FIGURES_TENANT MOVERS_TENANT TREND_TENANT;
    system system: FIGURES_SYSTEM MOVERS_SYSTEM TREND_SYSTEM;
    everything nameable: FIGURES_ALL MOVERS_ALL TREND_ALL;
}

/// When a table's own rows of $1 (within organization $4, or outside of any) were last made or changed.
macro_rules! own_times {
    ($column:literal, $table:literal) => {
        concat!(
            "SELECT MAX(",
            $column,
            ") AS at FROM ",
            $table,
            " WHERE created_by = $1 AND ",
            $column,
            " IS NOT NULL
                 AND (organization_id = $4 OR (CAST($4 AS uuid) IS NULL AND organization_id IS NULL))"
        )
    };
}

/// The same for the system's rows.
macro_rules! system_times {
    ($column:literal, $table:literal) => {
        concat!(
            "SELECT MAX(",
            $column,
            ") AS at FROM ",
            $table,
            " WHERE access_level = 'system'
                 AND ",
            $column,
            " IS NOT NULL"
        )
    };
}

macro_rules! last_of {
    ($times:ident) => {
        concat!(
            "(SELECT MAX(t.at) FROM (",
            $times!("created_at", "annual_predictions"),
            " UNION ALL ",
            $times!("updated_at", "annual_predictions"),
            " UNION ALL ",
            $times!("created_at", "quarterly_predictions"),
            " UNION ALL ",
            $times!("updated_at", "quarterly_predictions"),
            ") t)"
        )
    };
}

sql! {
    /// Names and times around the figures: $1 the person, $2 an organization, $3 a tenant, $4 where times are looked at.
    ABOUT = concat!("SELECT COALESCE(NULLIF(u.full_name, ''), u.username, u.email) AS user_name,
                            (SELECT o.name FROM organizations o WHERE o.id = $2) AS organization_name,
                            (SELECT t.name FROM tenants t WHERE t.id = $3) AS tenant_name, ",
                    last_of!(own_times), " AS user_last_updated, ",
                    last_of!(system_times), " AS system_last_updated
                     FROM users u WHERE u.id = $1");
    /// How many predictions there are: $1 the person, $2 their organization, $3 the tenant they run, $4 whether all
    /// organizations are in sight.
    COUNTS = "SELECT 'system' AS part, CAST(COALESCE(SUM(annual_count), 0) AS BIGINT) AS annual,
                     CAST(COALESCE(SUM(quarterly_count), 0) AS BIGINT) AS quarterly
              FROM companies WHERE access_level = 'system'
              UNION ALL
              SELECT 'personal', CAST(COALESCE(SUM(annual_count), 0) AS BIGINT),
                     CAST(COALESCE(SUM(quarterly_count), 0) AS BIGINT)
              FROM companies WHERE access_level = 'personal' AND created_by = $1
              UNION ALL
              SELECT 'organization', CAST(COALESCE(SUM(annual_count), 0) AS BIGINT),
                     CAST(COALESCE(SUM(quarterly_count), 0) AS BIGINT)
              FROM companies WHERE access_level = 'organization'
                AND organization_id IN (SELECT o.id FROM organizations o WHERE o.id = $2 OR o.tenant_id = $3 OR $4)";
    RECENT_JOBS = "SELECT id, status, job_type, total_rows, successful_rows, created_at FROM bulk_upload_jobs
                   WHERE user_id = $1 ORDER BY created_at DESC, id DESC LIMIT 5";
}

/// One line of [`figures`].
#[derive(Clone, Debug, FromRow)]
pub(super) struct FigureRow {
    /// `all`, `risk`, `grade` or `sector`: what the line is about.
    pub(super) part: String,
    /// Which level, grade or sector.
    pub(super) label: String,
    pub(super) companies: i64,
    /// Those with a prediction.
    pub(super) rated: i64,
    /// Those whose latest prediction is HIGH or CRITICAL.
    pub(super) high: i64,
    /// The latest probabilities added up.
    pub(super) total: f64,
    pub(super) sectors: i64,
    pub(super) rated_sectors: i64,
}

/// A company whose odds changed.
#[derive(Clone, Debug, FromRow)]
pub(super) struct MoverRow {
    pub(super) id: Uuid,
    pub(super) symbol: String,
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) reporting_year: i32,
    pub(super) reporting_quarter: Option<String>,
    pub(super) probability: f64,
    pub(super) previous_probability: f64,
    pub(super) grade: Option<String>,
    pub(super) previous_grade: Option<String>,
    /// The odds now by those before.
    pub(super) ratio: f64,
}

/// The predictions of a kind and period.
#[derive(Clone, Debug, FromRow)]
pub(super) struct TrendRow {
    pub(super) kind: String,
    pub(super) reporting_year: i32,
    pub(super) reporting_quarter: Option<String>,
    pub(super) predictions: i64,
    /// The final probabilities added up.
    pub(super) total: f64,
    /// What the average default rate is made of added up.
    pub(super) rate: f64,
}

/// Names and times around the figures.
#[derive(Clone, Debug, FromRow)]
pub(super) struct About {
    pub(super) user_name: String,
    pub(super) organization_name: Option<String>,
    pub(super) tenant_name: Option<String>,
    pub(super) user_last_updated: Option<Timestamp>,
    pub(super) system_last_updated: Option<Timestamp>,
}

/// An upload in short.
#[derive(Clone, Debug, FromRow)]
pub(super) struct JobRow {
    pub(super) id: Uuid,
    pub(super) status: String,
    pub(super) job_type: String,
    pub(super) total_rows: Option<i64>,
    pub(super) successful_rows: i64,
    pub(super) created_at: Timestamp,
}

/// A portion's companies by what is latest of them.
pub(super) async fn figures(tx: &mut Tx, portion: Portion) -> Result<Vec<FigureRow>> {
    let (owner, most) = (portion.owner(), most(MOST_SECTORS));
    Ok(on!(tx, portion.pick(FIGURES), |c, sql| sqlx::query_as(sql)
        .bind(owner)
        .bind(most)
        .fetch_all(c)
        .await)?)
}

/// The companies of a portion that moved most: those whose odds grew first, each direction by size.
pub(super) async fn movers(tx: &mut Tx, portion: Portion) -> Result<Vec<MoverRow>> {
    let (owner, most) = (portion.owner(), most(MOST_MOVERS));
    Ok(on!(tx, portion.pick(MOVERS), |c, sql| sqlx::query_as(sql).bind(owner).bind(most).fetch_all(c).await)?)
}

/// A portion's predictions by kind and period.
pub(super) async fn trend(tx: &mut Tx, portion: Portion) -> Result<Vec<TrendRow>> {
    let owner = portion.owner();
    Ok(on!(tx, portion.pick(TREND), |c, sql| sqlx::query_as(sql).bind(owner).fetch_all(c).await)?)
}

fn most(n: usize) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// Names and times around a portion's figures, for the person who acts.
pub(super) async fn about(tx: &mut Tx, portion: Portion) -> Result<About> {
    let user = tx.scope().user_id;
    let (organization, tenant) = match portion {
        Portion::Organization(id) => (Some(id), None),
        Portion::Tenant(id) => (None, Some(id)),
        _ => (None, None),
    };
    Ok(on!(tx, ABOUT, |c, sql| {
        let query = sqlx::query_as(sql).bind(user).bind(organization).bind(tenant);
        query.bind(organization).fetch_one(c).await
    })?)
}

/// How many annual and quarterly predictions are in the caller's sight, as part, annual, quarterly.
pub(super) async fn counts(tx: &mut Tx) -> Result<Vec<(String, i64, i64)>> {
    let scope = tx.scope();
    Ok(on!(tx, COUNTS, |c, sql| {
        let query = sqlx::query_as(sql).bind(scope.user_id).bind(scope.works_in());
        query.bind(scope.runs_tenant()).bind(scope.sees_all()).fetch_all(c).await
    })?)
}

/// The caller's newest uploads.
pub(super) async fn recent_jobs(tx: &mut Tx) -> Result<Vec<JobRow>> {
    let user = tx.scope().user_id;
    Ok(on!(tx, RECENT_JOBS, |c, sql| sqlx::query_as(sql).bind(user).fetch_all(c).await)?)
}
