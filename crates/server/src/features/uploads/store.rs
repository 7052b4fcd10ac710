//! SQL of uploads, which the API calls jobs.

use accunode_db::{BulkInsert, Column, Result, Timestamp, Tx, on, sql};
use accunode_domain::Kind;
use sqlx::FromRow;
use uuid::Uuid;

use super::api::results::ResultCompany;
use crate::features::predictions::store::of;

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
    pub(crate) total_rows: Option<i64>,
    pub(crate) processed_rows: i64,
    pub(crate) successful_rows: i64,
    pub(crate) failed_rows: i64,
    pub(crate) next_row: i64,
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
                j.original_filename, j.file_key, j.file_size, j.total_rows, j.processed_rows,
                j.successful_rows, j.failed_rows, j.next_row, j.queue_priority, j.error_message, j.model_hash,
                j.created_at, j.started_at, j.completed_at, j.updated_at FROM bulk_upload_jobs j"
    };
}

/// Uploads in the caller's sight: $1 user, $2 organization (of its people), $3 tenant (of its tenant_admin),
/// $4 whether the caller may see all.
macro_rules! visible {
    () => {
        " WHERE (j.user_id = $1 OR j.organization_id = $2 OR $4
                 OR j.organization_id IN (SELECT id FROM organizations WHERE tenant_id = $3))"
    };
}

sql! {
    INSERT = "INSERT INTO bulk_upload_jobs (id, user_id, organization_id, tenant_id, access_level, job_type,
                  status, original_filename, file_key, file_size, file_sha256, total_rows, queue_priority,
                  created_at)
              VALUES ($1, $2, $3, $4, $5, $6, 'queued', $7, $8, $9, $10, $11, $12, $13)";
    BY_ID = concat!(upload!(), " WHERE j.id = $1");
    ONE = concat!(upload!(), visible!(), " AND j.id = $5");
    LIST = concat!(upload!(), visible!(), " AND (CAST($5 AS TEXT) IS NULL OR j.status = $5)
                   ORDER BY j.created_at DESC, j.id DESC LIMIT $6 OFFSET $7");
    COUNT = concat!("SELECT COUNT(*) FROM bulk_upload_jobs j", visible!(),
                    " AND (CAST($5 AS TEXT) IS NULL OR j.status = $5)");
    /// A final state cannot be left.
    START = "UPDATE bulk_upload_jobs SET status = 'processing', started_at = COALESCE(started_at, $2),
                    updated_at = $2, model_name = $3, model_version = $4, model_hash = $5
             WHERE id = $1 AND status IN ('pending', 'queued', 'processing')";
    SET_TOTAL = "UPDATE bulk_upload_jobs SET total_rows = $2, updated_at = $3 WHERE id = $1";
    /// Counts a chunk, once: $5 is where the chunk begins, and must be where the upload stands.
    ADVANCE = "UPDATE bulk_upload_jobs
               SET successful_rows = successful_rows + $2, failed_rows = failed_rows + $3,
                   processed_rows = processed_rows + $2 + $3, next_row = next_row + $2 + $3, updated_at = $4
               WHERE id = $1 AND next_row = $5 AND status = 'processing'";
    /// Says what became of the upload, and of whose.
    FINISH = "UPDATE bulk_upload_jobs SET status = $2, error_message = $3, completed_at = $4, updated_at = $4,
                     total_rows = CASE WHEN $2 = 'completed' THEN processed_rows ELSE total_rows END
              WHERE id = $1 AND status IN ('pending', 'queued', 'processing')
              RETURNING tenant_id, status, total_rows, successful_rows, failed_rows, error_message,
                        (SELECT email FROM users WHERE id = user_id) AS user_email";
    ERRORS = "SELECT row_number, error, data FROM bulk_upload_errors WHERE job_id = $1
              ORDER BY row_number LIMIT $2";
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
}

/// Stores a new upload as queued.
pub(crate) async fn insert(tx: &mut Tx, new: &NewUpload<'_>, now: Timestamp) -> Result<()> {
    on!(tx, INSERT, |c, sql| {
        let query = sqlx::query(sql).bind(new.id).bind(new.user_id).bind(new.organization_id);
        let query = query.bind(new.tenant_id).bind(new.access_level).bind(new.job_type);
        let query = query.bind(new.original_filename).bind(new.file_key).bind(new.file_size);
        let query = query.bind(new.file_sha256).bind(new.total_rows).bind(new.queue_priority);
        query.bind(now).execute(c).await.map(drop)
    })?;
    Ok(())
}

/// An upload, whoever asks: for the worker.
pub(crate) async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<UploadRow>> {
    Ok(on!(tx, BY_ID, |c, sql| sqlx::query_as(sql).bind(id).fetch_optional(c).await)?)
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

/// Marks an upload as being worked on; false when it has ended already.
pub(crate) async fn start(tx: &mut Tx, id: Uuid, model: (&str, &str, &str), now: Timestamp) -> Result<bool> {
    let changed = on!(tx, START, |c, sql| {
        let query = sqlx::query(sql).bind(id).bind(now).bind(model.0).bind(model.1).bind(model.2);
        query.execute(c).await.map(|done| done.rows_affected())
    })?;
    Ok(changed == 1)
}

/// Notes how many rows the file has.
pub(crate) async fn set_total(tx: &mut Tx, id: Uuid, total: i64, now: Timestamp) -> Result<()> {
    on!(tx, SET_TOTAL, |c, sql| sqlx::query(sql).bind(id).bind(total).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Counts a committed chunk that began at data row `from`; false when it was counted before or the upload is
/// no longer being worked on: then the transaction must not be committed.
pub(crate) async fn advance(
    tx: &mut Tx,
    id: Uuid,
    from: i64,
    ok: i64,
    failed: i64,
    now: Timestamp,
) -> Result<bool> {
    let changed = on!(tx, ADVANCE, |c, sql| {
        let query = sqlx::query(sql).bind(id).bind(ok).bind(failed).bind(now).bind(from);
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

/// A row that was not taken.
#[derive(Clone, Debug, FromRow)]
pub(crate) struct ErrorRow {
    /// The row's number as a spreadsheet shows it.
    pub(crate) row_number: i64,
    /// What is wrong with it.
    pub(crate) error: String,
    /// The row's cells by column, as a JSON object.
    pub(crate) data: Option<String>,
}

/// Stores the rows of a chunk that were not taken.
pub(crate) async fn insert_errors(tx: &mut Tx, id: Uuid, rows: Vec<ErrorRow>) -> Result<()> {
    let n = rows.len();
    let mut columns = (Vec::with_capacity(n), Vec::with_capacity(n), Vec::with_capacity(n));
    for row in rows {
        columns.0.push(row.row_number);
        columns.1.push(row.error);
        columns.2.push(row.data);
    }
    let insert = BulkInsert::into("bulk_upload_errors")
        .column("job_id", Column::Uuid(vec![id; n]))
        .column("row_number", Column::I64(columns.0))
        .column("error", Column::Text(columns.1))
        .column("data", Column::OptText(columns.2));
    insert.execute(tx, "").await?;
    Ok(())
}

/// The first rows that were not taken, in the file's order.
pub(crate) async fn errors(tx: &mut Tx, id: Uuid, limit: i64) -> Result<Vec<ErrorRow>> {
    Ok(on!(tx, ERRORS, |c, sql| sqlx::query_as(sql).bind(id).bind(limit).fetch_all(c).await)?)
}

/// What an upload made of the companies, from its predictions of a kind ($1 is the upload).
macro_rules! made {
    ($($table:literal $probability:literal: $numbers:ident $companies:ident $count:ident;)*) => {
        sql! {
            $(
                $numbers = concat!(
                    "SELECT c.sector, p.risk_level, COUNT(*) AS predictions, SUM(p.", $probability,
                    ") AS probability_sum, MIN(p.confidence) AS confidence_min,
                     MAX(p.confidence) AS confidence_max, SUM(p.confidence) AS confidence_sum
                     FROM ", $table, " p JOIN companies c ON c.id = p.company_id
                     WHERE p.bulk_upload_job_id = $1 GROUP BY c.sector, p.risk_level");
                /// Not by EXISTS: SQLite would read all rows of the upload again for each company.
                $companies = concat!(
                    "SELECT c.id, c.symbol, c.name, c.market_cap, c.sector, c.access_level FROM companies c
                     WHERE c.id IN (SELECT p.company_id FROM ", $table, " p WHERE p.bulk_upload_job_id = $1)
                     ORDER BY c.symbol");
                $count = concat!(
                    "SELECT COUNT(DISTINCT company_id) FROM ", $table, " WHERE bulk_upload_job_id = $1");
            )*
        }
    };
}

made! {
    "annual_predictions" "probability": ANNUAL_NUMBERS ANNUAL_COMPANIES COUNT_ANNUAL_COMPANIES;
    "quarterly_predictions" "ensemble_probability":
        QUARTERLY_NUMBERS QUARTERLY_COMPANIES COUNT_QUARTERLY_COMPANIES;
}

/// The predictions of an upload in numbers, by sector and risk level.
#[derive(Debug, FromRow)]
pub(crate) struct Numbers {
    pub(crate) sector: String,
    pub(crate) risk_level: String,
    pub(crate) predictions: i64,
    pub(crate) probability_sum: f64,
    pub(crate) confidence_min: f64,
    pub(crate) confidence_max: f64,
    pub(crate) confidence_sum: f64,
}

/// The numbers of an upload.
pub(crate) async fn numbers(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<Vec<Numbers>> {
    let statement = of(kind, ANNUAL_NUMBERS, QUARTERLY_NUMBERS);
    Ok(on!(tx, statement, |c, sql| sqlx::query_as(sql).bind(id).fetch_all(c).await)?)
}

/// The companies that an upload has predictions of, by symbol.
pub(crate) async fn companies(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<Vec<ResultCompany>> {
    let statement = of(kind, ANNUAL_COMPANIES, QUARTERLY_COMPANIES);
    Ok(on!(tx, statement, |c, sql| sqlx::query_as(sql).bind(id).fetch_all(c).await)?)
}

/// How many companies those are.
pub(crate) async fn count_companies(tx: &mut Tx, kind: Kind, id: Uuid) -> Result<i64> {
    let statement = of(kind, COUNT_ANNUAL_COMPANIES, COUNT_QUARTERLY_COMPANIES);
    Ok(on!(tx, statement, |c, sql| sqlx::query_scalar(sql).bind(id).fetch_one(c).await)?)
}
