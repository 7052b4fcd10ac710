//! Rules of the contact form.

use accunode_db::Timestamp;
use accunode_domain::{Error, Result};
use accunode_queue::NewJob;
use time::OffsetDateTime;
use uuid::Uuid;

use super::{
    api::{EmailService, MailTest, SmtpTest, TestSent},
    jobs::{KIND, MOST_ATTEMPTS, Payload},
    letter::letter,
    store::{self, MessageRow},
};
use crate::{
    audit::{self, Event},
    caller::{Caller, Origin},
    features::accounts,
    state::AppState,
};

/// A filled-in form.
#[derive(Debug)]
pub(crate) struct Form {
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) subject: String,
    pub(crate) message: String,
}

/// Most characters of what a browser says of itself.
const LONGEST_USER_AGENT: usize = 500;

/// A name without everything but letters, digits, blanks and `- . ,`.
pub(super) fn name(text: &str) -> String {
    text.chars().filter(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '.' | ',')).collect()
}

/// A line without what cannot be printed.
pub(super) fn line(text: &str) -> String {
    text.chars().filter(|c| printable(*c)).collect()
}

/// A text without what cannot be printed but line breaks, all of one form, and tabs.
pub(super) fn text(text: &str) -> String {
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.chars().filter(|c| printable(*c) || matches!(c, '\n' | '\t')).collect()
}

/// Neither a control character nor one that ends a line, changes the direction of writing, or shows nothing.
fn printable(c: char) -> bool {
    !(c.is_control()
        || matches!(c, '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'))
}

/// `cf_<day>_<time>_<eight digits>`.
fn reference(now: Timestamp) -> String {
    let t = OffsetDateTime::from(now);
    format!(
        "cf_{:04}{:02}{:02}_{:02}{:02}{:02}_{:08x}",
        t.year(),
        u8::from(t.month()),
        t.day(),
        t.hour(),
        t.minute(),
        t.second(),
        rand::random::<u32>()
    )
}

/// Keeps a message and has it mailed; gives the reference that its sender can name.
///
/// # Errors
/// When the database fails.
pub(crate) async fn submit(
    state: &AppState,
    origin: &Origin,
    user_agent: Option<&str>,
    form: Form,
) -> Result<String> {
    let now = state.clock.now();
    let row = MessageRow {
        id: Uuid::now_v7(),
        reference_id: reference(now),
        name: form.name,
        email: form.email,
        subject: form.subject,
        message: form.message,
        address: origin.address.clone(),
        user_agent: user_agent.map(|agent| line(agent).chars().take(LONGEST_USER_AGENT).collect()),
        created_at: now,
        sent_at: None,
    };
    let job = NewJob::new(KIND, &Payload { message_id: row.id }, now).map_err(Error::internal)?;
    let mut tx = state.db.system("keep what the contact form sent").await?;
    store::insert(&mut tx, &row).await?;
    accunode_queue::enqueue(&mut tx, job.max_attempts(MOST_ATTEMPTS)).await?;
    tx.commit().await?;
    state.wake.notify();
    Ok(row.reference_id)
}

/// Whether mail can be sent.
pub(crate) async fn test(state: &AppState) -> MailTest {
    let outcome = state.mail.test().await;
    MailTest {
        email_service: EmailService {
            kind: state.mail.kind().to_owned(),
            configured: state.mail.kind() == "smtp",
            contact_to: state.config.contact_to.clone(),
            subject_prefix: state.config.contact_subject_prefix.clone(),
        },
        smtp_test: SmtpTest { success: outcome.is_ok(), error: outcome.err().map(|e| e.to_string()) },
        timestamp: state.clock.now(),
    }
}

/// Sends a mail such as the contact form's to any address, and says how that went.
///
/// # Errors
/// [`Error::Invalid`] for what is no address.
pub(crate) async fn test_send(state: &AppState, caller: &Caller, to: Option<String>) -> Result<TestSent> {
    const FIELD: &str = "test_email";
    let to = to.ok_or_else(|| Error::field(FIELD, "Test Email is required"))?;
    let to = accounts::email(&to).map_err(|e| Error::field(FIELD, format!("Invalid test email: {e}")))?;
    let now = state.clock.now();
    let row = MessageRow {
        id: Uuid::now_v7(),
        reference_id: reference(now),
        name: "AccuNode".to_owned(),
        email: caller.email.clone(),
        subject: "Test of the mail settings".to_owned(),
        message: "When you read this, mails arrive.".to_owned(),
        address: caller.origin.address.clone(),
        user_agent: None,
        created_at: now,
        sent_at: None,
    };
    // Before it goes out: what was sent without an entry could not be taken back.
    let mut tx = state.db.scoped(caller).await?;
    audit::record(&mut tx, caller, Event::done("contact.test_send").on("address", &to), now).await?;
    tx.commit().await?;
    let outcome = state.mail.send(&letter(&to, &state.config.contact_subject_prefix, &row)).await;
    let message = match &outcome {
        Ok(()) => format!("A test mail was sent to {to}"),
        Err(error) => format!("The test mail was not sent: {error}"),
    };
    Ok(TestSent { success: outcome.is_ok(), message, reference_id: row.reference_id, timestamp: now })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_cleaned() {
        assert_eq!(name("Zoë O'Neil-Smith, Jr. <b>"), "Zoë ONeil-Smith, Jr. b");
        assert_eq!(line("Hello\r\nBcc: all@example.org\u{202e}"), "HelloBcc: all@example.org");
        assert_eq!(text("one\r\ntwo\rthree\tfour\0\u{1b}[31m"), "one\ntwo\nthree\tfour[31m");
    }

    #[test]
    fn a_reference_tells_the_time() {
        let reference = reference(Timestamp::from_unix_seconds(1_700_000_000));
        let digits = reference.strip_prefix("cf_20231114_221320_").unwrap();
        assert!(digits.len() == 8 && digits.chars().all(|c| c.is_ascii_hexdigit()), "{reference}");
    }
}
