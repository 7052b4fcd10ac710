//! The loop that claims jobs and runs their handlers.

use std::{sync::Arc, time::Duration};

use accunode_db::{Clock, Db, DbError};
use accunode_infra::Wake;
use accunode_telemetry::{JOB_SECONDS, JOBS, traces};
use tokio::{
    task::JoinSet,
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::CancellationToken;
use tracing::{Instrument as _, field::Empty};
use uuid::Uuid;

use crate::{
    Handler, Handlers, Priority, Schedule, Worker,
    claim::{self, Wanted},
    heartbeat::{Beating, Heartbeat, Held},
    outcome,
    run::Run,
    schedule,
    steps::{self, SKEW, Steps},
};

/// How long a worker holds a job without renewing, unless it is told otherwise.
pub(crate) const USUAL_LEASE: Duration = Duration::from_secs(15);
const LAST_WORDS: Duration = Duration::from_secs(10);

/// Runs jobs. Any number of runners, in any number of processes, share one queue.
#[derive(Clone)]
pub struct Runner {
    db: Db,
    wake: Wake,
    clock: Clock,
    handlers: Handlers,
    lanes: Vec<Priority>,
    concurrency: usize,
    poll_interval: Duration,
    lease: Duration,
    heartbeat: Duration,
    grace: Duration,
    schedules: Vec<Schedule>,
    worker: String,
}

impl std::fmt::Debug for Runner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Runner")
            .field("worker", &self.worker)
            .field("handlers", &self.handlers)
            .finish_non_exhaustive()
    }
}

impl Runner {
    /// A runner of two jobs at a time from every lane that looks for work each second, with leases of fifteen
    /// seconds and twenty to stop.
    #[must_use]
    pub fn new(db: Db, wake: Wake) -> Self {
        Self {
            db,
            wake,
            clock: Clock::system(),
            handlers: Handlers::default(),
            lanes: Priority::ALL.to_vec(),
            concurrency: 2,
            poll_interval: Duration::from_secs(1),
            lease: USUAL_LEASE,
            heartbeat: Duration::from_secs(5),
            grace: Duration::from_secs(20),
            schedules: Vec::new(),
            worker: format!("{}-{}-{}", host(), std::process::id(), Uuid::new_v4().simple()),
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
        self.handlers = self.handlers.with(handler);
        self
    }

    /// Takes on the kinds of these handlers, and no others.
    #[must_use]
    pub fn handlers(self, handlers: Handlers) -> Self {
        Self { handlers, ..self }
    }

    /// Takes jobs from these lanes only.
    #[must_use]
    pub fn lanes(self, lanes: impl IntoIterator<Item = Priority>) -> Self {
        Self { lanes: lanes.into_iter().collect(), ..self }
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

    /// How long a claim holds.
    #[must_use]
    pub fn lease(self, lease: Duration) -> Self {
        Self { lease, ..self }
    }

    /// How often the runner says that it lives and renews what it holds; at least once in each third of a lease.
    #[must_use]
    pub fn heartbeat(self, heartbeat: Duration) -> Self {
        Self { heartbeat, ..self }
    }

    /// How long handlers have to end when the runner stops.
    #[must_use]
    pub fn grace(self, grace: Duration) -> Self {
        Self { grace, ..self }
    }

    /// Enqueues what comes round, together with every other runner that knows of it.
    #[must_use]
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.schedules.push(schedule);
        self
    }

    /// Runs until `shutdown`. Then nothing more is claimed, handlers are told to stop, and those that have not
    /// ended after the grace are dropped and their jobs given back.
    pub async fn run(self, shutdown: CancellationToken) {
        let runner = Arc::new(self);
        runner.show_kinds();
        let mut listener = runner.wake.listen();
        let mut running = JoinSet::new();
        let mut steps = Steps::default();
        let stop = CancellationToken::new();
        let held = Arc::<Held>::default();
        let heartbeat = runner.beating(&held);
        let schedules = Arc::clone(&runner).keep_schedules();
        let schedules = tokio::spawn(shutdown.clone().run_until_cancelled_owned(schedules));
        while !shutdown.is_cancelled() {
            if let Err(error) = runner.fill(&mut running, &mut steps, &held, &stop).await {
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
        held.drain();
        // Each run ends by itself within the grace; a little more for its last words.
        let ended = async { while running.join_next().await.is_some() {} };
        if timeout(runner.grace + LAST_WORDS, ended).await.is_err() {
            tracing::error!("some jobs did not stop; others take them over when their leases end");
        }
        heartbeat.leave().await;
        schedules.await.ok();
    }

    /// Has what is counted by kind shown from the beginning: a first failure is a rise then.
    fn show_kinds(&self) {
        for kind in self.handlers.kinds() {
            JOB_SECONDS.with_label_values(&[kind]);
            for outcome in outcome::OUTCOMES {
                JOBS.with_label_values(&[kind, outcome]);
            }
        }
    }

    fn beating(&self, held: &Arc<Held>) -> Heartbeat {
        let now = self.clock.now();
        let lanes: Vec<_> = self.lanes.iter().map(|lane| lane.as_str()).collect();
        let me = Worker {
            id: self.worker.clone(),
            host: host(),
            pid: std::process::id().into(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            queues: lanes.join(","),
            concurrency: i32::try_from(self.concurrency).unwrap_or(i32::MAX),
            busy: 0,
            jobs_done: 0,
            rows_done: 0,
            draining: false,
            started_at: now,
            seen_at: now,
        };
        Heartbeat::start(Beating {
            db: self.db.clone(),
            clock: self.clock.clone(),
            me,
            held: Arc::clone(held),
            lease: self.lease,
            every: self.every(),
        })
    }

    /// How often it says that it lives.
    fn every(&self) -> Duration {
        self.heartbeat.min(self.lease / 3)
    }

    /// Claims while there is room and work.
    async fn fill(
        &self,
        running: &mut JoinSet<()>,
        steps: &mut Steps,
        held: &Arc<Held>,
        stop: &CancellationToken,
    ) -> Result<(), DbError> {
        while running.try_join_next().is_some() {}
        let room = self.concurrency.saturating_sub(running.len());
        if room == 0 {
            return Ok(());
        }
        let (now, at) = (self.clock.now(), Instant::now());
        steps.look(now, at);
        if steps.is_due(at) {
            let jobs = steps::put_right(&self.db, now, self.lease).await?;
            if jobs > 0 {
                tracing::warn!(jobs, "jobs were written by a clock that was ahead of this one");
            }
        }
        let (mut ready, expired) = claim::any(&self.db, now).await?;
        if expired && !steps.in_doubt(at, self.every().min(LAST_WORDS) + SKEW) {
            ready |= self.sort_out_expired().await?;
        }
        if !ready {
            return Ok(());
        }
        let kinds = self.handlers.kinds();
        let wanted = Wanted { kinds: &kinds, lanes: &self.lanes, worker: &self.worker, lease: self.lease };
        for lease in claim::claim(&self.db, &wanted, self.clock.now(), room).await? {
            let Some(handler) = self.handlers.of(&lease.kind) else { continue };
            let span = tracing::info_span!(
                "job", job.id = %lease.id, job.kind = %lease.kind, attempt = lease.attempts,
                user.id = Empty, tenant.id = Empty
            );
            if let Some(parent) = &lease.traceparent {
                traces::follow(&span, parent);
            }
            let run = Run {
                db: self.db.clone(),
                clock: self.clock.clone(),
                held: Arc::clone(held),
                handler,
                lease,
                grace: self.grace,
            };
            running.spawn(run.execute(stop.clone()).instrument(span));
        }
        Ok(())
    }

    /// Jobs whose workers disappeared are tried again, or buried; whether any is tried again.
    async fn sort_out_expired(&self) -> Result<bool, DbError> {
        let kinds = self.handlers.kinds();
        let find = |kind: &str| self.handlers.of(kind);
        while outcome::bury_abandoned(&self.db, self.clock.now(), &kinds, find).await? {}
        let taken = claim::take_back(&self.db, self.clock.now()).await?;
        for kind in &taken {
            outcome::count_expired(kind);
        }
        if !taken.is_empty() {
            tracing::warn!(jobs = taken.len(), "jobs were taken back from workers that disappeared");
        }
        Ok(!taken.is_empty())
    }

    /// Looks after what comes round by itself, for as long as it runs.
    async fn keep_schedules(self: Arc<Self>) {
        let mut announced = self.schedules.is_empty();
        while !self.schedules.is_empty() {
            let outcome = async {
                if !announced {
                    schedule::announce(&self.db, &self.schedules, self.clock.now()).await?;
                    announced = true;
                }
                schedule::enqueue_due(&self.db, &self.schedules, self.clock.now()).await
            };
            match outcome.await {
                Ok(0) => {}
                Ok(_) => self.wake.notify(),
                Err(error) => tracing::warn!(%error, "what comes round could not be enqueued yet"),
            }
            sleep(self.poll_interval).await;
        }
    }
}

fn host() -> String {
    hostname::get().map_or_else(|_| "unknown".to_owned(), |name| name.to_string_lossy().into_owned())
}
