//! Mailing what was written.

use accunode_db::Tx;
use accunode_queue::{Context, DeadJob, Handler, JobError};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{letter::letter, store};
use crate::state::AppState;

/// The queue's name of mailing a message.
pub const KIND: &str = "mail.contact";

/// Tries before a message is given up: with the queue's waits, about a day.
pub(super) const MOST_ATTEMPTS: i32 = 35;

/// What the queue keeps of it: nothing of what was written.
#[derive(Debug, Serialize, Deserialize)]
pub struct Payload {
    /// The message.
    pub message_id: Uuid,
}

/// Mails messages to the operator.
pub struct ContactHandler {
    /// The application.
    pub state: AppState,
}

#[async_trait::async_trait]
impl Handler for ContactHandler {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// A worker that dies between the mail server's word and its own note leaves a message that is mailed twice:
    /// better than never.
    async fn run(&self, job: &Context) -> Result<(), JobError> {
        let id = job.payload::<Payload>()?.message_id;
        let state = &self.state;
        let mut tx = state.db.system_read("find the message to mail").await?;
        let row = store::by_id(&mut tx, id).await?;
        drop(tx);
        let row = row.ok_or_else(|| JobError::Permanent("no such message".to_owned()))?;
        if row.sent_at.is_some() {
            return Ok(());
        }
        let mail = letter(&state.config.contact_to, &state.config.contact_subject_prefix, &row);
        let outcome = state.mail.send(&mail).await;
        let now = state.clock.now();
        let mut tx = state.db.system("note what became of a mail").await?;
        job.lease.fence(&mut tx).await?;
        match &outcome {
            Ok(()) => {
                store::sent(&mut tx, id, now).await?;
                job.lease.complete(&mut tx, now).await?;
            }
            Err(error) => store::failed(&mut tx, id, &error.to_string()).await?,
        }
        tx.commit().await?;
        Ok(outcome?)
    }

    async fn on_dead(&self, tx: &mut Tx, job: &DeadJob<'_>) -> accunode_db::Result<()> {
        match job.payload::<Payload>() {
            Ok(payload) => {
                tracing::error!(message.id = %payload.message_id, reason = job.reason,
                    "a message of the contact form could not be mailed; it stands in contact_messages");
                store::failed(tx, payload.message_id, job.reason).await
            }
            Err(error) => {
                tracing::error!(%error, job.id = %job.lease.id, "a dead job names no message");
                Ok(())
            }
        }
    }
}
