//! Files that nothing refers to: of requests that broke off after the file was stored, of commits that failed, of
//! servers that were killed while a file came in, of uploads that are gone. They are removed once they are old enough that nobody can be about to refer to them.

use std::time::{Duration, UNIX_EPOCH};

use accunode_db::Timestamp;
use accunode_domain::{Error, Result};
use accunode_infra::Listed;
use accunode_queue::{Context, Handler, JobError, Schedule};
use futures_util::TryStreamExt;
use uuid::Uuid;

use crate::{features::uploads::store::files, state::AppState};

/// The queue's name of sweeping.
pub const SWEEP: &str = "upload.sweep";

/// How often it is done.
const EVERY: Duration = Duration::from_secs(6 * 3_600);
/// Longer than any request takes, and any commit whose outcome is not known.
const SAFE_AGE: Duration = Duration::from_secs(24 * 3_600);
/// Files looked up at once.
const SOME: usize = 500;

/// Sweeps files.
pub struct SweepHandler {
    /// The application.
    pub state: AppState,
}

impl SweepHandler {
    /// When it is done.
    #[must_use]
    pub fn schedule() -> Schedule {
        Schedule::every(SWEEP, EVERY, SWEEP)
    }
}

#[async_trait::async_trait]
impl Handler for SweepHandler {
    fn kind(&self) -> &'static str {
        SWEEP
    }

    async fn run(&self, _job: &Context) -> Result<(), JobError> {
        let removed = sweep(&self.state).await?;
        if removed > 0 {
            tracing::info!(removed, "files that nothing referred to were removed");
        }
        Ok(())
    }
}

/// Removes the files of uploads that nothing refers to; gives how many.
///
/// # Errors
/// When the store or the database fails.
pub async fn sweep(state: &AppState) -> Result<usize> {
    let before = state.clock.now() - SAFE_AGE;
    let old = |file: &Listed| std::future::ready(modified(file) < before);
    let files = state.blobs.list("uploads").map_err(Error::internal)?.map_err(Error::internal);
    let mut portions = std::pin::pin!(files.try_filter(old).try_chunks(SOME));
    let since = Duration::from_micros(u64::try_from(before.unix_micros()).unwrap_or_default());
    let unfinished = state.blobs.remove_unfinished("uploads", UNIX_EPOCH + since).await;
    let mut removed = unfinished.map_err(Error::internal)?;
    while let Some(portion) = portions.try_next().await.map_err(|e| e.1)? {
        removed += sweep_some(state, &portion).await?;
    }
    Ok(removed)
}

async fn sweep_some(state: &AppState, files: &[Listed]) -> Result<usize> {
    let ids: Vec<Uuid> = files.iter().filter_map(|file| upload(&file.key)).collect();
    let mut tx = state.db.system_glance("look which files are still referred to").await?;
    let needed = files::needed(&mut tx, &ids).await?;
    drop(tx);
    let mut removed = 0;
    for file in files.iter().filter(|file| !needed.contains(&file.key)) {
        state.blobs.delete(&file.key).await.map_err(Error::internal)?;
        removed += 1;
    }
    Ok(removed)
}

/// The upload that a file belongs to, by its key.
fn upload(key: &str) -> Option<Uuid> {
    key.strip_prefix("uploads/")?.split('.').next()?.parse().ok()
}

fn modified(file: &Listed) -> Timestamp {
    let since = file.modified.duration_since(UNIX_EPOCH).unwrap_or_default();
    Timestamp::from_unix_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
}
