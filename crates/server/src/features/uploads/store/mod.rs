//! SQL of uploads, which the API calls jobs.

pub(crate) mod chunks;
pub(crate) mod control;
pub(crate) mod errors;
pub(crate) mod files;
pub(crate) mod known;
pub(crate) mod results;

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// An upload.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct UploadRow {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) organization_id: Option<Uuid>,
    pub(crate) tenant_id: Option<Uuid>,
    pub(crate) access_level: String,
    pub(crate) job_type: String,
    pub(crate) status: String,
    pub(crate) original_filename: String,
    pub(crate) file_key: String,
    pub(crate) file_size: i64,
    pub(crate) file_sha256: String,
    pub(crate) header: Option<String>,
    pub(crate) rows_key: Option<String>,
    pub(crate) total_rows: Option<i64>,
    pub(crate) processed_rows: i64,
    pub(crate) successful_rows: i64,
    pub(crate) failed_rows: i64,
    pub(crate) queue_priority: String,
    pub(crate) error_message: Option<String>,
    pub(crate) model_hash: Option<String>,
    pub(crate) created_at: Timestamp,
    pub(crate) started_at: Option<Timestamp>,
    pub(crate) completed_at: Option<Timestamp>,
    pub(crate) updated_at: Option<Timestamp>,
}

macro_rules! upload {
    () => {
        "SELECT j.id, j.user_id, j.organization_id, j.tenant_id, j.access_level, j.job_type, j.status,
                j.original_filename, j.file_key, j.file_size, j.file_sha256, j.header, j.rows_key, j.total_rows,
                j.processed_rows, j.successful_rows, j.failed_rows, j.queue_priority, j.error_message,
                j.model_hash, j.created_at, j.started_at, j.completed_at, j.updated_at FROM bulk_upload_jobs j"
    };
}

/// Uploads in the caller's sight: $1 user, $2 organization (of its people), $3 tenant (of its tenant_admin),
/// $4 whether the caller may see all.
macro_rules! visible {
    () => {
        " WHERE j.deleted_at IS NULL
            AND (j.user_id = $1 OR j.organization_id = $2 OR $4
                 OR j.organization_id IN (SELECT id FROM organizations WHERE tenant_id = $3))"
    };
}

sql! {
    INSERT = "INSERT INTO bulk_upload_jobs (id, user_id, organization_id, tenant_id, access_level, job_type,
                  status, original_filename, file_key, file_size, file_sha256, total_rows, queue_priority,
                  created_at, header, rows_key, idempotency_key)
              VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";
    BY_ID = concat!(upload!(), " WHERE j.id = $1");
    /// Whose key it is, whether or not the upload is on its way out.
    BY_KEY = concat!(upload!(), " WHERE j.user_id = $1 AND j.idempotency_key = $2");
    NAME = "SELECT username FROM users WHERE id = $1";
    ONE = concat!(upload!(), visible!(), " AND j.id = $5");
    LIST = concat!(upload!(), visible!(), " AND (CAST($5 AS TEXT) IS NULL OR j.status = $5)
                   ORDER BY j.created_at DESC, j.id DESC LIMIT $6 OFFSET $7");
    COUNT = concat!("SELECT COUNT(*) FROM bulk_upload_jobs j", visible!(),
                    " AND (CAST($5 AS TEXT) IS NULL OR j.status = $5)");
    /// A final state cannot be left. The model is that of the first chunk to begin.
    START = "UPDATE bulk_upload_jobs SET status = 'processing', started_at = COALESCE(started_at, $2), updated_at = $2,
                    model_name = CASE WHEN model_hash IS NULL THEN $3 ELSE model_name END,
                    model_version = CASE WHEN model_hash IS NULL THEN $4 ELSE model_version END,
                    model_hash = COALESCE(model_hash, $5)
             WHERE id = $1 AND status IN ('pending', 'queued', 'processing') RETURNING model_hash";
    /// Counts a chunk that has just been committed. Whoever does holds the upload until the transaction ends, so that
    /// of two chunks which end together the second one sees the first.
    COUNT_CHUNK = "UPDATE bulk_upload_jobs
                   SET successful_rows = successful_rows + $2, failed_rows = failed_rows + $3,
                       processed_rows = processed_rows + $2 + $3, updated_at = $4
                   WHERE id = $1 AND status = 'processing'";
    /// Says what became of the upload, and of whose.
    FINISH = "UPDATE bulk_upload_jobs SET status = $2, error_message = $3, completed_at = $4, updated_at = $4,
                     total_rows = CASE WHEN $2 = 'completed' THEN processed_rows ELSE total_rows END
              WHERE id = $1 AND status IN ('pending', 'queued', 'processing')
              RETURNING tenant_id, status, total_rows, successful_rows, failed_rows, error_message,
                        (SELECT email FROM users WHERE id = user_id) AS user_email";
}

/// A new upload, its file already stored.
pub(crate) struct NewUpload<'a> {
    pub(crate) id: Uuid,
    pub(crate) user_id: Uuid,
    pub(crate) organization_id: Option<Uuid>,
    pub(crate) tenant_id: Option<Uuid>,
    pub(crate) access_level: &'a str,
    pub(crate) job_type: &'a str,
    pub(crate) original_filename: &'a str,
    pub(crate) file_key: &'a str,
    pub(crate) file_size: i64,
    pub(crate) file_sha256: &'a str,
    pub(crate) total_rows: Option<i64>,
    pub(crate) queue_priority: &'a str,
    /// The columns as a JSON array, where they are known already.
    pub(crate) header: Option<String>,
    /// Where the chunks lie, where they are known already.
    pub(crate) rows_key: Option<&'a str>,
    /// What the sender called this submit.
    pub(crate) idempotency_key: Option<&'a str>,
}

/// Stores a new upload as queued.
pub(crate) async fn insert(tx: &mut Tx, new: &NewUpload<'_>, now: Timestamp) -> Result<()> {
    on!(tx, INSERT, |c, sql| {
        let query = sqlx::query(sql).bind(new.id).bind(new.user_id).bind(new.organization_id);
        let query = query.bind(new.tenant_id).bind(new.access_level).bind(new.job_type);
        let query = query.bind(new.original_filename).bind(new.file_key).bind(new.file_size);
        let query = query.bind(new.file_sha256).bind(new.total_rows).bind(new.queue_priority);
        let query = query.bind(now).bind(new.header.as_deref()).bind(new.rows_key);
        query.bind(new.idempotency_key).execute(c).await.map(drop)
    })?;
    Ok(())
}

/// An upload, whoever asks: for the worker.
pub(crate) async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<UploadRow>> {
    Ok(on!(tx, BY_ID, |c, sql| sqlx::query_as(sql).bind(id).fetch_optional(c).await)?)
}

/// The upload that a person has handed in under a key.
pub(crate) async fn by_key(tx: &mut Tx, user: Uuid, key: &str) -> Result<Option<UploadRow>> {
    Ok(on!(tx, BY_KEY, |c, sql| sqlx::query_as(sql).bind(user).bind(key).fetch_optional(c).await)?)
}

/// A person's name, where the actor may know it.
pub(crate) async fn name_of(tx: &mut Tx, user: Uuid) -> Result<Option<String>> {
    Ok(on!(tx, NAME, |c, sql| sqlx::query_scalar(sql).bind(user).fetch_optional(c).await)?)
}

/// What the scope of the transaction may see: organization, tenant, everything.
fn sight(tx: &Tx) -> (Option<Uuid>, Option<Uuid>, Option<Uuid>, bool) {
    let scope = tx.scope();
    let tenant = scope.tenant_id.filter(|_| scope.role == "tenant_admin");
    (scope.user_id, scope.works_in(), tenant, scope.role == "super_admin")
}

/// An upload in the caller's sight.
pub(crate) async fn visible(tx: &mut Tx, id: Uuid) -> Result<Option<UploadRow>> {
    let (user, organization, tenant, all) = sight(tx);
    Ok(on!(tx, ONE, |c, sql| {
        let query = sqlx::query_as(sql).bind(user).bind(organization).bind(tenant).bind(all);
        query.bind(id).fetch_optional(c).await
    })?)
}

/// The uploads in the caller's sight, newest first, and how many there are.
pub(crate) async fn list(
    tx: &mut Tx,
    status: Option<&str>,
    limit: i64,
    offset: i64,
) -> Result<(Vec<UploadRow>, i64)> {
    let (user, organization, tenant, all) = sight(tx);
    let rows = on!(tx, LIST, |c, sql| {
        let query = sqlx::query_as(sql).bind(user).bind(organization).bind(tenant).bind(all);
        query.bind(status).bind(limit).bind(offset).fetch_all(c).await
    })?;
    let total = on!(tx, COUNT, |c, sql| {
        let query = sqlx::query_scalar(sql).bind(user).bind(organization).bind(tenant).bind(all);
        query.bind(status).fetch_one(c).await
    })?;
    Ok((rows, total))
}

/// Marks an upload as being worked on, and gives the hash of the model that it is scored with; none when it has
/// ended already.
pub(crate) async fn start(
    tx: &mut Tx,
    id: Uuid,
    model: (&str, &str, &str),
    now: Timestamp,
) -> Result<Option<String>> {
    Ok(on!(tx, START, |c, sql| {
        let query = sqlx::query_scalar(sql).bind(id).bind(now).bind(model.0).bind(model.1).bind(model.2);
        query.fetch_optional(c).await
    })?)
}

/// Counts a chunk; false when the upload is no longer being worked on: then the transaction must not be committed.
pub(crate) async fn count_chunk(tx: &mut Tx, id: Uuid, ok: i64, failed: i64, now: Timestamp) -> Result<bool> {
    let changed = on!(tx, COUNT_CHUNK, |c, sql| {
        let query = sqlx::query(sql).bind(id).bind(ok).bind(failed).bind(now);
        query.execute(c).await.map(|done| done.rows_affected())
    })?;
    Ok(changed == 1)
}

/// An upload that has just ended.
#[derive(Debug, FromRow)]
pub(crate) struct Finished {
    pub(crate) tenant_id: Option<Uuid>,
    pub(crate) user_email: Option<String>,
    pub(crate) status: String,
    pub(crate) total_rows: Option<i64>,
    pub(crate) successful_rows: i64,
    pub(crate) failed_rows: i64,
    pub(crate) error_message: Option<String>,
}

/// Ends an upload; none when it has ended before.
pub(crate) async fn finish(
    tx: &mut Tx,
    id: Uuid,
    status: &str,
    error: Option<&str>,
    now: Timestamp,
) -> Result<Option<Finished>> {
    Ok(on!(tx, FINISH, |c, sql| {
        sqlx::query_as(sql).bind(id).bind(status).bind(error).bind(now).fetch_optional(c).await
    })?)
}
