//! SQL of people and their surroundings.

use accunode_db::{Result, Tx, on, sql};
use uuid::Uuid;

use super::api::{MemberOverview, OrganizationOverview, OwnOrganization, OwnTenant, User};

sql! {
    USER = "SELECT id, email, username, full_name, role, organization_id, tenant_id, is_active, created_at,
                   last_login FROM users WHERE id = $1";
    ORGANIZATION = "SELECT id, tenant_id, name, slug, domain, description, is_active, join_enabled, default_role,
                           max_users, created_at, join_token,
                           (SELECT COUNT(*) FROM users u WHERE u.organization_id = o.id) AS current_users
                    FROM organizations o WHERE id = $1";
    TENANT = "SELECT id, name, slug, domain, description, is_active, created_at,
                     (SELECT COUNT(*) FROM organizations o WHERE o.tenant_id = t.id) AS total_organizations,
                     (SELECT COUNT(*) FROM users u WHERE u.tenant_id = t.id) AS total_users
              FROM tenants t WHERE id = $1";
    TENANTS = "SELECT id, name, slug, domain, description, is_active, created_at,
                      CAST(NULL AS BIGINT) AS total_organizations, CAST(NULL AS BIGINT) AS total_users
               FROM tenants ORDER BY name, id";
    MEMBERS = "SELECT id, email, full_name, role, is_active, created_at AS joined_at
               FROM users WHERE organization_id = $1 ORDER BY email";
    /// $1: one tenant, or all when null.
    ORGANIZATIONS = "SELECT id, tenant_id, name, slug, domain, is_active,
                            (SELECT COUNT(*) FROM users u WHERE u.organization_id = o.id) AS member_count,
                            (SELECT MIN(email) FROM users u
                             WHERE u.organization_id = o.id AND u.role = 'org_admin') AS admin_email
                     FROM organizations o WHERE CAST($1 AS uuid) IS NULL OR tenant_id = $1 ORDER BY name, id";
}

/// A person.
pub(crate) async fn user(tx: &mut Tx, id: Uuid) -> Result<User> {
    Ok(on!(tx, USER, |c, sql| sqlx::query_as(sql).bind(id).fetch_one(c).await)?)
}

/// An organization.
pub(crate) async fn organization(tx: &mut Tx, id: Uuid) -> Result<OwnOrganization> {
    Ok(on!(tx, ORGANIZATION, |c, sql| sqlx::query_as(sql).bind(id).fetch_one(c).await)?)
}

/// A tenant.
pub(crate) async fn tenant(tx: &mut Tx, id: Uuid) -> Result<OwnTenant> {
    Ok(on!(tx, TENANT, |c, sql| sqlx::query_as(sql).bind(id).fetch_one(c).await)?)
}

/// Every tenant, without its counts.
pub(crate) async fn tenants(tx: &mut Tx) -> Result<Vec<OwnTenant>> {
    Ok(on!(tx, TENANTS, |c, sql| sqlx::query_as(sql).fetch_all(c).await)?)
}

/// The people of an organization.
pub(crate) async fn members(tx: &mut Tx, organization: Uuid) -> Result<Vec<MemberOverview>> {
    Ok(on!(tx, MEMBERS, |c, sql| sqlx::query_as(sql).bind(organization).fetch_all(c).await)?)
}

/// The organizations of a tenant, or of all.
pub(crate) async fn organizations(tx: &mut Tx, tenant: Option<Uuid>) -> Result<Vec<OrganizationOverview>> {
    Ok(on!(tx, ORGANIZATIONS, |c, sql| sqlx::query_as(sql).bind(tenant).fetch_all(c).await)?)
}
