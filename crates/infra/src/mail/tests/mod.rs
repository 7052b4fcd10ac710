//! Mail in a folder, and through a mail server made for the test.

mod content;
mod in_folder;
mod server;
mod through_server;

use super::*;

const FROM: &str = "AccuNode <no-reply@example.org>";

fn message() -> Message {
    Message {
        to: "somebody@example.com".into(),
        reply_to: Some("Visitor <visitor@example.net>".into()),
        subject: "A question".into(),
        text: "Hello,\n.\nwhat about the dot?".into(),
        html: None,
    }
}

fn permanent(result: Result<(), MailError>) -> String {
    let Err(MailError::Permanent(text)) = result else { panic!("{result:?}") };
    text
}

fn transient(result: Result<(), MailError>) -> String {
    let Err(MailError::Transient(text)) = result else { panic!("{result:?}") };
    text
}
