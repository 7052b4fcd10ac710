//! What the application says about a kind of job.

use std::{collections::HashMap, fmt, sync::Arc, time::Duration};

use accunode_db::{Clock, Db, Result, Timestamp, Tx};
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::{JobError, Lease};

/// How long a run may take unless its handler says otherwise.
const TIME_LIMIT: Duration = Duration::from_secs(300);

/// Does the work of one kind of job.
#[async_trait]
pub trait Handler: Send + Sync + 'static {
    /// The kind.
    fn kind(&self) -> &'static str;

    /// Does the job. It may have been begun before, by a run that ended anywhere: go on from what is written.
    /// Long runs look at [`Context::cancelled`] now and then; work that computes belongs on blocking threads.
    ///
    /// # Errors
    /// [`JobError`], which decides what becomes of the job.
    async fn run(&self, job: &Context) -> Result<(), JobError>;

    /// How long one run may take. Then [`Context::cancelled`] tells the handler; a few seconds later the run is
    /// dropped, and counts as an attempt that failed and is tried again. What runs on blocking threads cannot be
    /// dropped: it has to look at the token itself.
    fn time_limit(&self) -> Duration {
        TIME_LIMIT
    }

    /// Called when somebody has a dead job of this kind tried again, in the (cross-tenant) transaction that makes
    /// it ready: brings back to life what [`Handler::on_dead`] had ended. When this fails the job stays dead.
    ///
    /// # Errors
    /// What the database refuses.
    async fn on_retry(&self, _tx: &mut Tx, _job: &RetriedJob) -> Result<()> {
        Ok(())
    }

    /// Called when the job is dead, in the (cross-tenant) transaction that marks it so. When this fails the job
    /// stays as it is, and is buried later.
    ///
    /// # Errors
    /// What the database refuses.
    async fn on_dead(&self, _tx: &mut Tx, _job: &DeadJob<'_>) -> Result<()> {
        Ok(())
    }
}

/// What a handler works with.
#[derive(Clone, Debug)]
pub struct Context {
    /// The job, held.
    pub lease: Lease,
    /// The database, to begin transactions for an actor or for the system.
    pub db: Db,
    /// The runner's clock.
    pub clock: Clock,
    /// Cancelled when the worker stops, the lease is lost or the run's time is up: return soon ([`JobError::Release`]).
    pub cancelled: CancellationToken,
}

impl Context {
    /// Reads the payload.
    ///
    /// # Errors
    /// [`JobError::Permanent`] when it is not what the handler expects.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        read(&self.lease.kind, &self.lease.payload)
    }

    /// Notes that this run has done so many rows more: see [`Lease::count_rows`].
    pub fn count_rows(&self, rows: u64) {
        self.lease.count_rows(rows);
    }
}

/// A job that has just died.
#[derive(Clone, Copy, Debug)]
pub struct DeadJob<'a> {
    /// The job, as it was held last.
    pub lease: &'a Lease,
    /// Why, in words for operators.
    pub reason: &'a str,
    /// When.
    pub at: accunode_db::Timestamp,
}

impl DeadJob<'_> {
    /// Reads the payload.
    ///
    /// # Errors
    /// [`JobError::Permanent`] when it is not what the handler expects.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        read(&self.lease.kind, &self.lease.payload)
    }
}

/// A dead job that is tried again.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct RetriedJob {
    /// The job.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its payload, JSON.
    pub payload: String,
    /// What it belongs to, with other jobs.
    pub group_id: Option<Uuid>,
    /// When somebody asked for it.
    #[sqlx(rename = "run_at")]
    pub at: Timestamp,
}

impl RetriedJob {
    /// Reads the payload.
    ///
    /// # Errors
    /// [`JobError::Permanent`] when it is not what the handler expects.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        read(&self.kind, &self.payload)
    }
}

fn read<T: DeserializeOwned>(kind: &str, payload: &str) -> Result<T, JobError> {
    serde_json::from_str(payload)
        .map_err(|e| JobError::Permanent(format!("the payload of a '{kind}' job cannot be read: {e}")))
}

/// Handlers by their kinds; clones share them.
#[derive(Clone, Default)]
pub struct Handlers(HashMap<&'static str, Arc<dyn Handler>>);

impl Handlers {
    /// With one more; of two of one kind the later one counts.
    #[must_use]
    pub fn with(mut self, handler: impl Handler) -> Self {
        self.0.insert(handler.kind(), Arc::new(handler));
        self
    }

    /// Who does jobs of this kind.
    #[must_use]
    pub fn of(&self, kind: &str) -> Option<Arc<dyn Handler>> {
        self.0.get(kind).cloned()
    }

    /// Every kind.
    #[must_use]
    pub fn kinds(&self) -> Vec<&'static str> {
        self.0.keys().copied().collect()
    }
}

impl fmt::Debug for Handlers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Handlers").field(&self.kinds()).finish()
    }
}
