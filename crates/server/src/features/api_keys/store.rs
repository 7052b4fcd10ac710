//! SQL of API keys. Everything but recognising one binds the owner from the transaction.

use accunode_db::{Result, Timestamp, Tx, bulk::json_texts, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// A key without its secret.
#[derive(Clone, Debug, FromRow)]
pub(super) struct Row {
    pub(super) id: Uuid,
    pub(super) name: String,
    pub(super) prefix: String,
    /// JSON array of names.
    pub(super) permissions: String,
    pub(super) created_at: Timestamp,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) last_used_at: Option<Timestamp>,
    pub(super) revoked_at: Option<Timestamp>,
}

/// What recognising a key needs.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct Found {
    pub(super) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) key_hash: String,
    pub(super) permissions: String,
    pub(super) last_used_at: Option<Timestamp>,
}

macro_rules! key {
    () => {
        "SELECT id, name, prefix, permissions, created_at, expires_at, last_used_at, revoked_at FROM api_keys
         WHERE user_id = $1"
    };
}

macro_rules! by_hash {
    ($listed:literal) => {
        concat!(
            "SELECT id, user_id, key_hash, permissions, last_used_at FROM api_keys WHERE key_hash ",
            $listed,
            " AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)"
        )
    };
}

sql! {
    OWN = concat!(key!(), " ORDER BY CASE WHEN revoked_at IS NULL THEN 0 ELSE 1 END, created_at DESC, id DESC
                            LIMIT 200");
    OWN_BY_ID = concat!(key!(), " AND id = $2");
    LIVE = "SELECT COUNT(*) FROM api_keys
            WHERE user_id = $1 AND revoked_at IS NULL AND (expires_at IS NULL OR expires_at > $2)";
    INSERT = "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, permissions, created_at, expires_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    REVOKE = "UPDATE api_keys SET revoked_at = $3 WHERE user_id = $1 AND id = $2 AND revoked_at IS NULL";
    /// $1 hashes as a JSON list.
    LIVE_BY_HASH {
        pg: by_hash!("= ANY (ARRAY(SELECT jsonb_array_elements_text($1::jsonb)))"),
        lite: by_hash!("IN (SELECT value FROM json_each($1))")
    };
    /// $3: a use after it is known already.
    TOUCH = "UPDATE api_keys SET last_used_at = $2 WHERE id = $1 AND (last_used_at IS NULL OR last_used_at <= $3)";
}

/// The caller's keys.
pub(super) async fn own(tx: &mut Tx) -> Result<Vec<Row>> {
    let user = tx.scope().user_id;
    Ok(on!(tx, OWN, |c, sql| sqlx::query_as(sql).bind(user).fetch_all(c).await)?)
}

/// One of the caller's keys.
pub(super) async fn own_by_id(tx: &mut Tx, id: Uuid) -> Result<Option<Row>> {
    let user = tx.scope().user_id;
    Ok(on!(tx, OWN_BY_ID, |c, sql| sqlx::query_as(sql).bind(user).bind(id).fetch_optional(c).await)?)
}

/// How many of the caller's keys can be used.
pub(super) async fn live(tx: &mut Tx, now: Timestamp) -> Result<i64> {
    let user = tx.scope().user_id;
    Ok(on!(tx, LIVE, |c, sql| sqlx::query_scalar(sql).bind(user).bind(now).fetch_one(c).await)?)
}

/// Stores a key of the caller's.
pub(super) async fn insert(tx: &mut Tx, row: &Row, key_hash: &str) -> Result<()> {
    let user = tx.scope().user_id;
    on!(tx, INSERT, |c, sql| {
        let query = sqlx::query(sql).bind(row.id).bind(user).bind(&row.name).bind(&row.prefix);
        let query = query.bind(key_hash).bind(&row.permissions).bind(row.created_at).bind(row.expires_at);
        query.execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Revokes one of the caller's keys; false when it was revoked already.
pub(super) async fn revoke(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<bool> {
    let user = tx.scope().user_id;
    let rows = on!(tx, REVOKE, |c, sql| sqlx::query(sql)
        .bind(user)
        .bind(id)
        .bind(now)
        .execute(c)
        .await
        .map(|r| r.rows_affected()))?;
    Ok(rows == 1)
}

/// The live keys with these hashes, whoever asks: for recognising callers.
pub(crate) async fn live_by_hash<'a>(
    tx: &mut Tx,
    hashes: impl IntoIterator<Item = &'a str>,
    now: Timestamp,
) -> Result<Vec<Found>> {
    let list = json_texts(hashes);
    Ok(on!(tx, LIVE_BY_HASH, |c, sql| sqlx::query_as(sql).bind(&list).bind(now).fetch_all(c).await)?)
}

/// Notes a use.
pub(super) async fn touch(tx: &mut Tx, id: Uuid, now: Timestamp, known: Timestamp) -> Result<()> {
    on!(tx, TOUCH, |c, sql| sqlx::query(sql).bind(id).bind(now).bind(known).execute(c).await.map(drop))?;
    Ok(())
}
