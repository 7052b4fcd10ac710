//! Making a file that was taken in a job, together with its entries in the queue.

use accunode_db::{DbError, Timestamp, Tx, unique_violation};
use accunode_domain::{Error, Result};
use accunode_queue::{NewJob, Priority, Stats};
use serde_json::json;
use uuid::Uuid;

use super::{intake::Taken, lane, load, priority, waiting};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        predictions::service::Owner,
        uploads::{
            api::submit::Accepted,
            jobs::{PLAN, PlanPayload, chunk_jobs, customer},
            store::{self, NewUpload, chunks},
        },
    },
    state::AppState,
};

/// What a cautious estimate takes for granted.
const ASSUMED_ROWS_PER_MINUTE: i64 = 60_000;

/// How a transaction ended that was to be committed.
enum End {
    Committed(Stats),
    /// Another submit has the key already.
    SameKey,
}

/// Queues a file that has been taken in; when that is refused, nothing of it stays. A second submit under one key is
/// answered with the first one's job.
///
/// # Errors
/// [`Error::Conflict`] when the key stands for another file.
pub(in crate::features::uploads) async fn submit(
    state: &AppState,
    caller: &Caller,
    taken: Taken,
    key: Option<&str>,
) -> Result<Accepted> {
    let lane = priority(taken.rows);
    let queue = match record(state, caller, &taken, key, lane).await {
        Ok(End::Committed(queue)) => queue,
        Ok(End::SameKey) => {
            taken.file.discard(state).await;
            return first(state, caller, &taken, key.unwrap_or_default()).await;
        }
        Err(Failed::Before(error)) => {
            taken.file.discard(state).await;
            return Err(error);
        }
        // The job may be there: the file stays. If it is not, the file is swept later.
        Err(Failed::Committing(error)) => return Err(error.into()),
    };
    state.wake.notify();
    Ok(accepted(state, taken.id.0, taken.rows, lane, &queue))
}

enum Failed {
    Before(Error),
    Committing(DbError),
}

impl From<Error> for Failed {
    fn from(error: Error) -> Self {
        Self::Before(error)
    }
}

impl From<DbError> for Failed {
    fn from(error: DbError) -> Self {
        Self::Before(error.into())
    }
}

async fn record(
    state: &AppState,
    caller: &Caller,
    taken: &Taken,
    key: Option<&str>,
    lane: Priority,
) -> Result<End, Failed> {
    let now = state.clock.now();
    let jobs = jobs(caller, taken, lane, now)?;
    let mut tx = state.db.scoped(caller).await?;
    match insert(&mut tx, caller, taken, key, now).await {
        Err(error) if unique_violation(&error, "bulk_upload_jobs_once") => return Ok(End::SameKey),
        outcome => outcome?,
    }
    if let Some(plan) = &taken.plan {
        chunks::insert(&mut tx, taken.id.0, &plan.parts).await?;
    }
    accunode_queue::enqueue_all(&mut tx, jobs).await?;
    let queue = accunode_queue::stats(&mut tx).await?;
    audit::record(&mut tx, caller, taken_in(caller, taken), now).await?;
    tx.commit().await.map_err(Failed::Committing)?;
    Ok(End::Committed(queue))
}

/// Stores the upload itself.
pub(super) async fn insert(
    tx: &mut Tx,
    caller: &Caller,
    taken: &Taken,
    key: Option<&str>,
    now: Timestamp,
) -> accunode_db::Result<()> {
    let owner = Owner::of(caller);
    let new = NewUpload {
        id: taken.id.0,
        user_id: caller.user_id.0,
        organization_id: owner.organization_id.map(|o| o.0),
        tenant_id: caller.tenant_id.map(|t| t.0),
        access_level: owner.level.as_str(),
        job_type: taken.kind.as_str(),
        original_filename: &taken.name,
        file_key: &taken.file.key,
        file_size: i64::try_from(taken.file.stored.size).unwrap_or(i64::MAX),
        file_sha256: &taken.file.stored.sha256,
        total_rows: taken.rows,
        queue_priority: lane(priority(taken.rows)),
        header: taken.plan.as_ref().map(chunks::header),
        rows_key: taken.plan.as_ref().map(|_| taken.file.key.as_str()),
        idempotency_key: key,
    };
    store::insert(tx, &new, now).await
}

/// The jobs of a new upload.
fn jobs(caller: &Caller, taken: &Taken, lane: Priority, now: Timestamp) -> Result<Vec<NewJob>> {
    let customer = customer(caller.tenant_id, Owner::of(caller).organization_id, caller.user_id);
    match &taken.plan {
        Some(plan) => chunk_jobs(taken.id, plan.parts.len(), lane, &customer, now),
        None => {
            let payload = PlanPayload { upload_id: taken.id.0 };
            let job = NewJob::new(PLAN, &payload, now).map_err(Error::internal)?;
            Ok(vec![job.group(taken.id.0).priority(lane).tenant_key(customer)])
        }
    }
}

/// What the audit log says of a new upload.
pub(super) fn taken_in(caller: &Caller, taken: &Taken) -> Event {
    let owner = Owner::of(caller);
    Event::done("upload.create").on("upload", taken.id).after(json!({
        "job_type": taken.kind.as_str(),
        "original_filename": taken.name,
        "file_size": taken.file.stored.size,
        "file_sha256": taken.file.stored.sha256,
        "total_rows": taken.rows,
        "access_level": owner.level.as_str(),
        "organization_id": owner.organization_id,
    }))
}

/// The answer of the submit that has the key.
async fn first(state: &AppState, caller: &Caller, taken: &Taken, key: &str) -> Result<Accepted> {
    let mut tx = state.db.scoped_read(caller).await?;
    let row = store::by_key(&mut tx, caller.user_id.0, key).await?;
    // It can have been deleted within the last moment.
    let row = row.ok_or_else(|| Error::Conflict("The first upload under this key is gone".to_owned()))?;
    if row.file_sha256 != taken.file.stored.sha256 || row.job_type != taken.kind.as_str() {
        let text = "This Idempotency-Key was used for another file: a key stands for one upload";
        return Err(Error::Conflict(text.to_owned()));
    }
    let queue = accunode_queue::stats(&mut tx).await?;
    Ok(accepted(state, row.id, row.total_rows, super::lane_of(&row), &queue))
}

fn accepted(
    state: &AppState,
    id: Uuid,
    total_rows: Option<i64>,
    priority: Priority,
    queue: &Stats,
) -> Accepted {
    let minutes = total_rows.map_or(10, |rows| rows / ASSUMED_ROWS_PER_MINUTE + 1);
    let counted = total_rows.map_or("a large file".to_owned(), |rows| format!("{rows} rows"));
    Accepted {
        success: true,
        message: "File accepted, scoring has been queued".to_owned(),
        job_id: id,
        task_id: id,
        total_rows,
        estimated_time_minutes: minutes,
        queue_priority: lane(priority).to_owned(),
        queue_position: waiting(queue, priority).max(1),
        current_system_load: load(queue).to_owned(),
        processing_message: format!("Scoring {counted}; this should take less than {minutes} min"),
        worker_capacity: state.config.worker_concurrency,
    }
}
