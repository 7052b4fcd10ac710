//! Changing the number of workers.

mod ecs;
mod local;

pub use ecs::{EcsService, EcsSettings};
pub use local::{LocalCommand, LocalWorkers};

/// Why the number of workers could not be read or changed. No text holds a secret or an account.
#[derive(Debug, thiserror::Error)]
pub enum ScalerError {
    /// The settings cannot work.
    #[error("{0}")]
    Settings(String),
    /// The service that is to be scaled is not there, or is being taken away.
    #[error("the cluster has no active service '{0}'")]
    NoService(String),
    /// The scaler's other side said no. Its words are in the log.
    #[error("refused with {0}")]
    Refused(String),
    /// No answer came, or none that could be read.
    #[error("no answer that could be read")]
    NoAnswer,
}

/// Who changes the number of workers, cheap to clone.
#[derive(Clone, Debug)]
pub enum Scaler {
    /// Nobody: what should be done is only recommended.
    None,
    /// Processes of the machine that the leading server runs on.
    Local(LocalWorkers),
    /// A service of Amazon's container service: each of its tasks is a worker.
    Ecs(EcsService),
}

impl Scaler {
    /// The name, as settings and answers have it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Local(_) => "local",
            Self::Ecs(_) => "ecs",
        }
    }
}
