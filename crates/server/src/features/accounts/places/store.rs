//! SQL of new tenants and organizations.

use accunode_db::{Result, Timestamp, Tx, on, sql};

use super::{JOIN_TOKEN_LIFETIME, NewOrganization, NewTenant, StoredOrganization, StoredTenant, Table};

sql! {
    TENANT_SLUGS = "SELECT COUNT(*) FROM tenants WHERE slug = $1 AND archived_at IS NULL";
    ORGANIZATION_SLUGS = "SELECT COUNT(*) FROM organizations WHERE slug = $1 AND archived_at IS NULL";
    INSERT_TENANT = "INSERT INTO tenants (id, name, slug, domain, description, logo_url, created_by, created_at)
                     VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    INSERT_ORGANIZATION = "INSERT INTO organizations (id, tenant_id, name, slug, domain, description, logo_url,
                                                      max_users, default_role, join_token, created_by,
                                                      created_at, join_created_at, join_expires_at)
                           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12, $13)";
}

/// Whether a tenant or organization that is not archived has this slug.
pub(super) async fn slug_taken(tx: &mut Tx, table: Table, slug: &str) -> Result<bool> {
    let statement = match table {
        Table::Tenant => TENANT_SLUGS,
        Table::Organization => ORGANIZATION_SLUGS,
    };
    let found: i64 = on!(tx, statement, |c, sql| sqlx::query_scalar(sql).bind(slug).fetch_one(c).await)?;
    Ok(found > 0)
}

/// Stores a tenant.
pub(super) async fn insert_tenant(
    tx: &mut Tx,
    stored: &StoredTenant,
    new: &NewTenant<'_>,
    now: Timestamp,
) -> Result<()> {
    on!(tx, INSERT_TENANT, |c, sql| {
        let query = sqlx::query(sql).bind(stored.id.0).bind(new.name).bind(&stored.slug).bind(new.domain);
        let query = query.bind(new.description).bind(new.logo_url).bind(new.created_by.0).bind(now);
        query.execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Stores an organization.
pub(super) async fn insert_organization(
    tx: &mut Tx,
    stored: &StoredOrganization,
    new: &NewOrganization<'_>,
    now: Timestamp,
) -> Result<()> {
    on!(tx, INSERT_ORGANIZATION, |c, sql| {
        let query = sqlx::query(sql).bind(stored.id.0).bind(new.tenant.map(|t| t.0)).bind(new.name);
        let query = query.bind(&stored.slug).bind(new.domain).bind(new.description).bind(new.logo_url);
        let query = query.bind(new.max_users).bind(new.default_role.as_str()).bind(&stored.join_token);
        let query = query.bind(new.created_by.0).bind(now).bind(now + JOIN_TOKEN_LIFETIME);
        query.execute(c).await.map(drop)
    })?;
    Ok(())
}
