//! SQL of signing in.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// An account as authentication needs it.
#[derive(Debug, FromRow)]
pub(crate) struct Account {
    /// Its id.
    pub(crate) id: Uuid,
    /// Argon2id PHC string.
    pub(crate) password_hash: String,
    /// Role by name.
    pub(crate) role: String,
    /// Its tenant.
    pub(crate) tenant_id: Option<Uuid>,
    /// Its organization.
    pub(crate) organization_id: Option<Uuid>,
    /// False when somebody switched it off.
    pub(crate) is_active: bool,
    /// Tokens of an older version are void.
    pub(crate) token_version: i64,
}

sql! {
    BY_EMAIL = "SELECT id, password_hash, role, tenant_id, organization_id, is_active,
                       CAST(token_version AS BIGINT) AS token_version
                FROM users WHERE email = $1";
    BY_ID = "SELECT id, password_hash, role, tenant_id, organization_id, is_active,
                    CAST(token_version AS BIGINT) AS token_version
             FROM users WHERE id = $1";
    TOUCH_LOGIN = "UPDATE users SET last_login = $2 WHERE id = $1";
    ANY_WITH_ROLE = "SELECT COUNT(*) FROM users WHERE role = $1";
    INSERT = "INSERT INTO users (id, email, username, password_hash, full_name, role, tenant_id,
                                 organization_id, is_active, created_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, TRUE, $9)";
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

/// A new account.
pub(crate) struct NewAccount<'a> {
    /// Its id.
    pub(crate) id: Uuid,
    /// Address in lower case.
    pub(crate) email: &'a str,
    /// Unique name.
    pub(crate) username: &'a str,
    /// PHC string.
    pub(crate) password_hash: &'a str,
    /// Name for people.
    pub(crate) full_name: Option<&'a str>,
    /// Role by name.
    pub(crate) role: &'a str,
    /// Its tenant.
    pub(crate) tenant_id: Option<Uuid>,
    /// Its organization.
    pub(crate) organization_id: Option<Uuid>,
}

/// Stores a new account.
pub(crate) async fn insert(tx: &mut Tx, new: &NewAccount<'_>, now: Timestamp) -> Result<()> {
    on!(tx, INSERT, |c, sql| {
        let query = sqlx::query(sql).bind(new.id).bind(new.email).bind(new.username).bind(new.password_hash);
        let query = query.bind(new.full_name).bind(new.role).bind(new.tenant_id).bind(new.organization_id);
        query.bind(now).execute(c).await.map(drop)
    })?;
    Ok(())
}
