//! What the queue does for itself.

use std::time::Duration;

use async_trait::async_trait;

use crate::{Context, Handler, JobError, Schedule, job::purge_finished, workers::sweep_workers};

const KIND: &str = "queue.upkeep";
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// Forgets the jobs that ended a week ago, those that died four weeks ago, and the workers that are not there any
/// more. Give it to a runner together with [`Upkeep::schedule`].
#[derive(Clone, Copy, Debug, Default)]
pub struct Upkeep;

impl Upkeep {
    /// Every ten minutes.
    #[must_use]
    pub fn schedule() -> Schedule {
        Schedule::every(KIND, Duration::from_secs(600), KIND)
    }
}

#[async_trait]
impl Handler for Upkeep {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Context) -> Result<(), JobError> {
        let now = job.clock.now();
        let mut tx = job.db.system("the queue is everybody's").await?;
        job.lease.fence(&mut tx).await?;
        let jobs = purge_finished(&mut tx, now - DAY * 7, now - DAY * 28).await?;
        let workers = sweep_workers(&mut tx, now).await?;
        job.lease.complete(&mut tx, now).await?;
        tx.commit().await?;
        tracing::debug!(jobs, workers, "forgotten");
        Ok(())
    }
}
