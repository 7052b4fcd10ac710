//! SQL of master scales.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// One version of a scale.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ScaleRow {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Option<Uuid>,
    pub(crate) version: i32,
    /// JSON array of grades.
    pub(crate) grades: String,
    pub(crate) note: Option<String>,
    pub(crate) created_at: Timestamp,
}

macro_rules! scale {
    () => {
        "SELECT s.id, s.tenant_id, s.version, s.grades, s.note, s.created_at FROM master_scales s"
    };
}

sql! {
    GRADES = "SELECT grades FROM master_scales WHERE id = $1";
    /// $1 the tenant; the platform's scale where it has none of its own.
    ACTIVE = "SELECT id FROM master_scales WHERE tenant_id = $1 OR tenant_id IS NULL
              ORDER BY CASE WHEN tenant_id IS NULL THEN 1 ELSE 0 END, version DESC LIMIT 1";
    /// $1 a person, whose tenant counts.
    ACTIVE_FOR = "SELECT s.id FROM users u LEFT JOIN organizations o ON o.id = u.organization_id
                  JOIN master_scales s ON s.tenant_id = COALESCE(o.tenant_id, u.tenant_id) OR s.tenant_id IS NULL
                  WHERE u.id = $1
                  ORDER BY CASE WHEN s.tenant_id IS NULL THEN 1 ELSE 0 END, s.version DESC LIMIT 1";
    /// As [`ACTIVE`], but whole.
    IN_FORCE = concat!(scale!(), " WHERE s.tenant_id = $1 OR s.tenant_id IS NULL
                       ORDER BY CASE WHEN s.tenant_id IS NULL THEN 1 ELSE 0 END, s.version DESC LIMIT 1");
    /// The last version that a tenant gave itself.
    LAST_OF_TENANT = concat!(scale!(), " WHERE s.tenant_id = $1 ORDER BY s.version DESC LIMIT 1");
    LAST_OF_PLATFORM = concat!(scale!(), " WHERE s.tenant_id IS NULL ORDER BY s.version DESC LIMIT 1");
    /// $1 a tenant; its versions and the platform's, newest first.
    VERSIONS = concat!(scale!(), " WHERE s.tenant_id = $1 OR s.tenant_id IS NULL
                       ORDER BY s.created_at DESC, s.version DESC, s.id LIMIT $2");
    INSERT = "INSERT INTO master_scales (id, tenant_id, version, grades, note, created_by, created_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
}

/// The grades of a scale, as JSON.
pub(crate) async fn grades(tx: &mut Tx, id: Uuid) -> Result<Option<String>> {
    Ok(on!(tx, GRADES, |c, sql| sqlx::query_scalar(sql).bind(id).fetch_optional(c).await)?)
}

/// The scale in force for a tenant, or for whoever has none; none is the built-in one.
pub(crate) async fn active(tx: &mut Tx, tenant: Option<Uuid>) -> Result<Option<Uuid>> {
    Ok(on!(tx, ACTIVE, |c, sql| sqlx::query_scalar(sql).bind(tenant).fetch_optional(c).await)?)
}

/// As [`active`], for the tenant that a person belongs to.
pub(crate) async fn active_for(tx: &mut Tx, user: Uuid) -> Result<Option<Uuid>> {
    Ok(on!(tx, ACTIVE_FOR, |c, sql| sqlx::query_scalar(sql).bind(user).fetch_optional(c).await)?)
}

/// As [`active`], with everything that is known of it.
pub(super) async fn in_force(tx: &mut Tx, tenant: Option<Uuid>) -> Result<Option<ScaleRow>> {
    Ok(on!(tx, IN_FORCE, |c, sql| sqlx::query_as(sql).bind(tenant).fetch_optional(c).await)?)
}

/// The last version that a tenant, or the platform, has given itself.
pub(super) async fn last(tx: &mut Tx, tenant: Option<Uuid>) -> Result<Option<ScaleRow>> {
    Ok(match tenant {
        Some(tenant) => {
            on!(tx, LAST_OF_TENANT, |c, sql| sqlx::query_as(sql).bind(tenant).fetch_optional(c).await)
        }
        None => on!(tx, LAST_OF_PLATFORM, |c, sql| sqlx::query_as(sql).fetch_optional(c).await),
    }?)
}

/// The newest `most` versions of a tenant's scale and of the platform's.
pub(super) async fn versions(tx: &mut Tx, tenant: Option<Uuid>, most: i64) -> Result<Vec<ScaleRow>> {
    Ok(on!(tx, VERSIONS, |c, sql| sqlx::query_as(sql).bind(tenant).bind(most).fetch_all(c).await)?)
}

/// Adds a version, made by the caller.
pub(super) async fn insert(tx: &mut Tx, row: &ScaleRow) -> Result<()> {
    let user = tx.scope().user_id;
    on!(tx, INSERT, |c, sql| {
        let query = sqlx::query(sql).bind(row.id).bind(row.tenant_id).bind(row.version).bind(&row.grades);
        query.bind(&row.note).bind(user).bind(row.created_at).execute(c).await.map(drop)
    })?;
    Ok(())
}
