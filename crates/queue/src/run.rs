//! One run of one job.

use std::{any::Any, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use accunode_db::{Clock, Db};
use accunode_telemetry::{JOB_SECONDS, timed, traces};
use futures_util::FutureExt as _;
use tokio::time::{sleep, timeout};
use tokio_util::sync::CancellationToken;

use crate::{Context, Handler, JobError, Lease, heartbeat::Held, outcome};

/// How long a run has to end by itself once its time is up.
const LAST_CHANCE: Duration = Duration::from_secs(5);

/// What a run needs beside its job.
pub(crate) struct Run {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) held: Arc<Held>,
    pub(crate) handler: Arc<dyn Handler>,
    pub(crate) lease: Lease,
    /// How long it has to end once the worker stops.
    pub(crate) grace: Duration,
}

impl Run {
    /// From claim to record.
    pub(crate) async fn execute(self, stop: CancellationToken) {
        let cancelled = stop.child_token();
        self.held.begin(&self.lease, &cancelled);
        let seconds = JOB_SECONDS.with_label_values(&[self.lease.kind.as_str()]);
        let outcome = timed(&seconds, self.work(&cancelled)).await;
        match &outcome {
            Ok(()) => {
                self.note_rows();
                tracing::info!("job is done");
            }
            Err(error) => {
                traces::failed(&tracing::Span::current());
                tracing::warn!(%error, "job did not finish");
            }
        }
        outcome::record(&self.db, &self.clock, self.handler.as_ref(), &self.lease, &outcome).await;
        self.held.end(&self.lease, outcome.is_ok());
    }

    /// Jobs that are not about rows say nothing of them.
    fn note_rows(&self) {
        let rows = self.lease.rows();
        if rows > 0 {
            traces::note_here("rows.committed", rows);
        }
    }

    async fn work(&self, cancelled: &CancellationToken) -> Result<(), JobError> {
        let context = Context {
            lease: self.lease.clone(),
            db: self.db.clone(),
            clock: self.clock.clone(),
            cancelled: cancelled.clone(),
        };
        let limit = self.handler.time_limit();
        let mut work = AssertUnwindSafe(self.handler.run(&context))
            .catch_unwind()
            .map(|outcome| outcome.unwrap_or_else(|panic| Err(JobError::Retry(said(panic.as_ref())))));
        tokio::select! {
            outcome = &mut work => outcome,
            () = async { cancelled.cancelled().await; sleep(self.grace).await } => Err(JobError::Release),
            () = sleep(limit) => {
                cancelled.cancel();
                match timeout(LAST_CHANCE.min(self.grace), work).await {
                    // It was told to give up: that it did is no release.
                    Ok(Err(JobError::Release)) | Err(_) => Err(JobError::Retry(too_long(limit))),
                    Ok(outcome) => outcome,
                }
            }
        }
    }
}

fn too_long(limit: Duration) -> String {
    format!("the run took longer than its limit of {} seconds", limit.as_secs_f64())
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the handler panicked: {}", text.unwrap_or("without a word"))
}
