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
    /// Role by name.
    pub(crate) role: String,
    /// Its tenant.
    pub(crate) tenant_id: Option<Uuid>,
    /// Its organization.
    pub(crate) organization_id: Option<Uuid>,
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
macro_rules! account {
    () => {
        "SELECT u.id, u.email, u.password_hash, u.role, COALESCE(o.tenant_id, u.tenant_id) AS tenant_id,
                u.organization_id, u.is_active, CAST(u.token_version AS BIGINT) AS token_version,
                u.must_change_password,
                (o.id IS NULL OR u.role = 'tenant_admin' OR (o.is_active AND o.archived_at IS NULL))
                AND (t.id IS NULL OR (t.is_active AND t.archived_at IS NULL)) AS place_active
         FROM users u
         LEFT JOIN organizations o ON o.id = u.organization_id
         LEFT JOIN tenants t ON t.id = COALESCE(o.tenant_id, u.tenant_id)"
    };
}

sql! {
    BY_EMAIL = concat!(account!(), " WHERE u.email = $1 AND u.deleted_at IS NULL");
    BY_ID = concat!(account!(), " WHERE u.id = $1 AND u.deleted_at IS NULL");
    SESSION_HOLDS = "SELECT COUNT(*) FROM sessions
                     WHERE id = $1 AND user_id = $2 AND revoked_at IS NULL AND expires_at > $3";
    TOUCH_LOGIN = "UPDATE users SET last_login = $2 WHERE id = $1";
    ANY_WITH_ROLE = "SELECT COUNT(*) FROM users WHERE role = $1";
}

/// The account with this address, compared in lower case.
pub(crate) async fn by_email(tx: &mut Tx, email: &str) -> Result<Option<Account>> {
    Ok(on!(tx, BY_EMAIL, |c, sql| sqlx::query_as::<_, Account>(sql).bind(email).fetch_optional(c).await)?)
}

/// The account with this id.
pub(crate) async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<Account>> {
    Ok(on!(tx, BY_ID, |c, sql| sqlx::query_as::<_, Account>(sql).bind(id).fetch_optional(c).await)?)
}

/// Notes the time of a login.
pub(crate) async fn touch_login(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<()> {
    on!(tx, TOUCH_LOGIN, |c, sql| sqlx::query(sql).bind(id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// How many accounts have a role.
pub(crate) async fn count_role(tx: &mut Tx, role: &str) -> Result<i64> {
    Ok(on!(tx, ANY_WITH_ROLE, |c, sql| sqlx::query_scalar::<_, i64>(sql).bind(role).fetch_one(c).await)?)
}

/// Whether a sign-in of this user is neither revoked nor over.
pub(crate) async fn session_holds(tx: &mut Tx, session: Uuid, user: Uuid, now: Timestamp) -> Result<bool> {
    let found: i64 = on!(tx, SESSION_HOLDS, |c, sql| sqlx::query_scalar(sql)
        .bind(session)
        .bind(user)
        .bind(now)
        .fetch_one(c)
        .await)?;
    Ok(found == 1)
}
