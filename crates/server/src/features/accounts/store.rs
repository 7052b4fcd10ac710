//! SQL of accounts.

use accunode_db::{Result, Timestamp, Tx, bulk::json_texts, on, sql};
use accunode_domain::{Belongs, Error, OrganizationId, Role, TenantId, UserId};
use serde_json::{Value, json};
use sqlx::FromRow;
use uuid::Uuid;

/// An account as the rules need it.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Account {
    /// Its id.
    pub id: Uuid,
    /// Address, in lower case.
    pub email: String,
    /// Unique name.
    pub username: String,
    /// Name for people.
    pub full_name: Option<String>,
    /// Role by name.
    pub role: String,
    /// Its tenant.
    pub tenant_id: Option<Uuid>,
    /// Its organization.
    pub organization_id: Option<Uuid>,
    /// False when switched off.
    pub is_active: bool,
    /// When it was made.
    pub created_at: Timestamp,
    /// The last sign-in.
    pub last_login: Option<Timestamp>,
}

impl Account {
    /// Whose it is, for questions of reach.
    #[must_use]
    pub fn belongs(&self) -> Belongs {
        Belongs {
            owner: Some(UserId(self.id)),
            organization: self.organization_id.map(OrganizationId),
            tenant: self.tenant_id.map(TenantId),
        }
    }

    /// The account as the audit log keeps it.
    #[must_use]
    pub fn state(&self) -> Value {
        json!({
            "email": self.email,
            "username": self.username,
            "full_name": self.full_name,
            "role": self.role,
            "tenant_id": self.tenant_id,
            "organization_id": self.organization_id,
            "is_active": self.is_active,
        })
    }

    /// The role.
    ///
    /// # Errors
    /// When the database holds an unknown one, which its constraint forbids.
    pub fn role(&self) -> accunode_domain::Result<Role> {
        self.role.parse().map_err(|e: String| Error::internal(e))
    }
}

/// An organization as placing people needs it.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Place {
    pub(crate) id: Uuid,
    pub(crate) tenant_id: Option<Uuid>,
    pub(crate) name: String,
    pub(crate) is_active: bool,
    pub(crate) archived: bool,
    pub(crate) max_users: i32,
}

macro_rules! account {
    () => {
        "SELECT u.id, u.email, u.username, u.full_name, u.role, u.tenant_id, u.organization_id, u.is_active,
                u.created_at, u.last_login FROM users u"
    };
}

macro_rules! organization {
    () => {
        "SELECT o.id, o.tenant_id, o.name, o.is_active, o.archived_at IS NOT NULL AS archived, o.max_users
         FROM organizations o"
    };
}

/// People in sight: $1 the caller, $2 the own organization, $3 the tenant that one runs, $4 whether all are.
macro_rules! visible {
    () => {
        " WHERE u.deleted_at IS NULL
            AND (u.id = $1 OR u.organization_id = $2 OR u.tenant_id = $3 OR $4)"
    };
}

sql! {
    VISIBLE = concat!(account!(), visible!(), " AND u.id = $5");
    VISIBLE_BY_EMAIL = concat!(account!(), visible!(), " AND u.email = $5");
    LOCKED { pg: concat!(account!(), " WHERE u.id = $1 AND u.deleted_at IS NULL FOR UPDATE"),
             lite: concat!(account!(), " WHERE u.id = $1 AND u.deleted_at IS NULL") };
    /// Whether it is active, if it is not archived.
    LOCK_TENANT { pg: "SELECT is_active FROM tenants WHERE id = $1 AND archived_at IS NULL FOR NO KEY UPDATE",
                  lite: "SELECT is_active FROM tenants WHERE id = $1 AND archived_at IS NULL" };
    LOCK_ORGANIZATION { pg: concat!(organization!(), " WHERE o.id = $1 FOR NO KEY UPDATE"),
                        lite: concat!(organization!(), " WHERE o.id = $1") };
    /// $1 the caller's organization, $2 the tenant that one runs, $3 whether all are in sight.
    VISIBLE_ORGANIZATION = concat!(organization!(), " WHERE o.archived_at IS NULL
        AND (o.id = $1 OR o.tenant_id = $2 OR $3) AND o.id = $4");
    LOCK_PLATFORM { pg: "SELECT id FROM users WHERE role = 'super_admin' ORDER BY id FOR NO KEY UPDATE",
                    lite: "SELECT id FROM users WHERE role = 'super_admin'" };
    MEMBERS = "SELECT COUNT(*) FROM users WHERE organization_id = $1 AND deleted_at IS NULL";
    /// Active people with a role besides one: of an organization ($3) or a tenant ($4), or of all.
    OTHERS = "SELECT COUNT(*) FROM users
              WHERE role = $1 AND id <> $2 AND is_active AND deleted_at IS NULL
                AND (CAST($3 AS uuid) IS NULL OR organization_id = $3)
                AND (CAST($4 AS uuid) IS NULL OR tenant_id = $4)";
    TAKEN { pg: "SELECT username FROM users
                 WHERE username IN (SELECT jsonb_array_elements_text($1::jsonb))",
            lite: "SELECT username FROM users WHERE username IN (SELECT value FROM json_each($1))" };
    INSERT = "INSERT INTO users (id, email, username, password_hash, full_name, role, tenant_id,
                                 organization_id, is_active, must_change_password, created_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE, $9, $10)";
    PLACE = "UPDATE users SET role = $2, tenant_id = $3, organization_id = $4, is_active = $5, updated_at = $6
             WHERE id = $1";
    CLOSE = "UPDATE users SET deleted_at = $2, updated_at = $2, is_active = FALSE, full_name = NULL,
                    email = $3, username = $4, password_hash = ''
             WHERE id = $1";
    END_TOKENS = "UPDATE users SET token_version = token_version + 1 WHERE id = $1";
    END_SESSIONS = "UPDATE sessions SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";
    END_KEYS = "UPDATE api_keys SET revoked_at = $2 WHERE user_id = $1 AND revoked_at IS NULL";
}

/// The account with this id, if the caller sees it.
pub(crate) async fn visible(tx: &mut Tx, id: Uuid) -> Result<Option<Account>> {
    let s = tx.scope();
    Ok(on!(tx, VISIBLE, |c, sql| sqlx::query_as(sql)
        .bind(s.user_id)
        .bind(s.organization_id)
        .bind(s.runs_tenant())
        .bind(s.sees_all())
        .bind(id)
        .fetch_optional(c)
        .await)?)
}

/// The account with this address, if the caller sees it.
pub(crate) async fn visible_by_email(tx: &mut Tx, email: &str) -> Result<Option<Account>> {
    let s = tx.scope();
    Ok(on!(tx, VISIBLE_BY_EMAIL, |c, sql| sqlx::query_as(sql)
        .bind(s.user_id)
        .bind(s.organization_id)
        .bind(s.runs_tenant())
        .bind(s.sees_all())
        .bind(email)
        .fetch_optional(c)
        .await)?)
}

/// The account with this id, held until the transaction ends.
pub(crate) async fn locked(tx: &mut Tx, id: Uuid) -> Result<Option<Account>> {
    Ok(on!(tx, LOCKED, |c, sql| sqlx::query_as(sql).bind(id).fetch_optional(c).await)?)
}

/// Holds a tenant until the transaction ends, so that its administrators are counted by one at a time. Says whether
/// it is active; none when it is archived or not there.
pub(crate) async fn lock_tenant(tx: &mut Tx, id: Uuid) -> Result<Option<bool>> {
    Ok(on!(tx, LOCK_TENANT, |c, sql| sqlx::query_scalar(sql).bind(id).fetch_optional(c).await)?)
}

/// The organization with this id, if the caller sees it and it is not archived.
pub(crate) async fn visible_organization(tx: &mut Tx, id: Uuid) -> Result<Option<Place>> {
    let s = tx.scope();
    Ok(on!(tx, VISIBLE_ORGANIZATION, |c, sql| sqlx::query_as(sql)
        .bind(s.organization_id)
        .bind(s.runs_tenant())
        .bind(s.sees_all())
        .bind(id)
        .fetch_optional(c)
        .await)?)
}

/// Holds an organization until the transaction ends, so that its people are counted by one at a time.
pub(crate) async fn lock_organization(tx: &mut Tx, id: Uuid) -> Result<Option<Place>> {
    Ok(on!(tx, LOCK_ORGANIZATION, |c, sql| sqlx::query_as(sql).bind(id).fetch_optional(c).await)?)
}

/// Holds the super_admins until the transaction ends.
pub(crate) async fn lock_platform(tx: &mut Tx) -> Result<()> {
    on!(tx, LOCK_PLATFORM, |c, sql| sqlx::query(sql).execute(c).await.map(drop))?;
    Ok(())
}

/// How many people an organization holds.
pub(crate) async fn members(tx: &mut Tx, organization: Uuid) -> Result<i64> {
    Ok(on!(tx, MEMBERS, |c, sql| sqlx::query_scalar(sql).bind(organization).fetch_one(c).await)?)
}

/// How many active people besides `besides` have a role in an organization or tenant, or at all.
pub(crate) async fn others(
    tx: &mut Tx,
    role: Role,
    besides: Uuid,
    organization: Option<Uuid>,
    tenant: Option<Uuid>,
) -> Result<i64> {
    Ok(on!(tx, OTHERS, |c, sql| sqlx::query_scalar(sql)
        .bind(role.as_str())
        .bind(besides)
        .bind(organization)
        .bind(tenant)
        .fetch_one(c)
        .await)?)
}

/// Those of the names that are taken.
pub(crate) async fn taken(tx: &mut Tx, names: &[String]) -> Result<Vec<String>> {
    let names = json_texts(names.iter().map(String::as_str));
    Ok(on!(tx, TAKEN, |c, sql| sqlx::query_scalar(sql).bind(names).fetch_all(c).await)?)
}

/// Stores a new account.
pub(crate) async fn insert(
    tx: &mut Tx,
    account: &Account,
    password_hash: &str,
    must_change_password: bool,
) -> Result<()> {
    on!(tx, INSERT, |c, sql| {
        let query = sqlx::query(sql).bind(account.id).bind(&account.email).bind(&account.username);
        let query = query.bind(password_hash).bind(&account.full_name).bind(&account.role);
        let query = query.bind(account.tenant_id).bind(account.organization_id);
        query.bind(must_change_password).bind(account.created_at).execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Writes an account's role, place and whether it is on.
pub(crate) async fn place(tx: &mut Tx, account: &Account, now: Timestamp) -> Result<()> {
    on!(tx, PLACE, |c, sql| sqlx::query(sql)
        .bind(account.id)
        .bind(&account.role)
        .bind(account.tenant_id)
        .bind(account.organization_id)
        .bind(account.is_active)
        .bind(now)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Closes an account: its address and name are free again, what it made stays. It gets a name that nobody can
/// choose, or somebody could keep it from being closed.
pub(crate) async fn close(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<()> {
    on!(tx, CLOSE, |c, sql| sqlx::query(sql)
        .bind(id)
        .bind(now)
        .bind(format!("closed-{id}@invalid"))
        .bind(format!("closed.{id}"))
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Ends every session and access token of an account, now.
pub(crate) async fn end_sessions(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<()> {
    on!(tx, END_TOKENS, |c, sql| sqlx::query(sql).bind(id).execute(c).await.map(drop))?;
    on!(tx, END_SESSIONS, |c, sql| sqlx::query(sql).bind(id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Revokes every API key of an account.
pub(crate) async fn end_keys(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<()> {
    on!(tx, END_KEYS, |c, sql| sqlx::query(sql).bind(id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}
