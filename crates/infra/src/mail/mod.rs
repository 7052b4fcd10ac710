//! Messages to people.

mod compose;
mod folder;
mod smtp;
#[cfg(test)]
mod tests;

use std::{fmt, path::PathBuf, sync::Arc, time::Duration};

use lettre::message::Mailbox;

use folder::Folder;
use smtp::Smtp;
pub use smtp::{Security, SmtpSettings};

/// A message to one person.
#[derive(Clone, PartialEq, Eq)]
pub struct Message {
    /// Who gets it: `a@example.org` or `Name <a@example.org>`.
    pub to: String,
    /// Who gets the answer, if not the sender; written like `to`.
    pub reply_to: Option<String>,
    /// One line.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The same as HTML, for those who see it. Whatever a user wrote must be escaped in it.
    pub html: Option<String>,
}

impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message").finish_non_exhaustive()
    }
}

/// Why a message was not sent. The texts hold no credentials and nothing of the message.
#[derive(Debug, thiserror::Error)]
pub enum MailError {
    /// Trying again does not help: the message (or a setting, when it is read) is not sound, or the mail server
    /// refused the message for good.
    #[error("{0}")]
    Permanent(String),
    /// Trying again later may help: the server was not there, too busy, or refused the login, which is no fault
    /// of the message.
    #[error("{0}")]
    Transient(String),
}

/// Sends messages; clones are the same.
#[derive(Clone)]
pub struct Mail {
    from: Mailbox,
    backend: Backend,
}

#[derive(Clone)]
enum Backend {
    Folder(Arc<Folder>),
    Smtp(Arc<Smtp>),
}

impl fmt::Debug for Mail {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Mail({})", self.kind())
    }
}

impl Mail {
    /// Puts each message as an `.eml` file into a folder that nobody else can read, for development. The folder is
    /// made if it is missing; an existing one keeps its permissions. Files appear whole, and their names sort in
    /// the order of sending.
    ///
    /// # Errors
    /// [`MailError::Permanent`] when `from` (like `AccuNode <no-reply@example.org>`) is not an address or the
    /// folder cannot be made.
    pub fn folder(path: impl Into<PathBuf>, from: &str) -> Result<Self, MailError> {
        let from = compose::mailbox("the sender", from)?;
        Ok(Self { from, backend: Backend::Folder(Arc::new(Folder::open(path.into())?)) })
    }

    /// Sends through a mail server, over a new connection for each message. Connects when a message is sent.
    ///
    /// # Errors
    /// [`MailError::Permanent`] when `from` is not an address or the settings are not complete.
    pub fn smtp(settings: &SmtpSettings, from: &str) -> Result<Self, MailError> {
        Self::smtp_within(settings, from, smtp::PATIENCE)
    }

    fn smtp_within(settings: &SmtpSettings, from: &str, patience: Duration) -> Result<Self, MailError> {
        let from = compose::mailbox("the sender", from)?;
        Ok(Self { from, backend: Backend::Smtp(Arc::new(Smtp::new(settings, patience)?)) })
    }

    /// Sends a message. When this succeeds the mail server has taken it (which does not mean that it arrives), or
    /// its file is on the disk.
    ///
    /// # Errors
    /// [`MailError`]. After a time-out the server may have taken the message all the same.
    pub async fn send(&self, message: &Message) -> Result<(), MailError> {
        let message = compose::compose(&self.from, message)?;
        match &self.backend {
            Backend::Folder(folder) => folder.write(message.formatted()).await,
            Backend::Smtp(smtp) => smtp.send(&message).await,
        }
    }

    /// Whether a message could be sent: connection and login work, or the folder can be written.
    ///
    /// # Errors
    /// [`MailError::Transient`] with the reason.
    pub async fn test(&self) -> Result<(), MailError> {
        match &self.backend {
            Backend::Folder(folder) => folder.test().await,
            Backend::Smtp(smtp) => smtp.test().await,
        }
    }

    /// `smtp` or `folder`.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.backend {
            Backend::Folder(_) => "folder",
            Backend::Smtp(_) => "smtp",
        }
    }
}
