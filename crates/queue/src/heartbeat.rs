//! A worker's sign of life: every few seconds it says that it is there and renews what it holds.
//!
//! It comes from a thread of its own with a runtime and, on PostgreSQL, a connection of its own. However busy the
//! other threads and connections are, it is not: so leases can be short, and another worker takes over soon after
//! one was killed.

use std::{
    collections::HashMap,
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicI64, Ordering},
    },
    time::Duration,
};

use accunode_db::{Clock, Db, Options, Result, Timestamp, Tx, on, sql};
use serde_json::json;
use tokio::{
    sync::{Notify, oneshot},
    time::{Instant, sleep, timeout},
};
use tokio_util::sync::{CancellationToken, DropGuard};
use uuid::Uuid;

use crate::{
    Lease,
    workers::{self, Worker},
};

/// How long the database may keep a beat waiting.
const PATIENCE: Duration = Duration::from_secs(5);

/// $1 what is held: pairs of a job and its token.
macro_rules! held {
    (pg: $select:literal) => {
        concat!(
            $select,
            " FROM jsonb_array_elements($1::jsonb) held
             JOIN job j ON j.id = (held->>0)::uuid AND j.lease_token = (held->>1)::bigint
             WHERE j.status = 'running' AND j.lease_until IS NOT NULL"
        )
    };
    (lite: $select:literal) => {
        concat!(
            $select,
            " FROM json_each($1) held
             JOIN job j ON j.id = unhex(held.value->>0) AND j.lease_token = held.value->>1
             WHERE j.status = 'running' AND j.lease_until IS NOT NULL"
        )
    };
}

sql! {
    /// A row that somebody is ending at this moment is left out, so that the others do not wait for it.
    RENEW {
        pg: concat!("UPDATE job SET lease_until = $2 WHERE id IN (", held!(pg: "SELECT j.id"),
                    " FOR NO KEY UPDATE OF j SKIP LOCKED)"),
        lite: concat!("UPDATE job SET lease_until = $2 WHERE id IN (", held!(lite: "SELECT j.id"), ")"),
    };
    HELD { pg: held!(pg: "SELECT j.id, j.lease_token"), lite: held!(lite: "SELECT j.id, j.lease_token") };
}

/// What a worker does at the moment and has done.
#[derive(Debug, Default)]
pub(crate) struct Held {
    runs: Mutex<HashMap<(Uuid, i64), Run>>,
    jobs_done: AtomicI64,
    rows_done: AtomicI64,
    draining: AtomicBool,
    news: Notify,
}

#[derive(Debug)]
struct Run {
    lease: Lease,
    cancelled: CancellationToken,
    /// When the lease was taken or renewed.
    renewed: Instant,
}

impl Held {
    fn runs(&self) -> MutexGuard<'_, HashMap<(Uuid, i64), Run>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A run begins: its lease is renewed from now on, and `cancelled` tells it when that was in vain.
    pub(crate) fn begin(&self, lease: &Lease, cancelled: &CancellationToken) {
        let run = Run { lease: lease.clone(), cancelled: cancelled.clone(), renewed: Instant::now() };
        self.runs().insert((lease.id, lease.token), run);
    }

    /// A run has ended and is recorded.
    pub(crate) fn end(&self, lease: &Lease, well: bool) {
        self.runs().remove(&(lease.id, lease.token));
        self.jobs_done.fetch_add(i64::from(well), Ordering::Relaxed);
        self.rows_done.fetch_add(lease.rows(), Ordering::Relaxed);
    }

    /// Nothing more is taken.
    pub(crate) fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        self.news.notify_one();
    }

    /// What is held at the moment.
    fn keys(&self) -> Vec<(Uuid, i64)> {
        self.runs().keys().copied().collect()
    }

    fn told(&self, me: &Worker, now: Timestamp) -> Worker {
        let runs = self.runs();
        let under_way: i64 = runs.values().map(|run| run.lease.rows()).sum();
        Worker {
            busy: i32::try_from(runs.len()).unwrap_or(i32::MAX),
            jobs_done: self.jobs_done.load(Ordering::Relaxed),
            rows_done: self.rows_done.load(Ordering::Relaxed) + under_way,
            draining: self.draining.load(Ordering::Relaxed),
            seen_at: now,
            ..me.clone()
        }
    }

    /// The runs that were there when the database was asked, `before`, and that it does not know any more are told.
    fn settle(&self, asked: Instant, held: &[(Uuid, i64)]) {
        for (key, run) in self.runs().iter_mut().filter(|(_, run)| run.renewed <= asked) {
            if held.contains(key) {
                run.renewed = asked;
            } else {
                run.cancelled.cancel();
            }
        }
    }

    /// Those whose leases have ended for want of a database are told.
    fn expire(&self, lease: Duration) {
        for run in self.runs().values().filter(|run| run.renewed.elapsed() >= lease) {
            run.cancelled.cancel();
        }
    }
}

/// The thread; it ends with this value.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    leave: CancellationToken,
    ended: oneshot::Receiver<()>,
    _gone: DropGuard,
}

/// What the thread works with.
pub(crate) struct Beating {
    pub(crate) db: Db,
    pub(crate) clock: Clock,
    pub(crate) me: Worker,
    pub(crate) held: Arc<Held>,
    pub(crate) lease: Duration,
    pub(crate) every: Duration,
}

impl Heartbeat {
    /// Begins. Should the system refuse a runtime, the beats come from the one at hand.
    pub(crate) fn start(beating: Beating) -> Self {
        let (leave, gone) = (CancellationToken::new(), CancellationToken::new());
        let (end, ended) = oneshot::channel();
        let leaving = leave.clone();
        let beats = gone.clone().run_until_cancelled_owned(async move {
            beating.run(leaving).await;
            end.send(()).ok();
        });
        match own_runtime() {
            Ok(runtime) => drop(tokio::task::spawn_blocking(move || runtime.block_on(beats))),
            Err(error) => {
                tracing::warn!(%error, "the worker's signs of life have no runtime of their own");
                tokio::spawn(beats);
            }
        }
        Self { leave, ended, _gone: gone.drop_guard() }
    }

    /// Ends in order: the worker is taken off the list.
    pub(crate) async fn leave(self) {
        self.leave.cancel();
        timeout(PATIENCE * 2, self.ended).await.ok();
    }
}

fn own_runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}

impl Beating {
    async fn run(mut self, leave: CancellationToken) {
        // On this runtime, which polls its connection whatever the others do.
        self.db = self.db.apart(&Options {
            pool_size: NonZeroU32::MIN,
            acquire_timeout: PATIENCE,
            statement_timeout: PATIENCE,
        });
        loop {
            let pause = match self.beat().await {
                Ok(()) => self.every,
                Err(error) => {
                    tracing::warn!(%error, "the worker's sign of life could not be written yet");
                    self.held.expire(self.lease);
                    self.every.min(Duration::from_secs(1))
                }
            };
            tokio::select! {
                () = leave.cancelled() => break,
                () = self.held.news.notified() => {}
                () = sleep(pause) => {}
            }
        }
        if let Err(error) = self.leave().await {
            tracing::warn!(%error, "the worker could not be taken off the list; it will be forgotten soon");
        }
    }

    async fn beat(&self) -> Result<()> {
        let asked = Instant::now();
        let now = self.clock.now();
        let mut tx = self.db.system("the queue is everybody's").await?;
        workers::beat(&mut tx, &self.held.told(&self.me, now)).await?;
        let held = renew(&mut tx, &self.held.keys(), now + self.lease).await?;
        tx.commit().await?;
        self.held.settle(asked, &held);
        Ok(())
    }

    async fn leave(&self) -> Result<()> {
        let mut tx = self.db.system("the queue is everybody's").await?;
        workers::leave(&mut tx, &self.me.id).await?;
        tx.commit().await
    }
}

/// Renews what a worker holds, and tells what it still does. Only what it knows of: a claim whose answer got lost, or
/// a run whose end could not be recorded, is in the database under its name and done by nobody, so that its lease
/// must run out.
pub(crate) async fn renew(tx: &mut Tx, held: &[(Uuid, i64)], until: Timestamp) -> Result<Vec<(Uuid, i64)>> {
    if held.is_empty() {
        return Ok(Vec::new());
    }
    let pairs = held.iter().map(|(id, token)| json!([id.simple().to_string(), token]));
    let held = serde_json::Value::from_iter(pairs).to_string();
    on!(tx, RENEW, |c, sql| sqlx::query(sql).bind(&held).bind(until).execute(c).await.map(drop))?;
    Ok(on!(tx, HELD, |c, sql| sqlx::query_as(sql).bind(&held).fetch_all(c).await)?)
}
