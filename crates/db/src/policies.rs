//! The boot check of PostgreSQL's second wall.

use crate::{Db, DbError, Result, pool::Pools};

/// The tables whose rows belong to somebody, and that row-level security must guard.
pub const GUARDED_TABLES: [&str; 22] = [
    "companies",
    "annual_predictions",
    "quarterly_predictions",
    "bulk_upload_jobs",
    "bulk_upload_errors",
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
];

const STATE: &str = "SELECT c.relrowsecurity AND c.relforcerowsecurity,
                            EXISTS (SELECT 1 FROM pg_policy p WHERE p.polrelid = c.oid AND p.polcmd IN ('r', '*')),
                            EXISTS (SELECT 1 FROM pg_policy p
                                    WHERE p.polrelid = c.oid AND p.polcmd IN ('a', '*')
                                      AND p.polwithcheck IS NOT NULL)
                     FROM pg_class c WHERE c.oid = to_regclass($1)";
const POWERS: &str = "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user";

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
        for table in GUARDED_TABLES {
            let state: Option<(bool, bool, bool)> =
                sqlx::query_as(STATE).bind(table).fetch_optional(pool).await?;
            match state {
                None => gaps.push(format!("table {table} does not exist")),
                Some((false, ..)) => gaps.push(format!("table {table} does not force row-level security")),
                Some((_, false, _)) => gaps.push(format!("table {table} has no policy for reading")),
                Some((.., false)) => gaps.push(format!("table {table} has no check on inserting")),
                Some((true, true, true)) => {}
            }
        }
        let powerful: Option<bool> = sqlx::query_scalar(POWERS).fetch_optional(pool).await?;
        if powerful != Some(false) {
            gaps.push("the application's role is a superuser or bypasses row-level security".into());
        }
        if gaps.is_empty() { Ok(()) } else { Err(DbError::Policies(gaps)) }
    }
}
