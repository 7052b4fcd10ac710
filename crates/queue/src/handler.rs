//! What the application says about a kind of job.

use accunode_db::{Clock, Db, Result, Tx};
use async_trait::async_trait;
use serde::de::DeserializeOwned;
use tokio_util::sync::CancellationToken;

use crate::{JobError, Lease};

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
    /// Cancelled when the worker stops or the lease is lost: return soon ([`JobError::Release`]).
    pub cancelled: CancellationToken,
}

impl Context {
    /// Reads the payload.
    ///
    /// # Errors
    /// [`JobError::Permanent`] when it is not what the handler expects.
    pub fn payload<T: DeserializeOwned>(&self) -> Result<T, JobError> {
        read(&self.lease)
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
        read(self.lease)
    }
}

fn read<T: DeserializeOwned>(lease: &Lease) -> Result<T, JobError> {
    serde_json::from_str(&lease.payload).map_err(|e| {
        JobError::Permanent(format!("the payload of a '{}' job cannot be read: {e}", lease.kind))
    })
}
