//! SQL of those who run tenants.

use accunode_db::{Result, Tx, on, sql};
use uuid::Uuid;

use super::api::{AdminOfTenant, OrganizationOfTenant};

sql! {
    TENANT_NAME = "SELECT name FROM tenants WHERE id = $1 AND archived_at IS NULL";
    ADMINS = "SELECT id AS user_id, email, full_name, username, organization_id, role, created_at, last_login
              FROM users WHERE tenant_id = $1 AND role = 'tenant_admin' AND deleted_at IS NULL
              ORDER BY created_at, id";
    ORGANIZATIONS = "SELECT id, name, slug, is_active FROM organizations
                     WHERE tenant_id = $1 AND archived_at IS NULL ORDER BY name, id";
}

/// A tenant's name, if it is there and not archived. Every caller of this may see every tenant, or asks for
/// the own.
pub(crate) async fn tenant_name(tx: &mut Tx, id: Uuid) -> Result<Option<String>> {
    Ok(on!(tx, TENANT_NAME, |c, sql| sqlx::query_scalar(sql).bind(id).fetch_optional(c).await)?)
}

/// Those who run a tenant.
pub(crate) async fn admins(tx: &mut Tx, tenant: Uuid) -> Result<Vec<AdminOfTenant>> {
    Ok(on!(tx, ADMINS, |c, sql| sqlx::query_as(sql).bind(tenant).fetch_all(c).await)?)
}

/// A tenant's organizations.
pub(crate) async fn organizations(tx: &mut Tx, tenant: Uuid) -> Result<Vec<OrganizationOfTenant>> {
    Ok(on!(tx, ORGANIZATIONS, |c, sql| sqlx::query_as(sql).bind(tenant).fetch_all(c).await)?)
}
