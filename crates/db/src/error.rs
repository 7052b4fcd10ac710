//! What the database says when it refuses.

use std::fmt;

use accunode_domain::Error;
use sqlx::error::ErrorKind;

/// Result with this crate's error.
pub type Result<T, E = DbError> = std::result::Result<T, E>;

/// Everything that can go wrong between the application and its database. Neither form of printing shows
/// addresses, passwords or the contents of rows.
#[derive(thiserror::Error)]
pub enum DbError {
    /// What the engine answered.
    #[error(transparent)]
    Sqlx(#[from] sqlx::Error),
    /// A migration failed, or the database was migrated by a newer version.
    #[error("the database cannot be migrated: {0}")]
    Migrate(#[from] sqlx::migrate::MigrateError),
    /// A setting that cannot work; one sentence.
    #[error("{0}")]
    Config(String),
    /// The second wall between tenants is not in place; one sentence for each gap.
    #[error("row-level security is not in place: {}", .0.join("; "))]
    Policies(Vec<String>),
    /// A defect of the caller: columns of a bulk insert that do not fit together.
    #[error("bulk insert into {table}: {reason}")]
    Bulk {
        /// The table.
        table: &'static str,
        /// What does not fit.
        reason: String,
    },
}

impl fmt::Debug for DbError {
    // The derived form would print the engine's detail, and with it the row that failed.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DbError({self})")
    }
}

impl DbError {
    /// The violated constraint's or unique index's name, see [`constraint`].
    #[must_use]
    pub fn constraint(&self) -> Option<&str> {
        constraint(self)
    }

    /// Whether trying the same again a little later may help.
    #[must_use]
    pub fn is_transient(&self) -> bool {
        let Self::Sqlx(error) = self else { return false };
        is_unreachable(error) || is_full(error) || is_contention(error)
    }
}

impl From<DbError> for Error {
    fn from(error: DbError) -> Self {
        match &error {
            DbError::Sqlx(e) if is_unreachable(e) => {
                Self::Unavailable("the database cannot be reached at the moment".into())
            }
            DbError::Sqlx(e) if is_full(e) => {
                tracing::error!("the database has no room left");
                Self::Unavailable(
                    "There is no room left in the database at the moment: try again later".into(),
                )
            }
            DbError::Sqlx(e) if is_contention(e) => {
                Self::Unavailable("the database is busy, try again".into())
            }
            _ => Self::internal(error),
        }
    }
}

fn is_unreachable(error: &sqlx::Error) -> bool {
    matches!(
        error,
        sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::WorkerCrashed
    )
}

/// The disk is full, or what is granted of it: PostgreSQL's own code for it, SQLite's FULL, and SQLite's for the file
/// beside its log that it cannot enlarge.
fn is_full(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    let Some(code) = error.code() else { return false };
    if is_postgres(error.as_ref()) { code == "53100" } else { matches!(&*code, "13" | "4874") }
}

/// Serialization failures, deadlocks, timeouts, sessions ended for their silence, too many connections, shutdowns; SQLite's busy and locked.
fn is_contention(error: &sqlx::Error) -> bool {
    let sqlx::Error::Database(error) = error else { return false };
    let Some(code) = error.code() else { return false };
    if is_postgres(error.as_ref()) {
        matches!(&*code, "25P03" | "40001" | "40P01" | "55P03" | "57014")
            || ["53", "57P", "08"].iter().any(|p| code.starts_with(p))
    } else {
        // The low byte of an extended code is the primary one: 5 is BUSY, 6 is LOCKED.
        code.parse::<i32>().is_ok_and(|c| matches!(c & 0xff, 5 | 6))
    }
}

fn is_postgres(error: &dyn sqlx::error::DatabaseError) -> bool {
    error.try_downcast_ref::<sqlx::postgres::PgDatabaseError>().is_some()
}

mod sealed {
    /// The errors that may carry a violated constraint.
    pub trait Violation {
        /// The engine's error, if it is one.
        fn sqlx(&self) -> Option<&sqlx::Error>;
    }
    impl Violation for sqlx::Error {
        fn sqlx(&self) -> Option<&sqlx::Error> {
            Some(self)
        }
    }
    impl Violation for super::DbError {
        fn sqlx(&self) -> Option<&sqlx::Error> {
            match self {
                Self::Sqlx(error) => Some(error),
                _ => None,
            }
        }
    }
}

/// The name of the constraint or unique index that a statement violated, the same on both engines. Foreign keys
/// have a name on PostgreSQL only.
#[must_use]
pub fn constraint(error: &impl sealed::Violation) -> Option<&str> {
    let sqlx::Error::Database(error) = error.sqlx()? else { return None };
    if let Some(name) = error.constraint() {
        return Some(name);
    }
    let message = error.message();
    if let Some(name) = message.strip_prefix("CHECK constraint failed: ") {
        return Some(name);
    }
    let what = message.strip_prefix("UNIQUE constraint failed: ")?;
    // SQLite names an index only when it is over an expression; otherwise it lists the columns.
    match what.strip_prefix("index '").and_then(|rest| rest.strip_suffix('\'')) {
        Some(index) => Some(index),
        None => lite_unique(what),
    }
}

/// The name of SQLite's unique index over these columns, `table.column, table.column`.
#[must_use]
pub fn lite_unique(columns: &str) -> Option<&'static str> {
    LITE_UNIQUE.iter().find(|(known, _)| *known == columns).map(|(_, name)| *name)
}

/// Whether the statement failed because of this unique index (or primary key, `<table>_pkey`).
#[must_use]
pub fn unique_violation(error: &impl sealed::Violation, index: &str) -> bool {
    let kind = match error.sqlx() {
        Some(sqlx::Error::Database(e)) => e.kind(),
        _ => return false,
    };
    kind == ErrorKind::UniqueViolation && constraint(error) == Some(index)
}

/// The unique indexes by the columns that SQLite reports; a test compares this list with the schema.
const LITE_UNIQUE: &[(&str, &str)] = &[
    ("tenants.id", "tenants_pkey"),
    ("tenants.name", "tenants_name"),
    ("tenants.slug", "tenants_slug"),
    ("organizations.id", "organizations_pkey"),
    ("organizations.slug", "organizations_slug"),
    ("organizations.join_token", "organizations_join_token"),
    ("users.id", "users_pkey"),
    ("users.email", "users_email"),
    ("users.username", "users_username"),
    ("companies.id", "companies_pkey"),
    ("companies.organization_id, companies.symbol", "companies_symbol_organization"),
    ("companies.created_by, companies.symbol", "companies_symbol_personal"),
    ("companies.symbol", "companies_symbol_system"),
    ("annual_predictions.id", "annual_predictions_pkey"),
    ("quarterly_predictions.id", "quarterly_predictions_pkey"),
    ("bulk_upload_jobs.id", "bulk_upload_jobs_pkey"),
    ("bulk_upload_errors.job_id, bulk_upload_errors.row_number", "bulk_upload_errors_pkey"),
    ("bulk_upload_jobs.user_id, bulk_upload_jobs.idempotency_key", "bulk_upload_jobs_once"),
    ("bulk_upload_chunks.job_id, bulk_upload_chunks.position", "bulk_upload_chunks_pkey"),
    ("job.id", "job_pkey"),
    ("tenants.domain", "tenants_domain"),
    ("organizations.domain", "organizations_domain"),
    ("organization_member_whitelist.id", "organization_member_whitelist_pkey"),
    (
        "organization_member_whitelist.organization_id, organization_member_whitelist.email",
        "organization_member_whitelist_email",
    ),
    ("sessions.id", "sessions_pkey"),
    ("sessions.refresh_hash", "sessions_refresh_hash"),
    ("sign_in_failures.key", "sign_in_failures_pkey"),
    ("password_resets.id", "password_resets_pkey"),
    ("password_resets.token_hash", "password_resets_token_hash"),
    ("api_keys.id", "api_keys_pkey"),
    ("api_keys.key_hash", "api_keys_hash"),
    ("contact_messages.id", "contact_messages_pkey"),
    ("contact_messages.reference_id", "contact_messages_reference"),
    ("audit_log.chain, audit_log.seq", "audit_log_pkey"),
    ("audit_heads.chain", "audit_heads_pkey"),
    ("master_scales.id", "master_scales_pkey"),
    (
        "annual_prediction_versions.prediction_id, annual_prediction_versions.version",
        "annual_prediction_versions_pkey",
    ),
    (
        "quarterly_prediction_versions.prediction_id, quarterly_prediction_versions.version",
        "quarterly_prediction_versions_pkey",
    ),
    ("data_versions.owner", "data_versions_pkey"),
    ("owner_figures.owner", "owner_figures_pkey"),
    ("figure_changes.owner, figure_changes.version", "figure_changes_pkey"),
    ("company_search.company_id", "company_search_company"),
    ("models.id", "models_pkey"),
    ("models.hash", "models_hash"),
    ("model_activations.id", "model_activations_pkey"),
    ("model_activations.kind, model_activations.number", "model_activations_number"),
    ("workers.id", "workers_pkey"),
    ("schedules.name", "schedules_pkey"),
    ("scaling_history.id", "scaling_history_pkey"),
];
