//! Rules of uploads: what is taken in, who sees it, how far it is.

pub(super) mod at_once;
pub(super) mod control;
pub(super) mod detail;
pub(super) mod download;
pub mod events;
pub(super) mod intake;
pub mod results;
pub(super) mod submit;
pub(super) mod trial;

use accunode_db::Timestamp;
use accunode_domain::{Actor, Error, FieldError, Kind, Result, UploadId};
use accunode_queue::{Priority, Stats};

use super::{
    api::jobs::{JobParams, JobStatus},
    store::{self, UploadRow},
};
use crate::state::AppState;

const STATES: [&str; 6] = ["pending", "queued", "processing", "completed", "failed", "cancelled"];

/// The queue's lane for a file: small files pass large ones.
pub(super) const fn priority(rows: Option<i64>) -> Priority {
    match rows {
        Some(..2_000) => Priority::High,
        Some(..8_000) => Priority::Medium,
        _ => Priority::Low,
    }
}

const fn lane(priority: Priority) -> &'static str {
    match priority {
        Priority::High => "high_priority",
        Priority::Medium => "medium_priority",
        Priority::Low => "low_priority",
    }
}

/// Jobs that wait in a lane.
fn waiting(queue: &Stats, lane: Priority) -> i64 {
    usize::try_from(lane.number()).ok().and_then(|i| queue.waiting.get(i)).copied().unwrap_or(0)
}

/// Waiting jobs in words.
fn load(queue: &Stats) -> &'static str {
    match queue.waiting.iter().sum::<i64>() {
        ..10 => "low",
        10..50 => "medium",
        _ => "high",
    }
}

/// Rows done in percent, with two decimals.
#[must_use]
pub(crate) fn progress(row: &UploadRow) -> f64 {
    match row.total_rows {
        _ if row.status == "completed" => 100.0,
        #[allow(clippy::cast_precision_loss)] // counts of rows are far below 2^53
        Some(total) if total > 0 => {
            (row.processed_rows as f64 * 10_000.0 / total as f64).round().min(10_000.0) / 100.0
        }
        _ => 0.0,
    }
}

/// The kind of an upload.
fn kind(row: &UploadRow) -> Result<Kind> {
    row.job_type.parse().map_err(|e: String| Error::internal(e))
}

/// Uploads in the caller's sight.
///
/// # Errors
/// [`Error::Invalid`] for limits out of range or an unknown status.
pub(crate) async fn list(
    state: &AppState,
    actor: &Actor,
    params: &JobParams,
) -> Result<(Vec<UploadRow>, i64)> {
    let mut errors = Vec::new();
    let mut refuse = |field: &str, message: &str| {
        errors.push(FieldError { field: field.to_owned(), message: message.to_owned() });
    };
    if !(1..=1_000).contains(&params.limit) {
        refuse("limit", "Invalid limit: 1 to 1000 is expected");
    }
    if !(0..=1_000_000_000).contains(&params.offset) {
        refuse("offset", "Invalid offset: 0 or more is expected");
    }
    let status = params.status.as_deref().filter(|s| !s.is_empty());
    if status.is_some_and(|s| !STATES.contains(&s)) {
        refuse(
            "status",
            "Invalid status: pending, queued, processing, completed, failed or cancelled is expected",
        );
    }
    if !errors.is_empty() {
        return Err(Error::Invalid(errors));
    }
    let mut tx = state.db.scoped_read(actor).await?;
    Ok(store::list(&mut tx, status, params.limit, params.offset).await?)
}

/// An upload that the caller may see; another one is not found, whether it exists or not.
async fn find(tx: &mut accunode_db::Tx, id: UploadId) -> Result<UploadRow> {
    store::visible(tx, id.0).await?.ok_or_else(|| Error::NotFound("Job not found".to_owned()))
}

/// An upload with its place in the queue.
///
/// # Errors
/// [`Error::NotFound`] when the caller may not see it.
pub async fn status(state: &AppState, actor: &Actor, id: UploadId) -> Result<JobStatus> {
    let mut tx = state.db.scoped_read(actor).await?;
    let row = find(&mut tx, id).await?;
    let queue = accunode_queue::stats(&mut tx).await?;
    let now = state.clock.now();
    let rate = rows_per_second(&row, now);
    let waits = matches!(row.status.as_str(), "pending" | "queued");
    Ok(JobStatus {
        queue_priority: row.queue_priority.clone(),
        queue_position: if waits { waiting(&queue, lane_of(&row)).max(1) } else { 0 },
        estimated_completion: estimate(&row, rate, now),
        current_worker_capacity: state.config.worker_concurrency,
        system_load: load(&queue).to_owned(),
        processing_rate: format!("{:.1} rows/min", rate * 60.0),
        job: row.into(),
    })
}

pub(super) fn lane_of(row: &UploadRow) -> Priority {
    [Priority::High, Priority::Medium]
        .into_iter()
        .find(|p| lane(*p) == row.queue_priority)
        .unwrap_or(Priority::Low)
}

/// Speed from the beginning of the work to its end, or to now.
#[allow(clippy::cast_precision_loss)] // counts of rows are far below 2^53
fn rows_per_second(row: &UploadRow, now: Timestamp) -> f64 {
    let seconds =
        row.started_at.map_or(0.0, |start| row.completed_at.unwrap_or(now).since(start).as_secs_f64());
    if seconds > 0.0 { row.processed_rows as f64 / seconds } else { 0.0 }
}

fn estimate(row: &UploadRow, rate: f64, now: Timestamp) -> Option<Timestamp> {
    let left = row.total_rows? - row.processed_rows;
    let known = row.status == "processing" && rate > 0.0 && left > 0;
    #[allow(clippy::cast_precision_loss, clippy::cast_possible_truncation)] // saturates
    known.then(|| Timestamp::from_unix_micros(now.unix_micros() + (left as f64 / rate * 1e6) as i64))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lanes_by_rows() {
        for (rows, name) in [
            (Some(1), "high_priority"),
            (Some(1_999), "high_priority"),
            (Some(2_000), "medium_priority"),
            (Some(8_000), "low_priority"),
            (None, "low_priority"),
        ] {
            assert_eq!(lane(priority(rows)), name, "{rows:?}");
        }
    }

    #[test]
    fn load_in_words() {
        let stats = |high, low| Stats { waiting: [high, 0, low], ..Stats::default() };
        assert_eq!([load(&stats(0, 9)), load(&stats(5, 5)), load(&stats(0, 50))], ["low", "medium", "high"]);
    }
}
