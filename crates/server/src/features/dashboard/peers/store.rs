//! SQL of peers: one statement ranks every measure among the rows in sight.

use accunode_db::{Result, Tx, on, sql};
use accunode_domain::Kind;
use sqlx::FromRow;
use uuid::Uuid;

use crate::features::predictions::store::of;

/// The prediction that is compared.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Subject {
    pub(super) id: Uuid,
    pub(super) company_id: Uuid,
    pub(super) symbol: String,
    pub(super) sector: String,
    pub(super) reporting_year: i32,
    pub(super) probability: f64,
    pub(super) r1: Option<f64>,
    pub(super) r2: Option<f64>,
    pub(super) r3: Option<f64>,
    pub(super) r4: Option<f64>,
    pub(super) r5: Option<f64>,
}

/// One measure among the peers that have it: 0 is the probability, then the ratios in the order of the kind. Quartiles
/// lie between two neighbouring values.
#[derive(Clone, Debug, FromRow)]
pub(super) struct MeasureRow {
    pub(super) measure: i32,
    pub(super) peers: i64,
    pub(super) below: i64,
    pub(super) equal: i64,
    pub(super) lower_from: f64,
    pub(super) lower_to: f64,
    pub(super) median_from: f64,
    pub(super) median_to: f64,
    pub(super) upper_from: f64,
    pub(super) upper_to: f64,
}

/// A kind's probability and ratios.
macro_rules! measures {
    (annual) => {
        "p.probability, p.long_term_debt_to_total_capital AS r1, p.total_debt_to_ebitda AS r2,
         p.net_income_margin AS r3, p.ebit_to_interest_expense AS r4, p.return_on_assets AS r5"
    };
    (quarterly) => {
        "p.ensemble_probability AS probability, p.total_debt_to_ebitda AS r1, p.sga_margin AS r2,
         p.long_term_debt_to_total_capital AS r3, p.return_on_capital AS r4, CAST(NULL AS DOUBLE PRECISION) AS r5"
    };
}

/// A prediction in sight: $1 the caller, $2 their organization, $3 the tenant they run, $4 whether all are in sight,
/// $5 whether the system's are, $6 the prediction.
macro_rules! subject {
    ($kind:tt) => {
        concat!(
            "SELECT p.id, p.company_id, c.symbol, c.sector, p.reporting_year, ",
            measures!($kind),
            "
             FROM ",
            stringify!($kind),
            "_predictions p JOIN companies c ON c.id = p.company_id
             WHERE p.id = $6
               AND ((p.access_level = 'personal' AND (p.created_by = $1 OR $4))
                    OR (p.access_level = 'organization' AND p.organization_id IN
                        (SELECT o.id FROM organizations o WHERE o.id = $2 OR o.tenant_id = $3 OR $4))
                    OR (p.access_level = 'system' AND $5))"
        )
    };
}

/// Predictions of a year in somebody's sight, with one way to them for each level so that each has its index; a
/// stranger's personal ones are in nobody's.
macro_rules! in_sight {
    ($kind:tt) => {
        concat!(
            in_sight!(@level $kind, "p.access_level = 'personal' AND p.created_by = $1"),
            " UNION ALL ",
            in_sight!(@level $kind, "p.access_level = 'organization' AND p.organization_id IN
                (SELECT o.id FROM organizations o WHERE o.id = $2 OR o.tenant_id = $3 OR $4)"),
            " UNION ALL ",
            in_sight!(@level $kind, "p.access_level = 'system' AND p.organization_id IS NULL AND $5")
        )
    };
    (@level $kind:tt, $owner:literal) => {
        concat!(
            "SELECT p.id, p.company_id, p.reporting_quarter, COALESCE(p.updated_at, p.created_at) AS at, ",
            measures!($kind), " FROM ", stringify!($kind), "_predictions p
             WHERE p.reporting_year = $6 AND p.company_id <> $8 AND ", $owner
        )
    };
}

/// A ratio as a measure.
macro_rules! ratio {
    ($measure:literal, $column:literal, $value:literal) => {
        concat!(
            " UNION ALL SELECT ",
            $measure,
            ", ",
            $column,
            ", CAST(",
            $value,
            " AS DOUBLE PRECISION)
                 FROM peers WHERE ",
            $column,
            " IS NOT NULL"
        )
    };
}

/// Where the subject lies among its peers: $1 to $5 as above, $6 the year, $7 the sector, $8 the company itself, $9 its
/// probability, $10 to $14 its ratios.
macro_rules! compare {
    ($kind:tt) => {
        concat!(
            "WITH seen AS (
                 SELECT s.*, ROW_NUMBER() OVER (PARTITION BY s.company_id ORDER BY
                            COALESCE(CAST(SUBSTR(s.reporting_quarter, 2, 1) AS INTEGER), 4) DESC, s.at DESC, s.id) AS n
                 FROM (", in_sight!($kind), ") s JOIN companies c ON c.id = s.company_id WHERE c.sector = $7),
             peers AS MATERIALIZED (SELECT probability, r1, r2, r3, r4, r5 FROM seen WHERE n = 1),
             measures AS (
                 SELECT 0 AS measure, probability AS value, CAST($9 AS DOUBLE PRECISION) AS own FROM peers",
                 ratio!(1, "r1", "$10"), ratio!(2, "r2", "$11"), ratio!(3, "r3", "$12"), ratio!(4, "r4", "$13"),
                 ratio!(5, "r5", "$14"), "),
             ranked AS (
                 SELECT measure, value, own,
                        ROW_NUMBER() OVER (PARTITION BY measure ORDER BY value) - 1 AS i,
                        COUNT(*) OVER (PARTITION BY measure) - 1 AS last
                 FROM measures)
             SELECT CAST(measure AS INTEGER) AS measure, last + 1 AS peers,
                    SUM(CASE WHEN value < own THEN 1 ELSE 0 END) AS below,
                    SUM(CASE WHEN value = own THEN 1 ELSE 0 END) AS equal,
                    MAX(CASE WHEN i = last / 4 THEN value END) AS lower_from,
                    MAX(CASE WHEN i = (last + 3) / 4 THEN value END) AS lower_to,
                    MAX(CASE WHEN i = last / 2 THEN value END) AS median_from,
                    MAX(CASE WHEN i = (last + 1) / 2 THEN value END) AS median_to,
                    MAX(CASE WHEN i = last * 3 / 4 THEN value END) AS upper_from,
                    MAX(CASE WHEN i = (last * 3 + 3) / 4 THEN value END) AS upper_to
             FROM ranked GROUP BY measure, last"
        )
    };
}

sql! {
    SUBJECT_ANNUAL = subject!(annual);
    SUBJECT_QUARTERLY = subject!(quarterly);
    COMPARE_ANNUAL = compare!(annual);
    COMPARE_QUARTERLY = compare!(quarterly);
}

/// A prediction in the caller's sight, among the system's too if `system`.
pub(super) async fn subject(tx: &mut Tx, kind: Kind, id: Uuid, system: bool) -> Result<Option<Subject>> {
    let scope = tx.scope();
    Ok(on!(tx, of(kind, SUBJECT_ANNUAL, SUBJECT_QUARTERLY), |c, sql| {
        let query = sqlx::query_as(sql).bind(scope.user_id).bind(scope.works_in()).bind(scope.runs_tenant());
        query.bind(scope.sees_all()).bind(system).bind(id).fetch_optional(c).await
    })?)
}

/// Each measure among the subject's peers in the caller's sight; a measure that no peer has is left out.
pub(super) async fn measures(
    tx: &mut Tx,
    kind: Kind,
    subject: &Subject,
    system: bool,
) -> Result<Vec<MeasureRow>> {
    let (scope, s) = (tx.scope(), subject);
    Ok(on!(tx, of(kind, COMPARE_ANNUAL, COMPARE_QUARTERLY), |c, sql| {
        let query = sqlx::query_as(sql).bind(scope.user_id).bind(scope.works_in()).bind(scope.runs_tenant());
        let query = query.bind(scope.sees_all()).bind(system).bind(s.reporting_year).bind(&s.sector);
        let query = query.bind(s.company_id).bind(s.probability);
        query.bind(s.r1).bind(s.r2).bind(s.r3).bind(s.r4).bind(s.r5).fetch_all(c).await
    })?)
}
