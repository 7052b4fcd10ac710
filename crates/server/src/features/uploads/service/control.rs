//! Cancelling uploads and deleting them.

use accunode_db::{Timestamp, Tx};
use accunode_domain::{Error, Kind, Permission, Result, TenantId, UploadId};
use accunode_queue::NewJob;
use serde_json::json;

use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        predictions::{
            service::Owner,
            store::latest::{self, Growth},
        },
        uploads::{
            jobs::{REMOVE, RemovePayload, customer, ending, owner},
            store::{UploadRow, control as writes},
        },
    },
    state::AppState,
};

/// Cancels an upload: what is stored of it stays, nothing more is. Gives when.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`], and [`Error::BadRequest`] for one that has ended.
pub(in crate::features::uploads) async fn cancel(
    state: &AppState,
    caller: &Caller,
    id: UploadId,
) -> Result<Timestamp> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let row = allowed(&mut tx, caller, id, Permission::UploadControl).await?;
    let ended =
        |status: &str| Err(Error::BadRequest(format!("Job is {status} already: it cannot be cancelled")));
    if !["pending", "queued", "processing"].contains(&row.status.as_str()) {
        return ended(&row.status);
    }
    // Before the upload itself, as chunks do: they hold their job and then wait for the upload. After this, no chunk
    // that has not been committed yet ever will be.
    accunode_queue::cancel_group(&mut tx, id.0, now).await?;
    if !writes::cancel(&mut tx, id.0, now).await? {
        let row = super::find(&mut tx, id).await?;
        return ended(&row.status);
    }
    let event = Event::done("upload.cancel").on("upload", id).before(json!({"status": row.status}));
    let event = event.tenant(row.tenant_id.map(TenantId)).after(json!({"status": "cancelled"}));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    ending::tidy(state, &row).await;
    Ok(now)
}

/// The upload, if it is in the caller's sight and the permission reaches it.
async fn allowed(tx: &mut Tx, caller: &Caller, id: UploadId, permission: Permission) -> Result<UploadRow> {
    let row = super::find(tx, id).await?;
    if caller.reaches(permission, &owner(&row)?.belongs(caller, row.tenant_id.map(TenantId))) {
        return Ok(row);
    }
    Err(Error::Forbidden("Not enough permissions".to_owned()))
}

/// How many rows one transaction deletes. Up to so many are deleted at once, more by a job.
const AT_ONCE: i64 = 2_000;

/// Deletes an upload that has ended, with its file and its row errors, and if asked for the predictions that it made.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`] (also where the predictions may not be deleted), and
/// [`Error::BadRequest`] for one that has not ended.
pub(in crate::features::uploads) async fn delete(
    state: &AppState,
    caller: &Caller,
    id: UploadId,
    with_predictions: bool,
) -> Result<UploadRow> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let row = allowed(&mut tx, caller, id, Permission::UploadDelete).await?;
    if with_predictions {
        allowed(&mut tx, caller, id, Permission::PredictionDelete).await?;
    }
    if !writes::hide(&mut tx, id.0, now).await? {
        let text = format!("Job is {}: cancel it before deleting it", row.status);
        return Err(Error::BadRequest(text));
    }
    let all = remove_some(&mut tx, &row, with_predictions, AT_ONCE).await?;
    if !all {
        let payload = RemovePayload { upload_id: id.0, with_predictions };
        let job = NewJob::new(REMOVE, &payload, now).map_err(Error::internal)?;
        let customer = customer(row.tenant_id.map(TenantId), owner(&row)?.organization_id, caller.user_id);
        accunode_queue::enqueue(&mut tx, job.tenant_key(customer)).await?;
    }
    let event = Event::done("upload.delete").on("upload", id).before(json!({
        "status": row.status, "job_type": row.job_type, "original_filename": row.original_filename,
        "file_sha256": row.file_sha256, "successful_rows": row.successful_rows,
        "failed_rows": row.failed_rows, "with_predictions": with_predictions,
    }));
    audit::record(&mut tx, caller, event.tenant(row.tenant_id.map(TenantId)), now).await?;
    tx.commit().await?;
    if all {
        forget_files(state, &row).await;
    } else {
        state.wake.notify();
    }
    Ok(row)
}

/// Deletes up to so many predictions and row errors of an upload that is out of sight, and the upload itself once
/// there are no more; says whether that is so.
pub(in crate::features::uploads) async fn remove_some(
    tx: &mut Tx,
    row: &UploadRow,
    with_predictions: bool,
    most: i64,
) -> Result<bool> {
    let kind = super::kind(row)?;
    let few = |n: u64| i64::try_from(n).is_ok_and(|n| n < most);
    let left = if with_predictions {
        delete_predictions(tx, row, kind, most).await?
    } else {
        writes::release(tx, kind, row.id, most).await?
    };
    let all = few(left) && few(writes::delete_errors(tx, row.id, most).await?);
    if all {
        writes::remove(tx, row.id).await?;
    }
    Ok(all)
}

async fn delete_predictions(tx: &mut Tx, row: &UploadRow, kind: Kind, most: i64) -> Result<u64> {
    let found = writes::some(tx, kind, row.id, most).await?;
    if found.is_empty() {
        return Ok(0);
    }
    let (ids, mut companies): (Vec<_>, Vec<_>) = found.into_iter().unzip();
    companies.sort_unstable();
    companies.dedup();
    writes::hold(tx, &companies).await?;
    let gone = writes::delete(tx, kind, row.id, &ids).await?;
    let owner: Owner = owner(row)?;
    let growth = Growth::predictions(kind, -i64::try_from(gone).map_err(Error::internal)?);
    latest::settle(tx, &owner, &companies, growth).await?;
    Ok(ids.len() as u64)
}

/// Removes the files of an upload that is gone. Failing to costs space only, until they are swept.
pub(in crate::features::uploads) async fn forget_files(state: &AppState, row: &UploadRow) {
    let unpacked = row.rows_key.as_deref().filter(|key| *key != row.file_key);
    for key in [Some(row.file_key.as_str()), unpacked].into_iter().flatten() {
        if let Err(error) = state.blobs.delete(key).await {
            tracing::warn!(%error, key, "the file of a deleted upload could not be removed");
        }
    }
}
