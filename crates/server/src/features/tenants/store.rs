//! SQL of tenants.

use accunode_db::{Result, Sql, Timestamp, Tx, bulk::json_ids, on, sql};
use uuid::Uuid;

use super::api::Tenant;
use crate::listing::Window;

/// What a list is narrowed to. The search is a pattern already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) search: Option<String>,
    pub(crate) is_active: Option<bool>,
}

/// How large a tenant is.
#[derive(Clone, Copy, Debug, sqlx::FromRow)]
pub(crate) struct Figures {
    /// Organizations.
    pub(crate) organizations: i64,
    /// Those of them that are switched on.
    pub(crate) active_organizations: i64,
    /// People in its organizations.
    pub(crate) members: i64,
    /// People in the tenant, in an organization or not.
    pub(crate) people: i64,
}

macro_rules! tenant {
    () => {
        "SELECT t.id, t.name, t.slug, t.domain, t.description, t.logo_url, t.is_active, t.created_by, t.created_at,
                t.updated_at FROM tenants t"
    };
}

/// Tenants that one runs: $1 the tenant, $2 whether all are in sight.
macro_rules! visible {
    () => {
        " WHERE t.archived_at IS NULL AND (t.id = $1 OR $2)"
    };
}

macro_rules! matching {
    () => {
        " AND (CAST($3 AS TEXT) IS NULL OR LOWER(t.name) LIKE $3 ESCAPE '\\' OR LOWER(t.domain) LIKE $3 ESCAPE '\\'
               OR LOWER(t.description) LIKE $3 ESCAPE '\\')
          AND (CAST($4 AS BOOLEAN) IS NULL OR t.is_active = $4)"
    };
}

sql! {
    FIND = concat!(tenant!(), visible!(), " AND t.id = $3");
    HOLD { pg: concat!(tenant!(), visible!(), " AND t.id = $3 FOR NO KEY UPDATE"),
           lite: concat!(tenant!(), visible!(), " AND t.id = $3") };
    LIST = concat!(tenant!(), visible!(), matching!(), " ORDER BY t.created_at DESC, t.id DESC LIMIT $5 OFFSET $6");
    COUNT = concat!("SELECT COUNT(*) FROM tenants t", visible!(), matching!());
    /// $1: the tenant that one belongs to, whatever one's role.
    BY_IDS { pg: concat!(tenant!(), visible!(),
                 " AND t.id IN (SELECT jsonb_array_elements_text($3::jsonb)::uuid)"),
             lite: concat!(tenant!(), visible!(), " AND t.id IN (SELECT unhex(value) FROM json_each($3))") };
    UPDATE = "UPDATE tenants SET name = $2, domain = $3, description = $4, logo_url = $5, is_active = $6,
                                 updated_at = $7
              WHERE id = $1";
    ARCHIVE = "UPDATE tenants SET archived_at = $2, is_active = FALSE, updated_at = $2 WHERE id = $1";
    FIGURES = "SELECT
        (SELECT COUNT(*) FROM organizations o WHERE o.tenant_id = $1 AND o.archived_at IS NULL) AS organizations,
        (SELECT COUNT(*) FROM organizations o
         WHERE o.tenant_id = $1 AND o.archived_at IS NULL AND o.is_active) AS active_organizations,
        (SELECT COUNT(*) FROM users u JOIN organizations o ON o.id = u.organization_id
         WHERE o.tenant_id = $1 AND o.archived_at IS NULL AND u.deleted_at IS NULL) AS members,
        (SELECT COUNT(*) FROM users u WHERE u.tenant_id = $1 AND u.deleted_at IS NULL) AS people";
}

/// The tenant with this id, if the caller runs it or sees all.
pub(crate) async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<Tenant>> {
    one(tx, FIND, id).await
}

/// As [`find`], held until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, id: Uuid) -> Result<Option<Tenant>> {
    one(tx, HOLD, id).await
}

async fn one(tx: &mut Tx, statement: Sql, id: Uuid) -> Result<Option<Tenant>> {
    let s = tx.scope();
    Ok(on!(tx, statement, |c, sql| {
        sqlx::query_as(sql).bind(s.runs_tenant()).bind(s.sees_all()).bind(id).fetch_optional(c).await
    })?)
}

/// Tenants in the caller's sight, newest first, and how many there are.
pub(crate) async fn list(tx: &mut Tx, f: &Filter, part: Window) -> Result<(Vec<Tenant>, i64)> {
    let s = tx.scope();
    let total = on!(tx, COUNT, |c, sql| {
        let query = sqlx::query_scalar(sql).bind(s.runs_tenant()).bind(s.sees_all());
        query.bind(f.search.as_deref()).bind(f.is_active).fetch_one(c).await
    });
    let rows = on!(tx, LIST, |c, sql| {
        let query = sqlx::query_as(sql).bind(s.runs_tenant()).bind(s.sees_all());
        let query = query.bind(f.search.as_deref()).bind(f.is_active);
        query.bind(part.limit).bind(part.skip).fetch_all(c).await
    });
    Ok((rows?, total?))
}

/// Those of the tenants that the caller belongs to or sees.
pub(crate) async fn by_ids(tx: &mut Tx, ids: impl Iterator<Item = Uuid>) -> Result<Vec<Tenant>> {
    let s = tx.scope();
    let ids = json_ids(ids);
    Ok(on!(tx, BY_IDS, |c, sql| {
        sqlx::query_as(sql).bind(s.tenant_id).bind(s.sees_all()).bind(ids).fetch_all(c).await
    })?)
}

/// Writes what can be changed of a tenant.
pub(crate) async fn update(tx: &mut Tx, t: &Tenant, now: Timestamp) -> Result<()> {
    on!(tx, UPDATE, |c, sql| {
        let query = sqlx::query(sql).bind(t.id).bind(&t.name).bind(&t.domain).bind(&t.description);
        query.bind(&t.logo_url).bind(t.is_active).bind(now).execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Archives a tenant.
pub(crate) async fn archive(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<()> {
    on!(tx, ARCHIVE, |c, sql| sqlx::query(sql).bind(id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// How large a tenant is.
pub(crate) async fn figures(tx: &mut Tx, id: Uuid) -> Result<Figures> {
    Ok(on!(tx, FIGURES, |c, sql| sqlx::query_as(sql).bind(id).fetch_one(c).await)?)
}
