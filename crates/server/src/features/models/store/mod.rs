//! SQL of models. They are the platform's: everybody who is known may read them, whatever their tenancy; who may see
//! more of them than that they exist is the service's to say.

pub(crate) mod replay;

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// A model.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ModelRow {
    pub(crate) id: Uuid,
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) hash: String,
    pub(crate) file_key: String,
    /// `shipped` or `imported`.
    pub(crate) origin: String,
    pub(crate) golden_rows: i64,
    /// JSON of what the bundle holds.
    pub(crate) summary: String,
    pub(crate) card: Option<String>,
    pub(crate) imported_by: Option<Uuid>,
    pub(crate) imported_by_email: Option<String>,
    pub(crate) created_at: Timestamp,
}

/// That a model was brought into use.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ActivationRow {
    pub(crate) kind: String,
    pub(crate) number: i64,
    pub(crate) model_id: Uuid,
    pub(crate) model_name: String,
    pub(crate) model_version: String,
    pub(crate) model_hash: String,
    pub(crate) activated_by: Option<Uuid>,
    pub(crate) activated_by_email: Option<String>,
    pub(crate) reason: Option<String>,
    pub(crate) created_at: Timestamp,
}

/// Which model of a kind is in use.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct InUse {
    pub(crate) kind: String,
    pub(crate) number: i64,
    pub(crate) hash: String,
}

macro_rules! model {
    () => {
        "SELECT m.id, m.kind, m.name, m.version, m.hash, m.file_key, m.origin, m.golden_rows, m.summary, m.card,
                m.imported_by, u.email AS imported_by_email, m.created_at
         FROM models m LEFT JOIN users u ON u.id = m.imported_by"
    };
}

macro_rules! activation {
    () => {
        "SELECT a.kind, a.number, a.model_id, m.name AS model_name, m.version AS model_version,
                m.hash AS model_hash, a.activated_by, u.email AS activated_by_email, a.reason, a.created_at
         FROM model_activations a JOIN models m ON m.id = a.model_id LEFT JOIN users u ON u.id = a.activated_by
         WHERE (CAST($1 AS TEXT) IS NULL OR a.kind = $1)"
    };
}

sql! {
    LIST = concat!(model!(), " WHERE (CAST($1 AS TEXT) IS NULL OR m.kind = $1)
                              ORDER BY m.created_at DESC, m.id DESC LIMIT $2 OFFSET $3");
    COUNT = "SELECT COUNT(*) FROM models WHERE (CAST($1 AS TEXT) IS NULL OR kind = $1)";
    BY_ID = concat!(model!(), " WHERE m.id = $1");
    BY_HASH = concat!(model!(), " WHERE m.hash = $1");
    INSERT = "INSERT INTO models (id, kind, name, version, hash, file_key, origin, golden_rows, summary, card,
                                  imported_by, created_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
              ON CONFLICT (hash) DO NOTHING";
    IN_USE = "SELECT a.kind, a.number, m.hash FROM model_activations a JOIN models m ON m.id = a.model_id
              WHERE a.number = (SELECT MAX(b.number) FROM model_activations b WHERE b.kind = a.kind)";
    ACTIVATE = "INSERT INTO model_activations (id, kind, number, model_id, activated_by, reason, created_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7)";
    HISTORY = concat!(activation!(), " ORDER BY a.created_at DESC, a.number DESC, a.id DESC LIMIT $2 OFFSET $3");
    LATEST = concat!(activation!(), " ORDER BY a.number DESC LIMIT 2");
    HISTORY_COUNT = "SELECT COUNT(*) FROM model_activations WHERE (CAST($1 AS TEXT) IS NULL OR kind = $1)";
}

/// Models, newest first, and how many there are.
pub(super) async fn list(
    tx: &mut Tx,
    kind: Option<&str>,
    limit: i64,
    skip: i64,
) -> Result<(Vec<ModelRow>, i64)> {
    let rows =
        on!(tx, LIST, |c, sql| sqlx::query_as(sql).bind(kind).bind(limit).bind(skip).fetch_all(c).await)?;
    let total = on!(tx, COUNT, |c, sql| sqlx::query_scalar(sql).bind(kind).fetch_one(c).await)?;
    Ok((rows, total))
}

/// One model.
pub(super) async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<ModelRow>> {
    Ok(on!(tx, BY_ID, |c, sql| sqlx::query_as(sql).bind(id).fetch_optional(c).await)?)
}

/// The model of this hash.
pub(crate) async fn by_hash(tx: &mut Tx, hash: &str) -> Result<Option<ModelRow>> {
    Ok(on!(tx, BY_HASH, |c, sql| sqlx::query_as(sql).bind(hash).fetch_optional(c).await)?)
}

/// Adds a model; false when there is one of its hash already.
pub(crate) async fn insert(tx: &mut Tx, row: &ModelRow) -> Result<bool> {
    let rows = on!(tx, INSERT, |c, sql| {
        let query = sqlx::query(sql).bind(row.id).bind(&row.kind).bind(&row.name).bind(&row.version);
        let query = query.bind(&row.hash).bind(&row.file_key).bind(&row.origin).bind(row.golden_rows);
        let query = query.bind(&row.summary).bind(&row.card).bind(row.imported_by).bind(row.created_at);
        query.execute(c).await.map(|r| r.rows_affected())
    })?;
    Ok(rows == 1)
}

/// Which models are in use, of the kinds for which somebody has ever said so.
pub(crate) async fn in_use(tx: &mut Tx) -> Result<Vec<InUse>> {
    Ok(on!(tx, IN_USE, |c, sql| sqlx::query_as(sql).fetch_all(c).await)?)
}

/// What is in use of a kind and what was before it, as far as somebody has ever said so.
pub(super) async fn latest(tx: &mut Tx, kind: &str) -> Result<Vec<ActivationRow>> {
    Ok(on!(tx, LATEST, |c, sql| sqlx::query_as(sql).bind(kind).fetch_all(c).await)?)
}

/// Brings a model into use; of two at once one violates the numbers' index.
pub(super) async fn activate(
    tx: &mut Tx,
    model: &ModelRow,
    number: i64,
    reason: Option<&str>,
    now: Timestamp,
) -> Result<()> {
    let by = tx.scope().user_id;
    on!(tx, ACTIVATE, |c, sql| {
        let query = sqlx::query(sql).bind(Uuid::now_v7()).bind(&model.kind).bind(number).bind(model.id);
        query.bind(by).bind(reason).bind(now).execute(c).await.map(drop)
    })?;
    Ok(())
}

/// What was brought into use, newest first, and how often that was.
pub(super) async fn history(
    tx: &mut Tx,
    kind: Option<&str>,
    limit: i64,
    skip: i64,
) -> Result<(Vec<ActivationRow>, i64)> {
    let rows = on!(tx, HISTORY, |c, sql| {
        sqlx::query_as(sql).bind(kind).bind(limit).bind(skip).fetch_all(c).await
    })?;
    let total = on!(tx, HISTORY_COUNT, |c, sql| sqlx::query_scalar(sql).bind(kind).fetch_one(c).await)?;
    Ok((rows, total))
}
