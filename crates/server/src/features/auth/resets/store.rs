//! SQL of password resets.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use uuid::Uuid;

sql! {
    /// Not those that have not come yet: the clock was set back since.
    ANY_BETWEEN = "SELECT COUNT(*) FROM password_resets
                 WHERE user_id = $1 AND used_at IS NULL AND created_at > $2 AND created_at <= $3";
    /// Forgets the ones before: a row of an account at a time is what counts.
    FORGET = "DELETE FROM password_resets WHERE user_id = $1";
    INSERT = "INSERT INTO password_resets (id, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    RECIPIENT = "SELECT u.email FROM password_resets r JOIN users u ON u.id = r.user_id
                 WHERE r.id = $1 AND r.used_at IS NULL AND r.expires_at > $2
                   AND u.is_active AND u.deleted_at IS NULL";
    ARM = "UPDATE password_resets SET token_hash = $2, expires_at = $3 WHERE id = $1";
    OWNER = "SELECT user_id FROM password_resets WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2";
    REDEEM = "UPDATE password_resets SET used_at = $2
              WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 RETURNING user_id";
    PRUNE = "DELETE FROM password_resets WHERE expires_at < $1";
    VOID = "UPDATE password_resets SET used_at = $2 WHERE user_id = $1 AND used_at IS NULL";
}

/// Whether an open reset was asked for after a moment, and before another.
pub(super) async fn any_between(
    tx: &mut Tx,
    user: Uuid,
    after: Timestamp,
    before: Timestamp,
) -> Result<bool> {
    let found: i64 = on!(tx, ANY_BETWEEN, |c, sql| sqlx::query_scalar(sql)
        .bind(user)
        .bind(after)
        .bind(before)
        .fetch_one(c)
        .await)?;
    Ok(found > 0)
}

/// Stores a reset without a token, in the place of those before it.
pub(super) async fn insert(
    tx: &mut Tx,
    id: Uuid,
    user: Uuid,
    now: Timestamp,
    expires_at: Timestamp,
) -> Result<()> {
    on!(tx, FORGET, |c, sql| sqlx::query(sql).bind(user).execute(c).await.map(drop))?;
    on!(tx, INSERT, |c, sql| sqlx::query(sql)
        .bind(id)
        .bind(user)
        .bind(now)
        .bind(expires_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// The address that an open reset is for.
pub(super) async fn recipient(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<Option<String>> {
    Ok(on!(tx, RECIPIENT, |c, sql| sqlx::query_scalar(sql).bind(id).bind(now).fetch_optional(c).await)?)
}

/// Gives a reset its token, in the place of one that was not sent.
pub(super) async fn arm(tx: &mut Tx, id: Uuid, token_hash: &str, expires_at: Timestamp) -> Result<()> {
    on!(tx, ARM, |c, sql| sqlx::query(sql)
        .bind(id)
        .bind(token_hash)
        .bind(expires_at)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Whose open reset has this token.
pub(super) async fn owner(tx: &mut Tx, token_hash: &str, now: Timestamp) -> Result<Option<Uuid>> {
    Ok(on!(tx, OWNER, |c, sql| sqlx::query_scalar(sql).bind(token_hash).bind(now).fetch_optional(c).await)?)
}

/// Uses an open reset; whose it was.
pub(super) async fn redeem(tx: &mut Tx, token_hash: &str, now: Timestamp) -> Result<Option<Uuid>> {
    Ok(on!(tx, REDEEM, |c, sql| sqlx::query_scalar(sql).bind(token_hash).bind(now).fetch_optional(c).await)?)
}

/// Ends every open reset of an account.
pub(super) async fn void(tx: &mut Tx, user: Uuid, now: Timestamp) -> Result<()> {
    on!(tx, VOID, |c, sql| sqlx::query(sql).bind(user).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets every reset that ended before a moment; how many there were.
pub(super) async fn prune(tx: &mut Tx, before: Timestamp) -> Result<u64> {
    Ok(on!(tx, PRUNE, |c, sql| sqlx::query(sql).bind(before).execute(c).await.map(|r| r.rows_affected()))?)
}
