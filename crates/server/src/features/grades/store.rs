//! SQL of master scales.

use accunode_db::{Result, Tx, on, sql};
use uuid::Uuid;

sql! {
    GRADES = "SELECT grades FROM master_scales WHERE id = $1";
    /// $1 the tenant; the platform's scale where it has none of its own.
    ACTIVE = "SELECT id FROM master_scales WHERE tenant_id = $1 OR tenant_id IS NULL
              ORDER BY CASE WHEN tenant_id IS NULL THEN 1 ELSE 0 END, version DESC LIMIT 1";
}

/// The grades of a scale, as JSON.
pub(crate) async fn grades(tx: &mut Tx, id: Uuid) -> Result<Option<String>> {
    Ok(on!(tx, GRADES, |c, sql| sqlx::query_scalar(sql).bind(id).fetch_optional(c).await)?)
}

/// The scale in force for a tenant, or for whoever has none; none is the built-in one.
pub(crate) async fn active(tx: &mut Tx, tenant: Option<Uuid>) -> Result<Option<Uuid>> {
    Ok(on!(tx, ACTIVE, |c, sql| sqlx::query_scalar(sql).bind(tenant).fetch_optional(c).await)?)
}
