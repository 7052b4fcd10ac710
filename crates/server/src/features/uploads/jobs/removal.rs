//! Deleting a large upload, some thousand rows in a transaction.

use std::time::Duration;

use accunode_queue::{Context, Handler, JobError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    features::uploads::{service::control, store},
    state::AppState,
};

/// The queue's name of deleting a large upload.
pub const REMOVE: &str = "upload.remove";

/// What the queue keeps of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct RemovePayload {
    /// The upload, out of sight already.
    pub upload_id: Uuid,
    /// Whether its predictions go with it.
    pub with_predictions: bool,
}

/// Rows of one transaction.
const SOME: i64 = 5_000;

/// Deletes uploads.
pub struct RemoveHandler {
    /// The application.
    pub state: AppState,
}

#[async_trait::async_trait]
impl Handler for RemoveHandler {
    fn kind(&self) -> &'static str {
        REMOVE
    }

    /// One run takes all of it.
    fn time_limit(&self) -> Duration {
        Duration::from_secs(3_600)
    }

    async fn run(&self, job: &Context) -> Result<(), JobError> {
        let RemovePayload { upload_id, with_predictions } = job.payload()?;
        loop {
            if job.cancelled.is_cancelled() {
                return Err(JobError::Release);
            }
            let mut tx = self.state.db.system("take a deleted upload away").await?;
            job.lease.fence(&mut tx).await?;
            let Some(row) = store::by_id(&mut tx, upload_id).await? else { return Ok(()) };
            let all = control::remove_some(&mut tx, &row, with_predictions, SOME).await?;
            tx.commit().await?;
            if all {
                control::forget_files(&self.state, &row).await;
                return Ok(());
            }
        }
    }
}
