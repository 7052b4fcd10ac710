//! SQL of organizations, their people and whom they let in.

use std::ops::{Deref, DerefMut};

use accunode_db::{Result, Timestamp, Tx, bulk::json_ids, on, sql};
use accunode_domain::{Actor, Belongs, OrganizationId, Permission, TenantId};
use sqlx::FromRow;
use uuid::Uuid;

use super::api::{Organization, Whitelisted};
use crate::{features::users::api::User, listing::Window};

/// An organization with its join token: it leaves the application by [`OrganizationRow::shown_to`] alone.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct OrganizationRow {
    #[sqlx(flatten)]
    stored: Organization,
}

impl Deref for OrganizationRow {
    type Target = Organization;
    fn deref(&self) -> &Organization {
        &self.stored
    }
}

impl DerefMut for OrganizationRow {
    fn deref_mut(&mut self) -> &mut Organization {
        &mut self.stored
    }
}

impl OrganizationRow {
    /// Whose it is, for questions of reach.
    pub(crate) fn belongs(&self) -> Belongs {
        Belongs {
            owner: None,
            organization: Some(OrganizationId(self.stored.id)),
            tenant: self.stored.tenant_id.map(TenantId),
        }
    }

    /// The organization as somebody sees it: whoever holds the token can let people in, so it is shown to those
    /// alone who could make a new one.
    pub(crate) fn shown_to(self, actor: &Actor) -> Organization {
        if actor.reaches(Permission::OrganizationToken, &self.belongs()) {
            return self.stored;
        }
        Organization { join_token: None, join_created_at: None, join_expires_at: None, ..self.stored }
    }
}

/// A person as lists of organizations and tenants show them.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct PersonRow {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Option<Uuid>,
    pub(crate) organization_id: Option<Uuid>,
    pub(crate) email: String,
    pub(crate) username: String,
    pub(crate) full_name: Option<String>,
    pub(crate) role: String,
    pub(crate) is_active: bool,
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Option<Timestamp>,
    pub(crate) last_login: Option<Timestamp>,
}

/// What a list is narrowed to. The search is a pattern already.
#[derive(Clone, Debug, Default)]
pub(crate) struct Filter {
    pub(crate) search: Option<String>,
    pub(crate) is_active: Option<bool>,
    pub(crate) tenant: Option<Uuid>,
}

macro_rules! organization {
    () => {
        "SELECT o.id, o.tenant_id, o.name, o.slug, o.domain, o.description, o.logo_url, o.max_users, o.join_token,
                o.join_enabled, o.default_role, o.is_active, o.allow_global_data_access, o.created_by,
                o.created_at, o.updated_at, o.join_created_at, o.join_expires_at FROM organizations o"
    };
}

/// Organizations in sight: $1 the own, $2 the tenant that one runs, $3 whether all are.
macro_rules! visible {
    () => {
        " WHERE o.archived_at IS NULL AND (o.id = $1 OR o.tenant_id = $2 OR $3)"
    };
}

macro_rules! matching {
    () => {
        " AND (CAST($4 AS TEXT) IS NULL OR LOWER(o.name) LIKE $4 ESCAPE '\\' OR LOWER(o.domain) LIKE $4 ESCAPE '\\'
               OR LOWER(o.description) LIKE $4 ESCAPE '\\')
          AND (CAST($5 AS BOOLEAN) IS NULL OR o.is_active = $5)
          AND (CAST($6 AS uuid) IS NULL OR o.tenant_id = $6)"
    };
}

/// People of the places in a JSON list of ids, $1.
macro_rules! people {
    ($($name:ident: $column:literal;)*) => {
        sql! {
            $($name {
                pg: concat!(person!(), " AND u.", $column,
                    " IN (SELECT jsonb_array_elements_text($1::jsonb)::uuid) ORDER BY u.created_at, u.id"),
                lite: concat!(person!(), " AND u.", $column,
                    " IN (SELECT unhex(value) FROM json_each($1)) ORDER BY u.created_at, u.id"),
            };)*
        }
    };
}

macro_rules! person {
    () => {
        "SELECT u.id, u.tenant_id, u.organization_id, u.email, u.username, u.full_name, u.role, u.is_active,
                u.created_at, u.updated_at, u.last_login FROM users u WHERE u.deleted_at IS NULL"
    };
}

people! {
    PEOPLE_OF_ORGANIZATIONS: "organization_id";
    PEOPLE_OF_TENANTS: "tenant_id";
    ADMINS_OF_TENANTS: "role = 'tenant_admin' AND u.tenant_id";
}

sql! {
    FIND = concat!(organization!(), visible!(), " AND o.id = $4");
    HOLD { pg: concat!(organization!(), visible!(), " AND o.id = $4 FOR NO KEY UPDATE"),
           lite: concat!(organization!(), visible!(), " AND o.id = $4") };
    LIST = concat!(organization!(), visible!(), matching!(),
                   " ORDER BY o.created_at DESC, o.id DESC LIMIT $7 OFFSET $8");
    COUNT = concat!("SELECT COUNT(*) FROM organizations o", visible!(), matching!());
    OF_TENANTS {
        pg: concat!(organization!(), visible!(),
            " AND o.tenant_id IN (SELECT jsonb_array_elements_text($4::jsonb)::uuid) ORDER BY o.created_at, o.id"),
        lite: concat!(organization!(), visible!(),
            " AND o.tenant_id IN (SELECT unhex(value) FROM json_each($4)) ORDER BY o.created_at, o.id") };
    UPDATE = "UPDATE organizations SET name = $2, domain = $3, description = $4, logo_url = $5, max_users = $6,
                     default_role = $7, join_enabled = $8, is_active = $9, allow_global_data_access = $10,
                     updated_at = $11
              WHERE id = $1";
    TOKEN = "UPDATE organizations SET join_token = $2, join_created_at = $3, join_expires_at = $4, updated_at = $3
             WHERE id = $1";
    ARCHIVE = "UPDATE organizations SET archived_at = $2, is_active = FALSE, updated_at = $2 WHERE id = $1";
    USERS = "SELECT id, email, username, full_name, role, organization_id, tenant_id, is_active, created_at,
                    last_login
             FROM users WHERE deleted_at IS NULL AND organization_id = $1
               AND (CAST($2 AS TEXT) IS NULL OR role = $2)
             ORDER BY created_at DESC, id DESC LIMIT $3 OFFSET $4";
    COUNT_USERS = "SELECT COUNT(*) FROM users WHERE deleted_at IS NULL AND organization_id = $1
                     AND (CAST($2 AS TEXT) IS NULL OR role = $2)";
    COUNT_PEOPLE = "SELECT COUNT(*), COUNT(CASE WHEN is_active THEN 1 END)
                    FROM users WHERE deleted_at IS NULL AND organization_id = $1";
    ADMINS = concat!(person!(), " AND u.organization_id = $1 AND u.role = 'org_admin' ORDER BY u.created_at, u.id");
    WHITELIST = "SELECT id, organization_id, email, added_by, added_at, status FROM organization_member_whitelist
                 WHERE organization_id = $1 ORDER BY added_at DESC, id DESC LIMIT $2 OFFSET $3";
    COUNT_WHITELIST = "SELECT COUNT(*) FROM organization_member_whitelist WHERE organization_id = $1";
    /// Adds an address, or makes an entry that was set aside count again; one that counts is left as it is.
    ADD_TO_WHITELIST = "INSERT INTO organization_member_whitelist (id, organization_id, email, added_by, added_at)
                        VALUES ($1, $2, $3, $4, $5)
                        ON CONFLICT (organization_id, email) DO UPDATE
                            SET status = 'active', added_by = excluded.added_by, added_at = excluded.added_at
                            WHERE organization_member_whitelist.status <> 'active'
                        RETURNING id, organization_id, email, added_by, added_at, status";
    REMOVE_FROM_WHITELIST = "DELETE FROM organization_member_whitelist WHERE organization_id = $1 AND email = $2";
    WHITELISTED = "SELECT COUNT(*) FROM organization_member_whitelist
                   WHERE organization_id = $1 AND email = $2 AND status = 'active'";
}

/// The organization with this id, if the caller sees it.
pub(crate) async fn find(tx: &mut Tx, id: Uuid) -> Result<Option<OrganizationRow>> {
    one(tx, FIND, id).await
}

/// As [`find`], held until the transaction ends.
pub(crate) async fn hold(tx: &mut Tx, id: Uuid) -> Result<Option<OrganizationRow>> {
    one(tx, HOLD, id).await
}

async fn one(tx: &mut Tx, statement: accunode_db::Sql, id: Uuid) -> Result<Option<OrganizationRow>> {
    let s = tx.scope();
    Ok(on!(tx, statement, |c, sql| {
        let query = sqlx::query_as(sql).bind(s.organization_id).bind(s.runs_tenant()).bind(s.sees_all());
        query.bind(id).fetch_optional(c).await
    })?)
}

/// Organizations in the caller's sight, newest first, and how many there are.
pub(crate) async fn list(tx: &mut Tx, f: &Filter, part: Window) -> Result<(Vec<OrganizationRow>, i64)> {
    let s = tx.scope();
    let total = on!(tx, COUNT, |c, sql| {
        let query = sqlx::query_scalar(sql).bind(s.organization_id).bind(s.runs_tenant()).bind(s.sees_all());
        query.bind(f.search.as_deref()).bind(f.is_active).bind(f.tenant).fetch_one(c).await
    });
    let rows = on!(tx, LIST, |c, sql| {
        let query = sqlx::query_as(sql).bind(s.organization_id).bind(s.runs_tenant()).bind(s.sees_all());
        let query = query.bind(f.search.as_deref()).bind(f.is_active).bind(f.tenant);
        query.bind(part.limit).bind(part.skip).fetch_all(c).await
    });
    Ok((rows?, total?))
}

/// The organizations of tenants, oldest first.
pub(crate) async fn of_tenants(
    tx: &mut Tx,
    tenants: impl Iterator<Item = Uuid>,
) -> Result<Vec<OrganizationRow>> {
    let s = tx.scope();
    let tenants = json_ids(tenants);
    Ok(on!(tx, OF_TENANTS, |c, sql| {
        let query = sqlx::query_as(sql).bind(s.organization_id).bind(s.runs_tenant()).bind(s.sees_all());
        query.bind(tenants).fetch_all(c).await
    })?)
}

/// The people of organizations that the caller sees, oldest first.
pub(crate) async fn people(tx: &mut Tx, organizations: impl Iterator<Item = Uuid>) -> Result<Vec<PersonRow>> {
    let ids = json_ids(organizations);
    Ok(on!(tx, PEOPLE_OF_ORGANIZATIONS, |c, sql| sqlx::query_as(sql).bind(ids).fetch_all(c).await)?)
}

/// The people of tenants that the caller runs, oldest first.
pub(crate) async fn people_of_tenants(
    tx: &mut Tx,
    tenants: impl Iterator<Item = Uuid>,
) -> Result<Vec<PersonRow>> {
    let ids = json_ids(tenants);
    Ok(on!(tx, PEOPLE_OF_TENANTS, |c, sql| sqlx::query_as(sql).bind(ids).fetch_all(c).await)?)
}

/// Who runs the tenants that the caller belongs to or sees, oldest first.
pub(crate) async fn tenant_admins(
    tx: &mut Tx,
    tenants: impl Iterator<Item = Uuid>,
) -> Result<Vec<PersonRow>> {
    let ids = json_ids(tenants);
    Ok(on!(tx, ADMINS_OF_TENANTS, |c, sql| sqlx::query_as(sql).bind(ids).fetch_all(c).await)?)
}

/// Writes what can be changed of an organization.
pub(crate) async fn update(tx: &mut Tx, o: &Organization, now: Timestamp) -> Result<()> {
    on!(tx, UPDATE, |c, sql| {
        let query = sqlx::query(sql).bind(o.id).bind(&o.name).bind(&o.domain).bind(&o.description);
        let query = query.bind(&o.logo_url).bind(o.max_users).bind(&o.default_role).bind(o.join_enabled);
        query.bind(o.is_active).bind(o.allow_global_data_access).bind(now).execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Puts another join token in the place of the one that there was.
pub(crate) async fn replace_token(
    tx: &mut Tx,
    id: Uuid,
    token: &str,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    on!(tx, TOKEN, |c, sql| {
        let query = sqlx::query(sql).bind(id).bind(token).bind(now).bind(expires_at);
        query.execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Archives an organization.
pub(crate) async fn archive(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<()> {
    on!(tx, ARCHIVE, |c, sql| sqlx::query(sql).bind(id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// People of an organization with a role or any, newest first, and how many there are.
pub(crate) async fn users(
    tx: &mut Tx,
    organization: Uuid,
    role: Option<&str>,
    part: Window,
) -> Result<(Vec<User>, i64)> {
    let total = on!(tx, COUNT_USERS, |c, sql| {
        sqlx::query_scalar(sql).bind(organization).bind(role).fetch_one(c).await
    });
    let users = on!(tx, USERS, |c, sql| {
        let query = sqlx::query_as(sql).bind(organization).bind(role);
        query.bind(part.limit).bind(part.skip).fetch_all(c).await
    });
    Ok((users?, total?))
}

/// How many people an organization has, and how many of them are switched on.
pub(crate) async fn count_people(tx: &mut Tx, organization: Uuid) -> Result<(i64, i64)> {
    Ok(on!(tx, COUNT_PEOPLE, |c, sql| sqlx::query_as(sql).bind(organization).fetch_one(c).await)?)
}

/// Who runs an organization, oldest first.
pub(crate) async fn admins(tx: &mut Tx, organization: Uuid) -> Result<Vec<PersonRow>> {
    Ok(on!(tx, ADMINS, |c, sql| sqlx::query_as(sql).bind(organization).fetch_all(c).await)?)
}

/// The addresses that an organization lets in, newest first, and how many there are.
pub(crate) async fn whitelist(
    tx: &mut Tx,
    organization: Uuid,
    part: Window,
) -> Result<(Vec<Whitelisted>, i64)> {
    let total =
        on!(tx, COUNT_WHITELIST, |c, sql| sqlx::query_scalar(sql).bind(organization).fetch_one(c).await);
    let entries = on!(tx, WHITELIST, |c, sql| {
        sqlx::query_as(sql).bind(organization).bind(part.limit).bind(part.skip).fetch_all(c).await
    });
    Ok((entries?, total?))
}

/// Adds an address to those that an organization lets in; none when it is among them already.
pub(crate) async fn add_to_whitelist(
    tx: &mut Tx,
    organization: Uuid,
    email: &str,
    by: Uuid,
    now: Timestamp,
) -> Result<Option<Whitelisted>> {
    Ok(on!(tx, ADD_TO_WHITELIST, |c, sql| {
        let query = sqlx::query_as(sql).bind(Uuid::now_v7()).bind(organization).bind(email);
        query.bind(by).bind(now).fetch_optional(c).await
    })?)
}

/// Takes an address from those that an organization lets in; says whether it was there.
pub(crate) async fn remove_from_whitelist(tx: &mut Tx, organization: Uuid, email: &str) -> Result<bool> {
    let removed = on!(tx, REMOVE_FROM_WHITELIST, |c, sql| {
        sqlx::query(sql).bind(organization).bind(email).execute(c).await.map(|done| done.rows_affected())
    })?;
    Ok(removed > 0)
}

/// Whether an organization lets this address in.
pub(crate) async fn whitelisted(tx: &mut Tx, organization: Uuid, email: &str) -> Result<bool> {
    let found: i64 = on!(tx, WHITELISTED, |c, sql| {
        sqlx::query_scalar(sql).bind(organization).bind(email).fetch_one(c).await
    })?;
    Ok(found > 0)
}
