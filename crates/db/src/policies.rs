//! The boot check of PostgreSQL's second wall.

use crate::{Db, DbError, Result, pool::Pools};

/// The tables whose rows belong to somebody, and that row-level security must guard.
pub const GUARDED_TABLES: [&str; 24] = [
    "companies",
    "annual_predictions",
    "quarterly_predictions",
    "bulk_upload_jobs",
    "bulk_upload_errors",
    "bulk_upload_chunks",
    "tenants",
    "organizations",
    "users",
    "organization_member_whitelist",
    "sessions",
    "password_resets",
    "api_keys",
    "sign_in_failures",
    "contact_messages",
    "audit_log",
    "audit_heads",
    "master_scales",
    "annual_prediction_versions",
    "quarterly_prediction_versions",
    "models",
    "model_activations",
    "owner_figures",
    "figure_changes",
];

/// Policies for everybody: those of the role for several people together do not stand in for them. One row a table, in
/// their order; no values where there is no such table.
const STATE: &str = "SELECT t.name, c.relrowsecurity AND c.relforcerowsecurity,
                            EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')
                                      AND p.polroles = '{0}'),
                            EXISTS (SELECT 1 FROM pg_policy p
                                    WHERE p.polrelid = c.oid AND p.polcmd IN ('a', '*')
                                      AND p.polwithcheck IS NOT NULL AND p.polroles = '{0}')
                     FROM unnest($1::text[]) WITH ORDINALITY t (name, place)
                     LEFT JOIN pg_class c ON c.oid = to_regclass(t.name) ORDER BY t.place";
const POWERS: &str = "SELECT bool_or(rolsuper OR rolbypassrls) FROM pg_roles
                      WHERE rolname IN (current_user, 'accunode_batch')";
const BATCH: &str =
    "SELECT pg_has_role(session_user, oid, 'MEMBER') FROM pg_roles WHERE rolname = 'accunode_batch'";

impl Db {
    /// Refuses a PostgreSQL database in which a guarded table lacks forced row-level security, a policy for
    /// reading or a check on inserting, or whose application role could look over the wall. SQLite has no such
    /// wall: there the predicates of the statements stand alone.
    ///
    /// # Errors
    /// [`DbError::Policies`] naming every gap.
    pub async fn check_policies(&self) -> Result<()> {
        let Pools::Pg { transactions: pool, .. } = self.pools() else { return Ok(()) };
        let mut gaps = Vec::new();
        let states: Vec<(String, Option<bool>, bool, bool)> =
            sqlx::query_as(STATE).bind(GUARDED_TABLES).fetch_all(pool).await?;
        for (table, forced, read, checked) in states {
            match (forced, read, checked) {
                (None, ..) => gaps.push(format!("table {table} does not exist")),
                (Some(false), ..) => gaps.push(format!("table {table} does not force row-level security")),
                (_, false, _) => gaps.push(format!("table {table} has no policy for reading")),
                (.., false) => gaps.push(format!("table {table} has no check on inserting")),
                (Some(true), true, true) => {}
            }
        }
        let powerful: Option<bool> = sqlx::query_scalar(POWERS).fetch_optional(pool).await?;
        if powerful != Some(false) {
            gaps.push("the application's role is a superuser or bypasses row-level security".into());
        }
        let batch: Option<bool> = sqlx::query_scalar(BATCH).fetch_optional(pool).await?;
        if batch != Some(true) {
            gaps.push("the role accunode_batch is missing, or not granted to whom the URL names".into());
        }
        if gaps.is_empty() { Ok(()) } else { Err(DbError::Policies(gaps)) }
    }
}
