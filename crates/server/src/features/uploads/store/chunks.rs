//! SQL of the chunks of uploads.

use accunode_db::{BulkInsert, Column, Result, Timestamp, Tx, on, sql};
use accunode_sheets::{Part, Plan};
use sqlx::FromRow;
use uuid::Uuid;

use super::UploadRow;

/// A chunk.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ChunkRow {
    pub(crate) position: i64,
    pub(crate) first_line: i64,
    pub(crate) row_count: i64,
    pub(crate) byte_start: i64,
    pub(crate) byte_end: i64,
    pub(crate) state: String,
}

sql! {
    ONE = "SELECT position, first_line, row_count, byte_start, byte_end, state FROM bulk_upload_chunks
           WHERE job_id = $1 AND position = $2";
    /// Once, whoever tries.
    COMMIT = "UPDATE bulk_upload_chunks SET state = 'committed', successful = $3, failed = $4, committed_at = $5
              WHERE job_id = $1 AND position = $2 AND state = 'waiting'";
    WAITING = "SELECT COUNT(*) FROM (SELECT 1 FROM bulk_upload_chunks WHERE job_id = $1 AND state = 'waiting' LIMIT 1)
               waiting";
    POSITIONS = "SELECT position FROM bulk_upload_chunks WHERE job_id = $1 AND state = 'waiting' ORDER BY position";
    /// An upload goes on that had ended because of a job.
    REVIVE = "UPDATE bulk_upload_jobs SET status = 'queued', error_message = NULL, completed_at = NULL, updated_at = $2
              WHERE id = $1 AND status = 'failed' AND deleted_at IS NULL";
    /// Notes what a workbook turned out to hold; its chunks follow.
    PLANNED = "UPDATE bulk_upload_jobs SET header = $2, rows_key = $3, total_rows = $4, updated_at = $5
               WHERE id = $1 AND header IS NULL AND status = 'processing'";
}

/// The columns of a file as they are kept.
pub(crate) fn header(plan: &Plan) -> String {
    serde_json::Value::from(plan.headers.clone()).to_string()
}

/// Stores the chunks of an upload.
pub(crate) async fn insert(tx: &mut Tx, job: Uuid, parts: &[Part]) -> Result<()> {
    let numbers = |f: fn(&Part) -> u64| {
        Column::I64(parts.iter().map(|part| i64::try_from(f(part)).unwrap_or(i64::MAX)).collect())
    };
    let insert = BulkInsert::into("bulk_upload_chunks")
        .column("job_id", Column::Uuid(vec![job; parts.len()]))
        .column("position", Column::I64((0..).take(parts.len()).collect()))
        .column("first_line", numbers(|p| p.first_line))
        .column("row_count", numbers(|p| p.rows))
        .column("byte_start", numbers(|p| p.start))
        .column("byte_end", numbers(|p| p.end));
    insert.execute(tx, "").await?;
    Ok(())
}

/// Stores what a workbook turned out to hold; false when that was done before, or the upload has ended.
pub(crate) async fn planned(
    tx: &mut Tx,
    job: Uuid,
    plan: &Plan,
    rows_key: &str,
    now: Timestamp,
) -> Result<bool> {
    let rows = i64::try_from(plan.rows).unwrap_or(i64::MAX);
    let changed = on!(tx, PLANNED, |c, sql| {
        let query = sqlx::query(sql).bind(job).bind(header(plan)).bind(rows_key).bind(rows).bind(now);
        query.execute(c).await.map(|done| done.rows_affected())
    })?;
    if changed == 1 {
        insert(tx, job, &plan.parts).await?;
    }
    Ok(changed == 1)
}

/// A chunk of an upload.
pub(crate) async fn one(tx: &mut Tx, job: Uuid, position: i64) -> Result<Option<ChunkRow>> {
    Ok(on!(tx, ONE, |c, sql| sqlx::query_as(sql).bind(job).bind(position).fetch_optional(c).await)?)
}

/// Marks a chunk as stored; false when it was before: then the transaction must not be committed.
pub(crate) async fn commit(
    tx: &mut Tx,
    job: Uuid,
    position: i64,
    ok: i64,
    failed: i64,
    now: Timestamp,
) -> Result<bool> {
    let changed = on!(tx, COMMIT, |c, sql| {
        let query = sqlx::query(sql).bind(job).bind(position).bind(ok).bind(failed).bind(now);
        query.execute(c).await.map(|done| done.rows_affected())
    })?;
    Ok(changed == 1)
}

/// Whether some chunk of the upload is not stored yet.
pub(crate) async fn some_wait(tx: &mut Tx, job: Uuid) -> Result<bool> {
    let waiting: i64 = on!(tx, WAITING, |c, sql| sqlx::query_scalar(sql).bind(job).fetch_one(c).await)?;
    Ok(waiting > 0)
}

/// The chunks that are not stored yet.
pub(crate) async fn waiting(tx: &mut Tx, job: Uuid) -> Result<Vec<i64>> {
    Ok(on!(tx, POSITIONS, |c, sql| sqlx::query_scalar(sql).bind(job).fetch_all(c).await)?)
}

/// Lets an upload go on that has failed; none when there is none such.
pub(crate) async fn revive(tx: &mut Tx, job: Uuid, now: Timestamp) -> Result<Option<UploadRow>> {
    let changed = on!(tx, REVIVE, |c, sql| {
        sqlx::query(sql).bind(job).bind(now).execute(c).await.map(|done| done.rows_affected())
    })?;
    if changed == 1 { super::by_id(tx, job).await } else { Ok(None) }
}
