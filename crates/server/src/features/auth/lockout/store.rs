//! SQL of failed sign-ins.

use accunode_db::{Result, Timestamp, Tx, on, sql};

sql! {
    /// $3: failures before it are forgotten.
    COUNT = "INSERT INTO sign_in_failures (key, failures, updated_at) VALUES ($1, 1, $2)
             ON CONFLICT (key) DO UPDATE SET
                 failures = CASE WHEN sign_in_failures.updated_at < $3 THEN 1
                                 ELSE sign_in_failures.failures + 1 END,
                 updated_at = $2
             RETURNING CAST(failures AS BIGINT) AS failures, locked_until";
    SIGNED_IN_FROM = "SELECT DISTINCT s.address FROM sessions s JOIN users u ON u.id = s.user_id
                      WHERE u.email = $1 AND u.deleted_at IS NULL AND s.address IS NOT NULL AND s.expires_at > $2
                      LIMIT 1000";
    LOCK = "UPDATE sign_in_failures SET locked_until = $2 WHERE key = $1";
    FORGIVE = "UPDATE sign_in_failures
               SET failures = CASE WHEN failures > $2 THEN failures - $2 ELSE 0 END,
                   locked_until = CASE WHEN locked_until = $3 THEN NULL ELSE locked_until END
               WHERE key = $1";
    FORGET = "DELETE FROM sign_in_failures WHERE key = $1";
    TOUCH = "UPDATE sign_in_failures SET updated_at = $2 WHERE key = $1 AND updated_at < $2";
    /// Passes over what an attempt holds at the moment.
    PRUNE { pg: "DELETE FROM sign_in_failures WHERE key IN
                     (SELECT key FROM sign_in_failures WHERE updated_at < $1 LIMIT 1000 FOR UPDATE SKIP LOCKED)",
            lite: "DELETE FROM sign_in_failures WHERE key IN
                     (SELECT key FROM sign_in_failures WHERE updated_at < $1 LIMIT 1000)" };
}

/// Counts a failure: how many there are now, and until when the key was locked before.
pub(super) async fn count(
    tx: &mut Tx,
    key: &str,
    now: Timestamp,
    forgotten: Timestamp,
) -> Result<(i64, Option<Timestamp>)> {
    Ok(on!(tx, COUNT, |c, sql| sqlx::query_as(sql).bind(key).bind(now).bind(forgotten).fetch_one(c).await)?)
}

/// The addresses that an account was signed in from within a session's time.
pub(super) async fn signed_in_from(tx: &mut Tx, email: &str, now: Timestamp) -> Result<Vec<String>> {
    Ok(on!(tx, SIGNED_IN_FROM, |c, sql| sqlx::query_scalar(sql).bind(email).bind(now).fetch_all(c).await)?)
}

/// Locks a key.
pub(super) async fn lock(tx: &mut Tx, key: &str, until: Timestamp) -> Result<()> {
    on!(tx, LOCK, |c, sql| sqlx::query(sql).bind(key).bind(until).execute(c).await.map(drop))?;
    Ok(())
}

/// Takes some failures and one lock back.
pub(super) async fn forgive(tx: &mut Tx, key: &str, failures: i64, lock: Option<Timestamp>) -> Result<()> {
    on!(tx, FORGIVE, |c, sql| sqlx::query(sql)
        .bind(key)
        .bind(failures)
        .bind(lock)
        .execute(c)
        .await
        .map(drop))?;
    Ok(())
}

/// Forgets a key.
pub(super) async fn forget(tx: &mut Tx, key: &str) -> Result<()> {
    on!(tx, FORGET, |c, sql| sqlx::query(sql).bind(key).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes that a failure is as recent as this.
pub(super) async fn touch(tx: &mut Tx, key: &str, now: Timestamp) -> Result<()> {
    on!(tx, TOUCH, |c, sql| sqlx::query(sql).bind(key).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets old keys.
pub(super) async fn prune(tx: &mut Tx, before: Timestamp) -> Result<()> {
    on!(tx, PRUNE, |c, sql| sqlx::query(sql).bind(before).execute(c).await.map(drop))?;
    Ok(())
}
