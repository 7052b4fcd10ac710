//! A small file, stored before the answer: the code of a chunk without a queue, in one transaction.

use std::sync::Arc;

use accunode_domain::{Error, Result};
use accunode_sheets::{Format, Plan};
use serde_json::json;

use super::{
    intake::Taken,
    submit::{self, taken_in},
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        grades::service as grades,
        predictions::service::Owner,
        uploads::{
            api::at_once::StoredRows,
            jobs::{
                chunk::{self, Destination, Part},
                limits,
            },
            store::{self, chunks, errors},
        },
    },
    state::AppState,
};

/// Most rows of such a file.
pub(in crate::features::uploads) const MOST_ROWS: u64 = 500;

/// Scores and stores a file that has been taken in; when that fails, nothing of it stays.
///
/// # Errors
/// When the database fails.
pub(in crate::features::uploads) async fn at_once(
    state: &AppState,
    caller: &Caller,
    taken: Taken,
) -> Result<StoredRows> {
    let Some(plan) = taken.plan.clone() else { return Err(Error::internal("a CSV without a plan")) };
    match store_rows(state, caller, &taken, &plan).await {
        Ok(rows) => Ok(rows),
        Err((error, committing)) => {
            // What may be stored refers to its file; if it is not, the file is swept later.
            if !committing {
                taken.file.discard(state).await;
            }
            Err(error)
        }
    }
}

/// An error, and whether it came while committing.
type Failed = (Error, bool);

fn before(error: impl Into<Error>) -> Failed {
    (error.into(), false)
}

async fn store_rows(
    state: &AppState,
    caller: &Caller,
    taken: &Taken,
    plan: &Plan,
) -> Result<StoredRows, Failed> {
    let [part] = plan.parts.as_slice() else { return Err(before(Error::internal("not one chunk"))) };
    let bytes = state.blobs.get_range(&taken.file.key, part.start..part.end).await;
    let bytes = bytes.map_err(|e| before(Error::internal(e)))?;
    let rows = Part {
        format: Format::Csv,
        kind: taken.kind,
        headers: plan.headers.clone(),
        first_line: part.first_line,
        rows: part.rows,
    };
    let bundle = state.models.get(taken.kind);
    let (scorer, limits) = (Arc::clone(&bundle), limits(&state.config));
    let scored = tokio::task::spawn_blocking(move || chunk::score(&scorer, rows, bytes, &limits));
    let scored = scored.await.map_err(|e| before(Error::internal(e)))?.map_err(before)?;
    let scale = grades::by_id(state, caller.place.scale).await.map_err(before)?;
    let (now, id) = (state.clock.now(), taken.id.0);
    let model = (bundle.name(), bundle.version(), bundle.hash());
    let to = Destination { upload: taken.id, owner: Owner::of(caller), bundle: &bundle, scale: &scale };
    let mut tx = state.db.scoped(caller).await.map_err(before)?;
    submit::insert(&mut tx, caller, taken, None, now).await.map_err(before)?;
    chunks::insert(&mut tx, id, &plan.parts).await.map_err(before)?;
    store::start(&mut tx, id, model, now).await.map_err(before)?;
    let stored = chunk::put(&mut tx, &to, 0, scored, now).await.map_err(before)?;
    stored.ok_or_else(|| before(Error::internal("a new upload was not being worked on")))?;
    let refused = errors::errors(&mut tx, id, 0, i64::MAX, 0).await.map_err(before)?;
    store::finish(&mut tx, id, "completed", None, now).await.map_err(before)?;
    audit::record(&mut tx, caller, taken_in(caller, taken), now).await.map_err(before)?;
    let (total, failed) = (taken.rows.unwrap_or_default(), refused.len());
    let failed_rows = i64::try_from(failed).unwrap_or(i64::MAX);
    let ended = Event::done("upload.complete").on("upload", id).after(json!({
        "status": "completed", "total_rows": total, "successful_rows": total - failed_rows,
        "failed_rows": failed_rows,
    }));
    audit::record(&mut tx, caller, ended, now).await.map_err(before)?;
    tx.commit().await.map_err(|e| (e.into(), true))?;
    Ok(StoredRows {
        success: true,
        total_rows: total,
        successful: total - failed_rows,
        failed: failed_rows,
        errors: refused.into_iter().map(|e| format!("Row {}: {}", e.row_number, e.error)).collect(),
    })
}
