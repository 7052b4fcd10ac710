//! The loop that claims jobs and runs their handlers.

use std::{any::Any, collections::HashMap, panic::AssertUnwindSafe, sync::Arc, time::Duration};

use accunode_db::{Clock, Db, DbError};
use accunode_infra::Wake;
use futures_util::FutureExt as _;
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::{sync::CancellationToken, task::AbortOnDropHandle};
use tracing::Instrument as _;
use uuid::Uuid;

use crate::{Context, Handler, JobError, Lease, claim, job, outcome};

const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs jobs. Any number of runners, in any number of processes, share one queue.
#[derive(Clone)]
pub struct Runner {
    db: Db,
    wake: Wake,
    clock: Clock,
    handlers: HashMap<&'static str, Arc<dyn Handler>>,
    concurrency: usize,
    poll_interval: Duration,
    lease: Duration,
    grace: Duration,
    retention: Duration,
    worker: String,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let kinds: Vec<_> = self.handlers.keys().collect();
        f.debug_struct("Runner").field("worker", &self.worker).field("kinds", &kinds).finish_non_exhaustive()
    }
}

impl Runner {
    /// A runner of two jobs at a time that looks for work each second, with leases of a minute, half a minute to
    /// stop, and ended jobs kept for a week.
    #[must_use]
    pub fn new(db: Db, wake: Wake) -> Self {
        Self {
            db,
            wake,
            clock: Clock::system(),
            handlers: HashMap::new(),
            concurrency: 2,
            poll_interval: Duration::from_secs(1),
            lease: Duration::from_secs(60),
            grace: Duration::from_secs(30),
            retention: Duration::from_secs(7 * 24 * 3_600),
            worker: format!("{}-{}", std::process::id(), Uuid::new_v4().simple()),
        }
    }

    /// With another clock: it decides what may run and which lease has ended.
    #[must_use]
    pub fn clock(self, clock: Clock) -> Self {
        Self { clock, ..self }
    }

    /// Takes on a kind of job.
    #[must_use]
    pub fn handler(mut self, handler: impl Handler) -> Self {
        self.handlers.insert(handler.kind(), Arc::new(handler));
        self
    }

    /// How many jobs run at a time (at least 1).
    #[must_use]
    pub fn concurrency(self, concurrency: usize) -> Self {
        Self { concurrency: concurrency.max(1), ..self }
    }

    /// How often to look for work that nobody announced.
    #[must_use]
    pub fn poll_interval(self, poll_interval: Duration) -> Self {
        Self { poll_interval, ..self }
    }

    /// How long a claim holds; it is renewed after each third.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// How long handlers have to end when the runner stops.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// How long ended jobs are kept.
    #[must_use]
    pub fn retention(self, retention: Duration) -> Self {
        Self { retention, ..self }
    }

    /// The name that operators see in the column `worker`.
    #[must_use]
    pub fn worker(self, worker: impl Into<String>) -> Self {
        Self { worker: worker.into(), ..self }
    }

    /// Runs until `shutdown`. Then nothing more is claimed, handlers are told to stop, and those that have not
    /// ended after the grace are dropped and their jobs given back.
    pub async fn run(self, shutdown: CancellationToken) {
        let runner = Arc::new(self);
        let mut listener = runner.wake.listen();
        let mut running = JoinSet::new();
        let stop = CancellationToken::new();
        let tidy =
            tokio::spawn(shutdown.clone().run_until_cancelled_owned(Arc::clone(&runner).tidy_hourly()));
        while !shutdown.is_cancelled() {
            if let Err(error) = runner.fill(&mut running, &stop).await {
                tracing::warn!(%error, "the queue cannot be read; trying again");
            }
            let free = running.len() < runner.concurrency;
            tokio::select! {
                () = shutdown.cancelled() => {}
                Some(_) = running.join_next() => {}
                () = listener.wait(), if free => {}
                () = sleep(runner.poll_interval), if free => {}
            }
        }
        stop.cancel();
        // Each run ends by itself within the grace; a little more for its last words.
        let ended = async { while running.join_next().await.is_some() {} };
        if timeout(runner.grace + LAST_WORDS, ended).await.is_err() {
            tracing::error!("some jobs did not stop; others take them over when their leases end");
        }
        tidy.await.ok();
    }

    /// Claims while there is room and work.
    async fn fill(
        self: &Arc<Self>,
        running: &mut JoinSet<()>,
        stop: &CancellationToken,
    ) -> Result<(), DbError> {
        while running.try_join_next().is_some() {}
        if running.len() >= self.concurrency || !claim::any(&self.db, self.clock.now()).await? {
            return Ok(());
        }
        let kinds: Vec<_> = self.handlers.keys().copied().collect();
        let find = |kind: &str| self.handlers.get(kind).cloned();
        while outcome::bury_abandoned(&self.db, self.clock.now(), &kinds, find).await? {}
        while running.len() < self.concurrency {
            let now = self.clock.now();
            let Some(lease) = claim::claim(&self.db, &kinds, &self.worker, now, self.lease).await? else {
                break;
            };
            let Some(handler) = find(&lease.kind) else { break };
            let span = tracing::info_span!("job", job.id = %lease.id, job.kind = %lease.kind, attempt = lease.attempts);
            running.spawn(Arc::clone(self).execute(handler, lease, stop.clone()).instrument(span));
        }
        Ok(())
    }

    /// One run of one job, from claim to record.
    async fn execute(self: Arc<Self>, handler: Arc<dyn Handler>, lease: Lease, stop: CancellationToken) {
        let cancelled = stop.child_token();
        let context = Context {
            lease: lease.clone(),
            db: self.db.clone(),
            clock: self.clock.clone(),
            cancelled: cancelled.clone(),
        };
        // On a task of its own: a handler that keeps its thread busy must not lose its lease by that.
        let renewing = Arc::clone(&self).keep_renewing(lease.clone(), cancelled.clone());
        let _renewing = AbortOnDropHandle::new(tokio::spawn(renewing));
        let outcome = tokio::select! {
            outcome = AssertUnwindSafe(handler.run(&context)).catch_unwind() => {
                outcome.unwrap_or_else(|panic| Err(JobError::Retry(said(panic.as_ref()))))
            }
            () = async { cancelled.cancelled().await; sleep(self.grace).await } => Err(JobError::Release),
        };
        match &outcome {
            Ok(()) => tracing::info!("job is done"),
            Err(error) => tracing::warn!(%error, "job did not finish"),
        }
        outcome::record(&self.db, &self.clock, handler.as_ref(), &lease, &outcome).await;
    }

    /// Renews a lease until it is lost, and then says so to the handler.
    async fn keep_renewing(self: Arc<Self>, lease: Lease, cancelled: CancellationToken) {
        let third = self.lease / 3;
        let mut renewed = Instant::now();
        let mut pause = third;
        loop {
            sleep(pause).await;
            match self.renew(&lease).await {
                Ok(true) => (renewed, pause) = (Instant::now(), third),
                Ok(false) => return cancelled.cancel(),
                Err(error) if renewed.elapsed() < self.lease => {
                    tracing::warn!(%error, "the lease could not be renewed yet");
                    pause = third.min(Duration::from_secs(1));
                }
                Err(error) => {
                    tracing::error!(%error, "the lease could not be renewed in time");
                    return cancelled.cancel();
                }
            }
        }
    }

    async fn renew(&self, lease: &Lease) -> Result<bool, DbError> {
        let mut tx = self.db.system("the queue is everybody's").await?;
        let held = lease.renew(&mut tx, self.clock.now() + self.lease).await?;
        tx.commit().await?;
        Ok(held)
    }

    async fn tidy_hourly(self: Arc<Self>) {
        loop {
            if let Err(error) = self.tidy().await {
                tracing::warn!(%error, "ended jobs could not be removed");
            }
            sleep(Duration::from_secs(3_600)).await;
        }
    }

    async fn tidy(&self) -> Result<(), DbError> {
        let mut tx = self.db.system("the queue is everybody's").await?;
        job::purge_finished(&mut tx, self.clock.now() - self.retention).await?;
        tx.commit().await
    }
}

/// What a panic said.
fn said(panic: &(dyn Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("the handler panicked: {}", text.unwrap_or("without a word"))
}
