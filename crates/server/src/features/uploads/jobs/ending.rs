//! How an upload ends.

use accunode_db::{Timestamp, Tx};
use accunode_domain::TenantId;
use accunode_queue::{NewJob, RetriedJob};
use serde_json::json;
use uuid::Uuid;

use super::{CHUNK, ChunkPayload, customer_of};
use crate::{
    audit::{self, Event},
    features::uploads::{
        service::lane_of,
        store::{self, UploadRow, chunks},
    },
    state::AppState,
};

/// Ends an upload, and says so in the audit log in the application's name with the uploader's address. The
/// transaction must be the application's own.
pub(in crate::features::uploads) async fn finish(
    tx: &mut Tx,
    id: Uuid,
    status: &str,
    error: Option<&str>,
    now: Timestamp,
) -> accunode_db::Result<()> {
    let Some(upload) = store::finish(tx, id, status, error, now).await? else { return Ok(()) };
    let action = if status == "completed" { "upload.complete" } else { "upload.fail" };
    let event = Event::done(action).on("upload", id).tenant(upload.tenant_id.map(TenantId)).after(json!({
        "status": upload.status,
        "total_rows": upload.total_rows,
        "successful_rows": upload.successful_rows,
        "failed_rows": upload.failed_rows,
        "error_message": upload.error_message,
    }));
    audit::record_background(tx, upload.user_email.as_deref(), event, now).await
}

/// Ends an upload one of whose jobs has died: none of the others goes on. The reason stays with the dead job, for
/// operators: it may hold what is not for the person to see.
pub(super) async fn broken(tx: &mut Tx, id: Uuid, now: Timestamp) -> accunode_db::Result<()> {
    // Before the upload itself, as chunks do: they hold their job and then wait for the upload.
    accunode_queue::cancel_group(tx, id, now).await?;
    let message = "The file could not be processed because of an internal error";
    finish(tx, id, "failed", Some(message), now).await
}

/// Goes on with an upload that had ended because one of its jobs had died: the chunks that wait get jobs again.
pub(super) async fn revived(tx: &mut Tx, job: &RetriedJob) -> accunode_db::Result<()> {
    let Some(id) = job.group_id else { return Ok(()) };
    let Some(upload) = chunks::revive(tx, id, job.at).await? else { return Ok(()) };
    let waiting = chunks::waiting(tx, id).await?;
    let jobs = waiting.into_iter().map(|position| {
        let payload = ChunkPayload { upload_id: id, position };
        let new = NewJob::new(CHUNK, &payload, job.at)?.group(id).priority(lane_of(&upload));
        Ok(new.tenant_key(customer_of(&upload)))
    });
    match jobs.collect::<Result<Vec<_>, serde_json::Error>>() {
        // The one that is retried has two now: whichever comes first stores the chunk.
        Ok(jobs) => accunode_queue::enqueue_all(tx, jobs).await,
        Err(error) => {
            tracing::error!(%error, upload.id = %id, "the jobs of an upload cannot be written");
            Ok(())
        }
    }
}

/// Removes what was needed only while the upload was worked on. Failing to costs space only, until it is swept.
pub(in crate::features::uploads) async fn tidy(state: &AppState, upload: &UploadRow) {
    let Some(key) = upload.rows_key.as_deref().filter(|key| *key != upload.file_key) else { return };
    if let Err(error) = state.blobs.delete(key).await {
        tracing::warn!(%error, key, "the rows of a workbook could not be removed");
    }
}
