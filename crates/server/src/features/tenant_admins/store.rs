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
    /// Whether an organization of the tenant that the caller runs ($3), or any ($4), expects this address.
    EXPECTED = "SELECT COUNT(*) FROM organization_member_whitelist w
                JOIN organizations o ON o.id = w.organization_id
                WHERE w.organization_id = $1 AND w.email = $2 AND w.status = 'active'
                  AND o.archived_at IS NULL AND (o.tenant_id = $3 OR $4)";
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

/// Whether an organization in the caller's sight has this address on its list of those who may join.
pub(crate) async fn expected(tx: &mut Tx, organization: Uuid, email: &str) -> Result<bool> {
    let s = tx.scope();
    let found: i64 = on!(tx, EXPECTED, |c, sql| sqlx::query_scalar(sql)
        .bind(organization)
        .bind(email)
        .bind(s.runs_tenant())
        .bind(s.sees_all())
        .fetch_one(c)
        .await)?;
    Ok(found > 0)
}
