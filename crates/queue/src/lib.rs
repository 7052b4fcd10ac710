//! Leased jobs in the application's own database.
//!
//! A job is a row of table `job`. [`enqueue`] writes it in the caller's transaction, so the job is there exactly
//! when the caller's change is; after the commit, [`accunode_infra::Wake::notify`] makes the workers start at
//! once. A [`Runner`] claims jobs in one statement, most urgent first: lane (high, medium, low), where each five
//! minutes of waiting lift a job by a lane; then whose tenant has the fewest jobs running; then who waits longest.
//!
//! A claim is a **lease**, not a lock: it ends after fifteen seconds unless the runner, alive, renews it every
//! five, and a job whose lease ended is claimed again. Each claim raises the job's fencing token. A handler
//! calls [`Lease::fence`] in every transaction in which it writes: it fails when the job has been taken over or
//! cancelled, and holds both off until the transaction ends. So a job can run twice, but only one run's writes count.
//!
//! Leases are renewed, together with the worker's line in table `workers`, from a thread of its own: see
//! [`workers()`]. Jobs that belong together carry a group ([`NewJob::group`], [`cancel_group`]).
//!
//! A [`Handler`] says how a failure is meant: [`JobError::Retry`] comes back after 2, 4, 8 … seconds (written down,
//! so a restart does not forget it) until `max_attempts` is reached; [`JobError::Permanent`] is dead at once;
//! [`JobError::Release`] gives the job back as if it had never been claimed, for a graceful stop. A panic is a
//! retry, and so is a run that takes longer than [`Handler::time_limit`]. Whenever a job dies, [`Handler::on_dead`] runs in the same transaction.
//!
//! What comes round by itself is a [`Schedule`]: given to every runner, each of its turns becomes one job.
//!
//! ```no_run
//! use accunode_db::{Clock, Db, Tx};
//! use accunode_infra::Wake;
//! use accunode_queue::{Context, Handler, JobError, NewJob, Priority, Runner, enqueue};
//! use tokio_util::sync::CancellationToken;
//!
//! struct Count;
//!
//! #[async_trait::async_trait]
//! impl Handler for Count {
//!     fn kind(&self) -> &'static str { "count" }
//!
//!     async fn run(&self, job: &Context) -> Result<(), JobError> {
//!         let numbers: Vec<i64> = job.payload()?;
//!         for _number in numbers {
//!             if job.cancelled.is_cancelled() { return Err(JobError::Release); }
//!             let mut tx = job.db.system("counting").await?;
//!             job.lease.fence(&mut tx).await?;
//!             // … write …
//!             tx.commit().await?;
//!         }
//!         Ok(())
//!     }
//! }
//!
//! # async fn example(db: Db, wake: Wake, mut tx: Tx, shutdown: CancellationToken) -> Result<(), Box<dyn std::error::Error>> {
//! let clock = Clock::system();
//! enqueue(&mut tx, NewJob::new("count", &[1, 2, 3], clock.now())?.priority(Priority::High)).await?;
//! tx.commit().await?;
//! wake.notify();
//!
//! Runner::new(db, wake).clock(clock).concurrency(4).handler(Count).run(shutdown).await;
//! # Ok(()) }
//! ```

mod claim;
mod dead;
mod error;
mod facts;
mod handler;
mod heartbeat;
mod job;
mod lease;
mod outcome;
mod run;
mod runner;
mod schedule;
mod steps;
mod upkeep;
mod wake;
mod workers;

pub use dead::{DeadLetter, dead_letters, forget_dead, retry_dead};
pub use error::{JobError, LeaseLost};
pub use facts::{Lane, Stats, dead_by_lane, lanes, position, stats};
pub use handler::{Context, DeadJob, Handler, Handlers, RetriedJob};
pub use job::{NewJob, Priority, cancel, cancel_group, enqueue, enqueue_all, purge_finished};
pub use lease::Lease;
pub use runner::Runner;
pub use schedule::Schedule;
pub use upkeep::Upkeep;
pub use wake::wake_through;
pub use workers::{Worker, sweep_workers, workers};
