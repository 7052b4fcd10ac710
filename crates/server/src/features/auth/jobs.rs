//! Mails about accounts, and forgetting what is over.

use std::time::Duration;

use accunode_infra::{MailError, Message};
use accunode_queue::{Context, Handler, JobError, Schedule};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{resets, store};
use crate::state::AppState;

/// The queue's name of mailing the link of a password reset.
pub const KIND: &str = "mail.password_reset";

/// What the queue keeps of it: nothing secret, and nobody's address.
#[derive(Debug, Serialize, Deserialize)]
pub struct Payload {
    /// The reset; of an unknown account there is none.
    pub reset_id: Uuid,
}

/// Mails the links of password resets.
pub struct PasswordResetHandler {
    /// The application.
    pub state: AppState,
}

#[async_trait::async_trait]
impl Handler for PasswordResetHandler {
    fn kind(&self) -> &'static str {
        KIND
    }

    /// The link is made here, so that it stands nowhere but in the mail. An attempt after one that failed makes
    /// another: of two mails the later one counts.
    async fn run(&self, job: &Context) -> Result<(), JobError> {
        let id = job.payload::<Payload>()?.reset_id;
        let mut tx = self.state.db.system("make the link of a password reset").await?;
        job.lease.fence(&mut tx).await?;
        let Some((email, token)) = resets::arm(&mut tx, id, self.state.clock.now()).await? else {
            return Ok(());
        };
        tx.commit().await?;
        let message = message(&self.state.config.public_url, email, &token);
        self.state.mail.send(&message).await.map_err(|error| match error {
            MailError::Permanent(text) => JobError::Permanent(text),
            MailError::Transient(text) => JobError::Retry(text),
        })
    }
}

fn message(public_url: &str, to: String, token: &str) -> Message {
    let text = format!(
        "Somebody, probably you, has asked for a new password of your AccuNode account.\n\n\
         Set it here, within an hour:\n\n{public_url}/reset-password?token={token}\n\n\
         If you did not ask for it, do nothing: your password stays as it is.\n"
    );
    Message { to, reply_to: None, subject: "Set a new AccuNode password".to_owned(), text, html: None }
}

/// The queue's name of forgetting what is over.
const TIDY: &str = "auth.tidy";
/// How long it stays for whoever looks into the database.
const KEPT: Duration = Duration::from_secs(24 * 3_600);

/// Forgets sessions and password resets a day after their time was up.
pub struct TidyHandler;

impl TidyHandler {
    /// Each hour.
    #[must_use]
    pub fn schedule() -> Schedule {
        Schedule::every(TIDY, Duration::from_secs(3_600), TIDY)
    }
}

#[async_trait::async_trait]
impl Handler for TidyHandler {
    fn kind(&self) -> &'static str {
        TIDY
    }

    async fn run(&self, job: &Context) -> Result<(), JobError> {
        let now = job.clock.now();
        let mut tx = job.db.system("sessions and resets of everybody come to their end").await?;
        job.lease.fence(&mut tx).await?;
        let sessions = store::prune_all_sessions(&mut tx, now - KEPT).await?;
        let resets = resets::prune(&mut tx, now - KEPT).await?;
        job.lease.complete(&mut tx, now).await?;
        tx.commit().await?;
        tracing::debug!(sessions, resets, "forgotten");
        Ok(())
    }
}
