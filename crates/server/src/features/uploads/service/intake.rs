//! Taking a file in: stored while it streams, looked at, then made a job together with its queue entry.

use std::{fs::File, io::BufReader, path::Path};

use accunode_domain::{Error, Kind, Result, UploadId};
use accunode_infra::Stored;
use accunode_queue::{NewJob, Priority, Stats};
use accunode_sheets::{FileError, Format, Limits, Reader, validate::printable};
use serde_json::json;

use super::{lane, load, priority, waiting};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::predictions::service::Owner,
    features::uploads::{
        api::submit::Accepted,
        jobs::{KIND, Payload},
        store::{self, NewUpload},
    },
    http::form::StoredFile,
    state::AppState,
};

/// Files up to this size are counted before the answer; larger ones by the worker.
const COUNT_AT_ONCE_BYTES: u64 = 4 << 20;

/// What a cautious estimate takes for granted.
const ASSUMED_ROWS_PER_MINUTE: i64 = 60_000;

/// A file's error as the sender's, or as ours when the system could not read.
pub(in crate::features::uploads) fn file_error(error: FileError) -> Error {
    match error {
        FileError::Io(e) => Error::internal(e),
        other => Error::BadRequest(printable(&other.to_string())),
    }
}

/// Most characters of a file's name.
const LONGEST_NAME: usize = 255;

/// A file's name as it is shown: without folders, printable, and of a long one the end, where its format stands.
fn shown_name(name: &str) -> String {
    let name = printable(name.rsplit(['/', '\\']).next().unwrap_or_default().trim());
    let surplus = name.chars().count().saturating_sub(LONGEST_NAME);
    name.chars().skip(surplus).collect()
}

/// Where the file of an upload is kept, which says of what format it is.
///
/// # Errors
/// [`Error::BadRequest`] for the name of a file that is none.
pub(in crate::features::uploads) fn key(id: UploadId, name: &str) -> Result<String> {
    Ok(match Format::from_name(&shown_name(name)).map_err(file_error)? {
        Format::Csv => format!("uploads/{id}.csv"),
        Format::Xlsx => format!("uploads/{id}.xlsx"),
    })
}

/// Queues a file that has been stored; when it is refused, nothing of it stays.
///
/// # Errors
/// [`Error::BadRequest`] for a file that cannot be read.
pub async fn submit(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    id: UploadId,
    file: StoredFile,
) -> Result<Accepted> {
    let name = shown_name(&file.name);
    let accepted = record(state, caller, kind, id, &name, &file.key, &file.stored).await;
    if accepted.is_err() {
        file.discard(state).await;
    }
    accepted
}

async fn record(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    id: UploadId,
    name: &str,
    key: &str,
    stored: &Stored,
) -> Result<Accepted> {
    let file = state.blobs.open_local(key).await.map_err(Error::internal)?;
    let max_rows = state.config.max_upload_rows;
    let count = stored.size <= COUNT_AT_ONCE_BYTES;
    let rows = tokio::task::spawn_blocking(move || look(file.path(), kind, max_rows, count))
        .await
        .map_err(Error::internal)??;
    let (owner, priority) = (Owner::of(caller), priority(rows));
    let new = NewUpload {
        id: id.0,
        user_id: caller.user_id.0,
        organization_id: owner.organization_id.map(|o| o.0),
        tenant_id: caller.tenant_id.map(|t| t.0),
        access_level: owner.level.as_str(),
        job_type: kind.as_str(),
        original_filename: name,
        file_key: key,
        file_size: i64::try_from(stored.size).map_err(Error::internal)?,
        file_sha256: &stored.sha256,
        total_rows: rows,
        queue_priority: lane(priority),
    };
    // One customer's uploads wait for each other, not for another customer's.
    let customer =
        caller.tenant_id.map(|t| t.0).or(caller.organization_id.map(|o| o.0)).unwrap_or(caller.user_id.0);
    let now = state.clock.now();
    let job = NewJob::new(KIND, &Payload { upload_id: id.0 }, now).map_err(Error::internal)?;
    let job = job.priority(priority).tenant_key(customer.to_string());
    let mut tx = state.db.scoped(caller).await?;
    store::insert(&mut tx, &new, now).await?;
    let task_id = accunode_queue::enqueue(&mut tx, job).await?;
    let queue = accunode_queue::stats(&mut tx).await?;
    audit::record(&mut tx, caller, taken_in(&new), now).await?;
    tx.commit().await?;
    state.wake.notify();
    Ok(accepted(state, id, task_id, rows, priority, &queue))
}

/// What the audit log says of a new upload.
fn taken_in(new: &NewUpload<'_>) -> Event {
    Event::done("upload.create").on("upload", new.id).after(json!({
        "job_type": new.job_type,
        "original_filename": new.original_filename,
        "file_size": new.file_size,
        "file_sha256": new.file_sha256,
        "total_rows": new.total_rows,
        "access_level": new.access_level,
        "organization_id": new.organization_id,
    }))
}

fn accepted(
    state: &AppState,
    id: UploadId,
    task_id: uuid::Uuid,
    total_rows: Option<i64>,
    priority: Priority,
    queue: &Stats,
) -> Accepted {
    let minutes = total_rows.map_or(10, |rows| rows / ASSUMED_ROWS_PER_MINUTE + 1);
    let counted = total_rows.map_or("a large file".to_owned(), |rows| format!("{rows} rows"));
    Accepted {
        success: true,
        message: "File accepted, scoring has been queued".to_owned(),
        job_id: id.0,
        task_id,
        total_rows,
        estimated_time_minutes: minutes,
        queue_priority: lane(priority).to_owned(),
        queue_position: waiting(queue, priority).max(1),
        current_system_load: load(queue).to_owned(),
        processing_message: format!("Scoring {counted}; this should take less than {minutes} min"),
        worker_capacity: state.config.worker_concurrency,
    }
}

/// Opens a file as a portfolio, which checks its header and first row, and counts its rows if asked to.
fn look(path: &Path, kind: Kind, max_rows: u64, count: bool) -> Result<Option<i64>> {
    let reader = open(path, kind, max_rows)?;
    count.then(|| count_rows(reader)).transpose()
}

/// Reads to the end; gives the number of rows.
pub(in crate::features::uploads) fn count_rows(reader: Reader) -> Result<i64> {
    let mut rows = 0;
    for row in reader {
        row.map_err(file_error)?;
        rows += 1;
    }
    Ok(rows)
}

/// A reader of a stored file.
pub(in crate::features::uploads) fn open(path: &Path, kind: Kind, max_rows: u64) -> Result<Reader> {
    let file = BufReader::new(File::open(path).map_err(Error::internal)?);
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let limits = Limits { max_rows: Some(max_rows), ..Limits::default() };
    Reader::new(&name, file, kind, &limits).map_err(file_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_without_folders_and_within_bounds() {
        assert_eq!(shown_name("C:\\portfolios\\a.csv"), "a.csv");
        assert_eq!(shown_name("../../etc/a.csv "), "a.csv");
        assert_eq!(shown_name("a\0\nb.csv"), "a\u{fffd}\u{fffd}b.csv");
        let long = shown_name(&format!("{}.csv", "é".repeat(400)));
        assert_eq!((long.chars().count(), long.ends_with("é.csv")), (255, true));
    }
}
