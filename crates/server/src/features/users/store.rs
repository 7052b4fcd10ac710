//! SQL of people and their surroundings.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use accunode_domain::Reach;
use uuid::Uuid;

use super::{
    api::{
        User,
        me::{MemberOverview, OrganizationOverview, OwnOrganization, OwnTenant},
    },
    service::people::Filter,
};
use crate::listing::Window;

/// People that a list may show, narrowed: $1 the caller, $2 an organization and $3 a tenant in reach, $4 whether all
/// are; $5 part of a text in lower case, $6 the same as it was written, $7 organization, $8 tenant, $9 role,
/// $10 whether active.
macro_rules! listed {
    () => {
        " FROM users u
          WHERE u.deleted_at IS NULL AND (u.id = $1 OR u.organization_id = $2 OR u.tenant_id = $3 OR $4)
            AND (CAST($5 AS TEXT) IS NULL OR u.email LIKE $5 ESCAPE '\\' OR LOWER(u.username) LIKE $5 ESCAPE '\\'
                 OR LOWER(u.full_name) LIKE $5 ESCAPE '\\' OR u.full_name LIKE $6 ESCAPE '\\')
            AND (CAST($7 AS uuid) IS NULL OR u.organization_id = $7)
            AND (CAST($8 AS uuid) IS NULL OR u.tenant_id = $8)
            AND (CAST($9 AS TEXT) IS NULL OR u.role = $9)
            AND (CAST($10 AS BOOLEAN) IS NULL OR u.is_active = $10)"
    };
}

sql! {
    USER = "SELECT id, email, username, full_name, role, organization_id, tenant_id, is_active, created_at,
                   last_login FROM users WHERE id = $1 AND deleted_at IS NULL";
    ORGANIZATION = "SELECT id, tenant_id, name, slug, domain, description, is_active, join_enabled, default_role,
                           max_users, created_at, join_token,
                           (SELECT COUNT(*) FROM users u WHERE u.organization_id = o.id AND u.deleted_at IS NULL)
                           AS current_users
                    FROM organizations o WHERE id = $1";
    TENANT = "SELECT id, name, slug, domain, description, is_active, created_at,
                     (SELECT COUNT(*) FROM organizations o WHERE o.tenant_id = t.id AND o.archived_at IS NULL)
                     AS total_organizations,
                     (SELECT COUNT(*) FROM users u WHERE u.tenant_id = t.id AND u.deleted_at IS NULL) AS total_users
              FROM tenants t WHERE id = $1";
    TENANTS = "SELECT id, name, slug, domain, description, is_active, created_at,
                      CAST(NULL AS BIGINT) AS total_organizations, CAST(NULL AS BIGINT) AS total_users
               FROM tenants WHERE archived_at IS NULL ORDER BY name, id";
    MEMBERS = "SELECT id, email, full_name, role, is_active, created_at AS joined_at
               FROM users WHERE organization_id = $1 AND deleted_at IS NULL ORDER BY email";
    /// $1: one tenant, or all when null.
    ORGANIZATIONS = "SELECT id, tenant_id, name, slug, domain, is_active,
                            (SELECT COUNT(*) FROM users u WHERE u.organization_id = o.id AND u.deleted_at IS NULL)
                            AS member_count,
                            (SELECT MIN(email) FROM users u
                             WHERE u.organization_id = o.id AND u.role = 'org_admin' AND u.deleted_at IS NULL)
                            AS admin_email
                     FROM organizations o
                     WHERE archived_at IS NULL AND (CAST($1 AS uuid) IS NULL OR tenant_id = $1)
                     ORDER BY name, id";
    COUNT = concat!("SELECT COUNT(*)", listed!());
    LIST = concat!("SELECT u.id, u.email, u.username, u.full_name, u.role, u.organization_id, u.tenant_id,
                           u.is_active, u.created_at, u.last_login", listed!(), "
                    ORDER BY u.created_at DESC, u.id DESC LIMIT $11 OFFSET $12");
    /// $5 the caller, $6 the own organization, $7 the tenant that one runs, $8 whether all are in sight.
    RENAME = "UPDATE users SET username = $2, full_name = $3, updated_at = $4
              WHERE id = $1 AND deleted_at IS NULL
                AND (id = $5 OR organization_id = $6 OR tenant_id = $7 OR $8)";
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

/// A page of the people in reach, newest first, and how many there are in all.
pub(crate) async fn list(
    tx: &mut Tx,
    reach: Reach,
    filter: &Filter,
    window: Window,
) -> Result<(Vec<User>, i64)> {
    let s = tx.scope();
    let own = s.user_id.filter(|_| reach == Reach::Own);
    let organization = s.organization_id.filter(|_| reach == Reach::Organization);
    let tenant = s.runs_tenant().filter(|_| reach == Reach::Tenant);
    let all = s.sees_all() && reach == Reach::All;
    macro_rules! bound {
        ($query:expr) => {
            $query
                .bind(own)
                .bind(organization)
                .bind(tenant)
                .bind(all)
                .bind(&filter.folded)
                .bind(&filter.written)
                .bind(filter.organization)
                .bind(filter.tenant)
                .bind(filter.role.map(|role| role.as_str()))
                .bind(filter.is_active)
        };
    }
    let total = on!(tx, COUNT, |c, sql| bound!(sqlx::query_scalar(sql)).fetch_one(c).await)?;
    let users = on!(tx, LIST, |c, sql| bound!(sqlx::query_as(sql))
        .bind(window.limit)
        .bind(window.skip)
        .fetch_all(c)
        .await)?;
    Ok((users, total))
}

/// Writes the names of somebody in the caller's sight.
pub(crate) async fn rename(
    tx: &mut Tx,
    id: Uuid,
    username: &str,
    full_name: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let s = tx.scope();
    on!(tx, RENAME, |c, sql| {
        let query = sqlx::query(sql).bind(id).bind(username).bind(full_name).bind(now).bind(s.user_id);
        let query = query.bind(s.organization_id).bind(s.runs_tenant()).bind(s.sees_all());
        query.execute(c).await.map(drop)
    })?;
    Ok(())
}
