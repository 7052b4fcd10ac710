//! SQL of cancelling uploads and of taking them away.

use accunode_db::{Result, Timestamp, Tx, bulk::json_ids, on, sql};
use accunode_domain::Kind;
use uuid::Uuid;

use crate::features::predictions::store::of;

/// What removing needs of a kind's table. $2 is how many rows at most, or the ids of the rows.
macro_rules! made {
    ($($table:literal: $some:ident $delete:ident $release:ident;)*) => {
        sql! {
            $(
                $some = concat!("SELECT id, company_id FROM ", $table, " WHERE bulk_upload_job_id = $1
                                 ORDER BY source_row, id LIMIT $2");
                $delete {
                    pg: concat!("DELETE FROM ", $table, " WHERE bulk_upload_job_id = $1
                                 AND id = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($2::jsonb) AS uuid)))"),
                    lite: concat!("DELETE FROM ", $table, " WHERE bulk_upload_job_id = $1
                                   AND id IN (SELECT unhex(value) FROM json_each($2))")
                };
                $release = concat!("UPDATE ", $table, " SET bulk_upload_job_id = NULL
                                    WHERE id IN (SELECT id FROM ", $table, " WHERE bulk_upload_job_id = $1 LIMIT $2)");
            )*
        }
    };
}

made! {
    "annual_predictions": SOME_ANNUAL DELETE_ANNUAL RELEASE_ANNUAL;
    "quarterly_predictions": SOME_QUARTERLY DELETE_QUARTERLY RELEASE_QUARTERLY;
}

sql! {
    CANCEL = "UPDATE bulk_upload_jobs SET status = 'cancelled', error_message = 'Job cancelled by user',
                     completed_at = $2, updated_at = $2
              WHERE id = $1 AND status IN ('pending', 'queued', 'processing')";
    /// Only what has ended; its key may be used again.
    HIDE = "UPDATE bulk_upload_jobs SET deleted_at = $2, idempotency_key = NULL
            WHERE id = $1 AND deleted_at IS NULL AND status IN ('completed', 'failed', 'cancelled')";
    /// In the order in which everybody holds companies.
    HOLD {
        pg: "SELECT id FROM companies WHERE id = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($1::jsonb) AS uuid)))
             ORDER BY symbol FOR NO KEY UPDATE",
        lite: "SELECT id FROM companies WHERE id IN (SELECT unhex(value) FROM json_each($1))"
    };
    ERRORS = "DELETE FROM bulk_upload_errors WHERE job_id = $1
              AND row_number IN (SELECT row_number FROM bulk_upload_errors WHERE job_id = $1 ORDER BY row_number LIMIT $2)";
    REMOVE = "DELETE FROM bulk_upload_jobs WHERE id = $1";
}

/// Cancels an upload; false when it has ended.
pub(crate) async fn cancel(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<bool> {
    changes(on!(tx, CANCEL, |c, sql| sqlx::query(sql)
        .bind(id)
        .bind(now)
        .execute(c)
        .await
        .map(|r| r.rows_affected()))?)
}

/// Takes an upload out of everybody's sight; false when it is so already, or has not ended.
pub(crate) async fn hide(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<bool> {
    changes(on!(tx, HIDE, |c, sql| sqlx::query(sql)
        .bind(id)
        .bind(now)
        .execute(c)
        .await
        .map(|r| r.rows_affected()))?)
}

fn changes(rows: u64) -> Result<bool> {
    Ok(rows > 0)
}

/// Some of the predictions of an upload, each with its company.
pub(crate) async fn some(tx: &mut Tx, kind: Kind, id: Uuid, most: i64) -> Result<Vec<(Uuid, Uuid)>> {
    let statement = of(kind, SOME_ANNUAL, SOME_QUARTERLY);
    Ok(on!(tx, statement, |c, sql| sqlx::query_as(sql).bind(id).bind(most).fetch_all(c).await)?)
}

/// Holds companies until the transaction ends: whoever changes predictions of a company holds it first.
pub(crate) async fn hold(tx: &mut Tx, companies: &[Uuid]) -> Result<()> {
    let list = json_ids(companies.iter().copied());
    on!(tx, HOLD, |c, sql| sqlx::query(sql).bind(list).fetch_all(c).await.map(drop))?;
    Ok(())
}

/// Deletes predictions of an upload, with their versions.
pub(crate) async fn delete(tx: &mut Tx, kind: Kind, id: Uuid, predictions: &[Uuid]) -> Result<u64> {
    let list = json_ids(predictions.iter().copied());
    let statement = of(kind, DELETE_ANNUAL, DELETE_QUARTERLY);
    Ok(on!(tx, statement, |c, sql| {
        sqlx::query(sql).bind(id).bind(list).execute(c).await.map(|done| done.rows_affected())
    })?)
}

/// Lets some predictions forget which upload they came from; gives how many.
pub(crate) async fn release(tx: &mut Tx, kind: Kind, id: Uuid, most: i64) -> Result<u64> {
    let statement = of(kind, RELEASE_ANNUAL, RELEASE_QUARTERLY);
    Ok(on!(tx, statement, |c, sql| {
        sqlx::query(sql).bind(id).bind(most).execute(c).await.map(|r| r.rows_affected())
    })?)
}

/// Deletes some row errors of an upload; gives how many.
pub(crate) async fn delete_errors(tx: &mut Tx, id: Uuid, most: i64) -> Result<u64> {
    Ok(on!(tx, ERRORS, |c, sql| {
        sqlx::query(sql).bind(id).bind(most).execute(c).await.map(|r| r.rows_affected())
    })?)
}

/// Deletes the upload itself, with its chunks.
pub(crate) async fn remove(tx: &mut Tx, id: Uuid) -> Result<()> {
    on!(tx, REMOVE, |c, sql| sqlx::query(sql).bind(id).execute(c).await.map(drop))?;
    Ok(())
}
