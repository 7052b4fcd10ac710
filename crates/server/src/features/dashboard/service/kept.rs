//! Figures that are kept for each owner: whoever finds an owner's old works them out, and all that follow add up what
//! is kept.

use std::time::Duration;

use accunode_db::{Db, Tx};
use accunode_domain::{Error, Result};
use tokio_util::sync::CancellationToken;

use crate::{
    features::dashboard::store::{Portion, changes, owners},
    state::AppState,
};

/// How often each server looks for figures that are old.
const INTERVAL: Duration = Duration::from_secs(10);
/// How long an owner's data must have been left alone: while it changes, its figures would be old again at once.
const QUIET: Duration = Duration::from_secs(5);
/// Owners at once.
const BATCH: i64 = 50;
/// When counters of changes begin, see `predictions::store::latest`: 2026, in milliseconds since 1970.
const BEGINNING: i64 = 1_767_225_600_000;

/// The figures of those owners of a portion, of the caller's own rows and of the system's, that are not kept as they are
/// in this transaction: worked out in it, as a JSON list, and kept for the next one.
pub(super) async fn fresh(state: &AppState, tx: &mut Tx, portion: Portion) -> Result<String> {
    let user = tx.scope().user_id;
    let old = owners::old(tx, portion, user).await?;
    if old.is_empty() {
        return Ok("[]".to_owned());
    }
    let figures = worked_out(tx, old).await?;
    // Whoever asks does not wait for somebody who writes, as there is always one on SQLite.
    let (db, kept) = (state.db.clone(), figures.clone());
    tokio::spawn(async move {
        if let Err(error) = keep(&db, &kept).await {
            tracing::warn!(%error, "figures could not be kept");
        }
    });
    Ok(figures)
}

/// From what was noted since figures were kept where that is enough, else from all rows.
async fn worked_out(tx: &mut Tx, old: Vec<owners::Old>) -> Result<String> {
    let (mut figures, others) = changes::added_up(tx, old).await?;
    figures.extend(owners::work_out(tx, others).await?);
    serde_json::to_string(&figures).map_err(Error::internal)
}

async fn keep(db: &Db, figures: &str) -> Result<()> {
    let mut tx = db.system("keep figures of owners").await?;
    owners::keep(&mut tx, figures).await?;
    changes::forget(&mut tx, figures).await?;
    Ok(tx.commit().await?)
}

/// Works out old figures of owners whose data is left alone, so that nobody has to wait for them. Gives of how many.
///
/// # Errors
/// When the database fails.
pub async fn keep_up(state: &AppState) -> Result<usize> {
    let now = state.clock.now().unix_micros() / 1_000 - BEGINNING;
    let before = now - i64::try_from(QUIET.as_millis()).map_err(Error::internal)?;
    let mut done = 0;
    loop {
        let mut tx = state.db.system_read("look for old figures of owners").await?;
        let old = owners::old_and_quiet(&mut tx, before, BATCH).await?;
        let n = old.len();
        if n == 0 {
            return Ok(done);
        }
        let figures = worked_out(&mut tx, old).await?;
        drop(tx);
        keep(&state.db, &figures).await?;
        done += n;
    }
}

/// Keeps up, again and again, until `stop` is cancelled.
pub async fn watch(state: AppState, stop: CancellationToken) {
    while stop.run_until_cancelled(tokio::time::sleep(INTERVAL)).await.is_some() {
        if let Some(Err(error)) = stop.run_until_cancelled(keep_up(&state)).await {
            tracing::warn!(%error, "old figures could not be worked out");
        }
    }
}
