//! How many rows each owner has, as it is kept beside the counters of changes, and as the rows themselves say it.

use accunode_db::{Tx, on};
use uuid::Uuid;

/// A statement in which `{}` stands for owners with the numbers of their rows; `$1` is the system's id.
fn text(around: &str) -> String {
    const COUNTED: &str = "SELECT COALESCE(CASE access_level WHEN 'organization' THEN organization_id
                                                WHEN 'personal' THEN created_by END, $1) AS owner,
               SUM(c) AS companies, SUM(a) AS annual_predictions, SUM(q) AS quarterly_predictions
        FROM (SELECT access_level, organization_id, created_by, 1 AS c, 0 AS a, 0 AS q FROM companies
              UNION ALL SELECT access_level, organization_id, created_by, 0, 1, 0 FROM annual_predictions
              UNION ALL SELECT access_level, organization_id, created_by, 0, 0, 1 FROM quarterly_predictions) every_row
        GROUP BY 1";
    around.replace("{}", COUNTED)
}

/// Sets what is kept from the rows: for tests that write rows past the application.
///
/// # Panics
/// When the database fails.
pub async fn recount(tx: &mut Tx) {
    let sql = text(
        "INSERT INTO data_versions (owner, version, companies, annual_predictions, quarterly_predictions)
         SELECT r.owner, 1, r.companies, r.annual_predictions, r.quarterly_predictions FROM ({}) r WHERE TRUE
         ON CONFLICT (owner) DO UPDATE SET companies = excluded.companies,
             annual_predictions = excluded.annual_predictions, quarterly_predictions = excluded.quarterly_predictions",
    );
    on!(tx, |c| sqlx::query(sqlx::AssertSqlSafe(sql)).bind(Uuid::nil()).execute(c).await.map(drop)).unwrap();
}

/// Owners of whom something else is kept than the rows say.
///
/// # Panics
/// When the database fails.
pub async fn miscounted(tx: &mut Tx) -> Vec<Uuid> {
    let sql = text(
        "SELECT COALESCE(v.owner, r.owner) FROM data_versions v FULL JOIN ({}) r ON r.owner = v.owner
         WHERE COALESCE(v.companies, 0) <> COALESCE(r.companies, 0)
             OR COALESCE(v.annual_predictions, 0) <> COALESCE(r.annual_predictions, 0)
             OR COALESCE(v.quarterly_predictions, 0) <> COALESCE(r.quarterly_predictions, 0)",
    );
    on!(tx, |c| sqlx::query_scalar(sqlx::AssertSqlSafe(sql)).bind(Uuid::nil()).fetch_all(c).await).unwrap()
}
