//! SQL of counting predictions, and of the newest uploads.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

use super::lines;

/// How many predictions there are: $1 the person, $2 fresh figures as a JSON list, $3 their organization, $4 the tenant
/// they run, $5 whether all organizations are in sight, $6 the system's id.
macro_rules! counts {
    ($engine:tt) => {
        concat!(
            lines!($engine "(owner IN ($1, $6)
                             OR owner IN (SELECT o.id FROM organizations o
                                          WHERE o.id = $3 OR o.tenant_id = $4 OR $5))"),
            " SELECT place, CAST(SUM(CASE WHEN part = 'annual' THEN n ELSE 0 END) AS BIGINT),
                     CAST(SUM(CASE WHEN part = 'quarterly' THEN n ELSE 0 END) AS BIGINT)
              FROM (SELECT part, n, CASE WHEN owner = $6 THEN 'system' WHEN owner = $1 THEN 'personal'
                                         ELSE 'organization' END AS place FROM l) placed
              GROUP BY place"
        )
    };
}

sql! {
    COUNTS { pg: counts!(pg), lite: counts!(lite) };
    RECENT_JOBS = "SELECT id, status, job_type, total_rows, successful_rows, created_at FROM bulk_upload_jobs
                   WHERE user_id = $1 AND deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 5";
}

/// An upload in short.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct JobRow {
    pub(crate) id: Uuid,
    pub(crate) status: String,
    pub(crate) job_type: String,
    pub(crate) total_rows: Option<i64>,
    pub(crate) successful_rows: i64,
    pub(crate) created_at: Timestamp,
}

/// How many annual and quarterly predictions are in the caller's sight, as part, annual, quarterly.
pub(crate) async fn counts(tx: &mut Tx, fresh: &str) -> Result<Vec<(String, i64, i64)>> {
    let scope = tx.scope();
    Ok(on!(tx, COUNTS, |c, sql| {
        let query = sqlx::query_as(sql).bind(scope.user_id).bind(fresh).bind(scope.works_in());
        query.bind(scope.runs_tenant()).bind(scope.sees_all()).bind(Uuid::nil()).fetch_all(c).await
    })?)
}

/// The caller's newest uploads.
pub(crate) async fn recent_jobs(tx: &mut Tx) -> Result<Vec<JobRow>> {
    let user = tx.scope().user_id;
    Ok(on!(tx, RECENT_JOBS, |c, sql| sqlx::query_as(sql).bind(user).fetch_all(c).await)?)
}
