//! How a job ends when it does not end well.

use accunode_db::DbError;
use accunode_domain::Error;
use accunode_infra::MailError;

/// The job is no longer this run's: another worker has taken it over, or it was cancelled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the job was taken over or cancelled")]
pub struct LeaseLost;

/// Why a handler did not finish its job.
#[derive(Debug, thiserror::Error)]
pub enum JobError {
    /// Try again later. The text is kept with the job, for operators.
    #[error("{0}")]
    Retry(String),
    /// Trying again cannot help. The text is kept with the job, for operators.
    #[error("{0}")]
    Permanent(String),
    /// Give the job back without counting the attempt: the worker stops.
    #[error("given back")]
    Release,
    /// See [`LeaseLost`]. Nothing is written: the job is somebody else's.
    #[error(transparent)]
    LeaseLost(#[from] LeaseLost),
}

impl From<Error> for JobError {
    /// What may pass (the database away, a defect that a new version mends) is tried again; what the job itself
    /// got wrong is not.
    fn from(error: Error) -> Self {
        match &error {
            Error::Unavailable(_) | Error::TooManyRequests { .. } => Self::Retry(error.to_string()),
            Error::Internal(source) => Self::Retry(format!("internal error: {source}")),
            _ => Self::Permanent(error.to_string()),
        }
    }
}

impl From<MailError> for JobError {
    fn from(error: MailError) -> Self {
        match error {
            MailError::Permanent(text) => Self::Permanent(text),
            MailError::Transient(text) => Self::Retry(text),
        }
    }
}

impl From<DbError> for JobError {
    fn from(error: DbError) -> Self {
        Error::from(error).into()
    }
}
