//! SQL of signing in.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// An account as authentication needs it.
#[derive(Debug, FromRow)]
pub(crate) struct Account {
    /// Its id.
    pub(crate) id: Uuid,
    /// Its address.
    pub(crate) email: String,
    /// Argon2id PHC string, or a bcrypt hash of an account that was brought along.
    pub(crate) password_hash: String,
    /// Its tenant.
    pub(crate) tenant_id: Option<Uuid>,
    /// False when somebody switched it off.
    pub(crate) is_active: bool,
    /// False when its organization or tenant is switched off or archived.
    pub(crate) place_active: bool,
    /// Tokens of an older version are void.
    pub(crate) token_version: i64,
    /// Whether the password must be changed first.
    pub(crate) must_change_password: bool,
}

/// A tenant_admin is not blocked by an inactive organization: somebody has to be able to switch it on again.
macro_rules! place_active {
    () => {
        "(o.id IS NULL OR u.role = 'tenant_admin' OR (o.is_active AND o.archived_at IS NULL))
         AND (t.id IS NULL OR (t.is_active AND t.archived_at IS NULL)) AS place_active"
    };
}

/// A user's organization and tenant.
macro_rules! placed {
    () => {
        " LEFT JOIN organizations o ON o.id = u.organization_id
          LEFT JOIN tenants t ON t.id = COALESCE(o.tenant_id, u.tenant_id)"
    };
}

pub(super) use {place_active, placed};

macro_rules! account {
    ($which:literal) => {
        concat!(
            "SELECT u.id, u.email, u.password_hash, COALESCE(o.tenant_id, u.tenant_id) AS tenant_id, u.is_active,
                CAST(u.token_version AS BIGINT) AS token_version,
                u.must_change_password, ",
            place_active!(),
            " FROM users u",
            placed!(),
            " WHERE u.deleted_at IS NULL AND ",
            $which
        )
    };
}

sql! {
    BY_EMAIL = account!("u.email = $1");
    BY_ID = account!("u.id = $1");
    INSERT_SESSION = "INSERT INTO sessions (id, user_id, refresh_hash, token_version, address, created_at, expires_at)
                      VALUES ($1, $2, $3, $4, $5, $6, $7)";
    REFRESH = "UPDATE sessions SET refreshed_at = $2
               WHERE refresh_hash = $1 AND revoked_at IS NULL AND expires_at > $2
               RETURNING id, user_id, CAST(token_version AS BIGINT) AS token_version, expires_at";
    REVOKE = "UPDATE sessions SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL RETURNING user_id";
    REVOKE_BY_HASH = "UPDATE sessions SET revoked_at = $2 WHERE refresh_hash = $1 AND revoked_at IS NULL
                      RETURNING user_id";
    PRUNE_SESSIONS = "DELETE FROM sessions WHERE user_id = $1 AND expires_at < $2";
    /// Sessions whose time is up: of everybody, those of people who never came back among them.
    PRUNE_ALL_SESSIONS = "DELETE FROM sessions WHERE expires_at < $1";
    TOUCH_LOGIN = "UPDATE users SET last_login = $2 WHERE id = $1";
    REHASH = "UPDATE users SET password_hash = $3 WHERE id = $1 AND password_hash = $2";
    SET_PASSWORD = "UPDATE users SET password_hash = $2, password_changed_at = $3, updated_at = $3,
                                     must_change_password = FALSE
                    WHERE id = $1 AND deleted_at IS NULL AND (CAST($4 AS TEXT) IS NULL OR password_hash = $4)";
    MARK_JOINED = "UPDATE users SET joined_via_token = TRUE, whitelist_email = email WHERE id = $1";
    BY_JOIN_TOKEN = "SELECT o.id, o.name, o.tenant_id, o.join_enabled FROM organizations o
                     LEFT JOIN tenants t ON t.id = o.tenant_id
                     WHERE o.join_token = $1 AND o.is_active AND o.archived_at IS NULL
                       AND (t.id IS NULL OR (t.is_active AND t.archived_at IS NULL))
                       AND (o.join_expires_at IS NULL OR o.join_expires_at > $2)";
    WITH_ROLE = "SELECT COUNT(*) FROM users WHERE role = $1 AND deleted_at IS NULL";
    /// Lets one server at a time look for a super_admin; SQLite has one writer anyway.
    LOCK_FIRST { pg: "SELECT 1 FROM (SELECT pg_advisory_xact_lock(4711220011)) AS held", lite: "SELECT 1" };
    TENANT_BY_SLUG = "SELECT id FROM tenants WHERE slug = $1 AND archived_at IS NULL";
    ORGANIZATION_BY_SLUG = "SELECT id, tenant_id FROM organizations WHERE slug = $1 AND archived_at IS NULL";
}

/// A session that has just been used.
#[derive(Debug, FromRow)]
pub(super) struct Refreshed {
    /// Its id.
    pub(super) id: Uuid,
    /// Whose it is.
    pub(super) user_id: Uuid,
    /// The user's token version when it began.
    pub(super) token_version: i64,
    /// Its end.
    pub(super) expires_at: Timestamp,
}

/// A sign-in to be stored.
pub(super) struct NewSession<'a> {
    /// Its id.
    pub(super) id: Uuid,
    /// Hash of its refresh token.
    pub(super) refresh_hash: &'a str,
    /// Where it comes from.
    pub(super) address: Option<&'a str>,
    /// Its end.
    pub(super) expires_at: Timestamp,
}

/// An organization that can be joined by its token.
#[derive(Debug, FromRow)]
pub(super) struct Joinable {
    /// Its id.
    pub(super) id: Uuid,
    /// Its name.
    pub(super) name: String,
    /// Its tenant.
    pub(super) tenant_id: Option<Uuid>,
    /// Whether joining is on.
    pub(super) join_enabled: bool,
}

/// The account with this address, compared in lower case.
pub(crate) async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<Account>> {
    Ok(on!(tx, BY_EMAIL, |c, sql| sqlx::query_as::<_, Account>(sql).bind(email).fetch_optional(c).await)?)
}

/// The account with this id.
pub(crate) async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<Account>> {
    Ok(on!(tx, BY_ID, |c, sql| sqlx::query_as::<_, Account>(sql).bind(id).fetch_optional(c).await)?)
}

/// Stores a sign-in of this account and forgets those of it that have ended by themselves.
pub(super) async fn insert_session(
    tx: &mut Tx,
    account: &Account,
    new: &NewSession<'_>,
    now: Timestamp,
) -> Result<()> {
    on!(tx, PRUNE_SESSIONS, |c, sql| sqlx::query(sql).bind(account.id).bind(now).execute(c).await.map(drop))?;
    on!(tx, INSERT_SESSION, |c, sql| {
        let query = sqlx::query(sql).bind(new.id).bind(account.id).bind(new.refresh_hash);
        let query = query.bind(account.token_version).bind(new.address).bind(now).bind(new.expires_at);
        query.execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Uses the session with this refresh token, if it is neither revoked nor over.
pub(super) async fn refresh(tx: &mut Tx, refresh_hash: &str, now: Timestamp) -> Result<Option<Refreshed>> {
    Ok(on!(tx, REFRESH, |c, sql| sqlx::query_as(sql).bind(refresh_hash).bind(now).fetch_optional(c).await)?)
}

/// Revokes a session; whose it was, if it was not revoked already.
pub(super) async fn revoke(tx: &mut Tx, session: Uuid, now: Timestamp) -> Result<Option<Uuid>> {
    Ok(on!(tx, REVOKE, |c, sql| sqlx::query_scalar(sql).bind(session).bind(now).fetch_optional(c).await)?)
}

/// As [`revoke`], by the refresh token's hash.
pub(super) async fn revoke_by_hash(tx: &mut Tx, hash: &str, now: Timestamp) -> Result<Option<Uuid>> {
    Ok(on!(tx, REVOKE_BY_HASH, |c, sql| sqlx::query_scalar(sql)
        .bind(hash)
        .bind(now)
        .fetch_optional(c)
        .await)?)
}

/// Notes the time of a sign-in.
pub(super) async fn touch_login(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<()> {
    on!(tx, TOUCH_LOGIN, |c, sql| sqlx::query(sql).bind(id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Puts another hash of the same password in the place of one, if that is still there.
pub(super) async fn rehash(tx: &mut Tx, id: Uuid, old: &str, new: &str) -> Result<()> {
    on!(tx, REHASH, |c, sql| sqlx::query(sql).bind(id).bind(old).bind(new).execute(c).await.map(drop))?;
    Ok(())
}

/// Stores a new password, if the account is there and, when `old` is given, that is still its hash.
pub(super) async fn set_password(
    tx: &mut Tx,
    id: Uuid,
    old: Option<&str>,
    new: &str,
    now: Timestamp,
) -> Result<bool> {
    let rows = on!(tx, SET_PASSWORD, |c, sql| sqlx::query(sql)
        .bind(id)
        .bind(new)
        .bind(now)
        .bind(old)
        .execute(c)
        .await
        .map(|r| r.rows_affected()))?;
    Ok(rows == 1)
}

/// Notes that an account has joined by a token.
pub(super) async fn mark_joined(tx: &mut Tx, id: Uuid) -> Result<()> {
    on!(tx, MARK_JOINED, |c, sql| sqlx::query(sql).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// The active organization with this join token, if the token is not over.
pub(super) async fn by_join_token(tx: &mut Tx, token: &str, now: Timestamp) -> Result<Option<Joinable>> {
    Ok(on!(tx, BY_JOIN_TOKEN, |c, sql| sqlx::query_as(sql).bind(token).bind(now).fetch_optional(c).await)?)
}

/// How many accounts have a role, counted by one server at a time until the transaction ends.
pub(super) async fn count_role(tx: &mut Tx, role: &str) -> Result<i64> {
    on!(tx, LOCK_FIRST, |c, sql| sqlx::query(sql).execute(c).await.map(drop))?;
    Ok(on!(tx, WITH_ROLE, |c, sql| sqlx::query_scalar(sql).bind(role).fetch_one(c).await)?)
}

/// The tenant with this slug.
pub(super) async fn tenant_by_slug(tx: &mut Tx, slug: &str) -> Result<Option<Uuid>> {
    Ok(on!(tx, TENANT_BY_SLUG, |c, sql| sqlx::query_scalar(sql).bind(slug).fetch_optional(c).await)?)
}

/// The organization with this slug, and its tenant.
pub(super) async fn organization_by_slug(tx: &mut Tx, slug: &str) -> Result<Option<(Uuid, Option<Uuid>)>> {
    Ok(on!(tx, ORGANIZATION_BY_SLUG, |c, sql| sqlx::query_as(sql).bind(slug).fetch_optional(c).await)?)
}

/// Forgets every session that ended before a moment; how many there were.
pub(super) async fn prune_all_sessions(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    Ok(on!(tx, PRUNE_ALL_SESSIONS, |c, sql| sqlx::query(sql)
        .bind(before)
        .execute(c)
        .await
        .map(|r| r.rows_affected()))?)
}
