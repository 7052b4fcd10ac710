//! The queue on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod clock;
mod dead;
mod ending;
mod facts;
mod groups;
mod leases;
mod order;
mod schedules;
mod signs_of_life;
mod time_limit;
mod wakes;

use std::{
    pin::Pin,
    sync::{Arc, Mutex},
    time::Duration,
};

use accunode_db::{Clock, Db, Result, Timestamp, Tx, on};
use accunode_infra::Wake;
use accunode_queue::{
    Context, DeadJob, Handler, JobError, NewJob, RetriedJob, Runner, Worker, enqueue, workers,
};
use async_trait::async_trait;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

const START: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const KIND: &str = "test";

type Work = Pin<Box<dyn Future<Output = Result<(), JobError>> + Send>>;

/// A handler made of a function; remembers what died.
#[derive(Clone)]
struct Script {
    work: Arc<dyn Fn(Context) -> Work + Send + Sync>,
    dead: Arc<Mutex<Vec<(Uuid, String)>>>,
    retried: Arc<Mutex<Vec<Uuid>>>,
    limit: Duration,
}

impl Script {
    fn new<F, R>(work: F) -> Self
    where
        F: Fn(Context) -> R + Send + Sync + 'static,
        R: Future<Output = Result<(), JobError>> + Send + 'static,
    {
        Self {
            work: Arc::new(move |context| Box::pin(work(context))),
            dead: Arc::default(),
            retried: Arc::default(),
            limit: Duration::from_secs(300),
        }
    }

    fn limit(self, limit: Duration) -> Self {
        Self { limit, ..self }
    }
}

#[async_trait]
impl Handler for Script {
    fn kind(&self) -> &'static str {
        KIND
    }

    async fn run(&self, job: &Context) -> Result<(), JobError> {
        (self.work)(job.clone()).await
    }

    fn time_limit(&self) -> Duration {
        self.limit
    }

    async fn on_retry(&self, _tx: &mut Tx, job: &RetriedJob) -> Result<()> {
        self.retried.lock().unwrap().push(job.id);
        Ok(())
    }

    async fn on_dead(&self, _tx: &mut Tx, job: &DeadJob<'_>) -> Result<()> {
        self.dead.lock().unwrap().push((job.lease.id, job.reason.to_owned()));
        Ok(())
    }
}

/// A runner that looks for work all the time, under a clock of the test's.
fn runner(db: &Db, clock: &Clock, script: &Script) -> Runner {
    Runner::new(db.clone(), Wake::in_process())
        .clock(clock.clone())
        .poll_interval(Duration::from_millis(5))
        .handler(script.clone())
}

/// A runner at work.
struct Running {
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    fn start(runner: Runner) -> Self {
        let stop = CancellationToken::new();
        Self { task: tokio::spawn(runner.run(stop.clone())), stop }
    }

    async fn stop(self) {
        self.stop.cancel();
        self.task.await.unwrap();
    }

    /// As when the process is killed: nothing is said or written.
    async fn kill(self) {
        self.task.abort();
        self.task.await.ok();
    }
}

async fn enqueued(db: &Db, job: NewJob) -> Uuid {
    let mut tx = db.system("test").await.unwrap();
    let id = enqueue(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
    id
}

fn job() -> NewJob {
    NewJob::new(KIND, &(), START).unwrap()
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    status: String,
    attempts: i32,
    run_at: Timestamp,
    last_error: Option<String>,
}

async fn row(db: &Db, id: Uuid) -> Row {
    let mut tx = db.system_read("test").await.unwrap();
    on!(tx, |c| sqlx::query_as("SELECT status, attempts, run_at, last_error FROM job WHERE id = $1")
        .bind(id)
        .fetch_one(c)
        .await)
    .unwrap()
}

/// Waits until a job is in a state.
async fn until(db: &Db, id: Uuid, status: &str) -> Row {
    for _ in 0..2_000 {
        let row = row(db, id).await;
        if row.status == status {
            return row;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never {status}: {:?}", row(db, id).await);
}

/// Waits until so many jobs have ended: a turn that comes while the job before runs is skipped.
async fn until_done(db: &Db, number: i64) {
    for _ in 0..2_000 {
        let mut tx = db.system_read("test").await.unwrap();
        let sql = "SELECT count(*) FROM job WHERE status = 'done'";
        let done: i64 = on!(tx, |c| sqlx::query_scalar(sql).fetch_one(c).await).unwrap();
        if done == number {
            return;
        }
        drop(tx);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never {number} jobs done");
}

/// Waits until so many workers say that they live.
async fn workers_at_work(db: &Db, clock: &Clock, number: usize) -> Vec<Worker> {
    for _ in 0..2_000 {
        let mut tx = db.system_read("test").await.unwrap();
        let known = workers(&mut tx, clock.now()).await.unwrap();
        if known.len() == number {
            return known;
        }
        drop(tx);
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("never {number} workers");
}

/// Waits until a condition holds.
async fn eventually(mut holds: impl FnMut() -> bool) {
    for _ in 0..2_000 {
        if holds() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never happened");
}
