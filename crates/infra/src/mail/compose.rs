//! A message in the form that mail servers take.

use std::hash::{BuildHasher as _, RandomState};

use lettre::{
    Address,
    message::{Mailbox, MultiPart, SinglePart},
};

use super::{MailError, Message};

/// The message with its headers. Nothing that a field holds can become a header or a recipient of its own: line
/// breaks and other control characters are refused in addresses and the subject.
pub(super) fn compose(from: &Mailbox, message: &Message) -> Result<lettre::Message, MailError> {
    let mut builder = lettre::Message::builder()
        .message_id(Some(message_id(from)))
        .from(from.clone())
        .to(mailbox("the recipient", &message.to)?)
        .subject(one_line("the subject", &message.subject)?);
    if let Some(reply_to) = &message.reply_to {
        builder = builder.reply_to(mailbox("the address for answers", reply_to)?);
    }
    let text = lines(&message.text);
    let built = match &message.html {
        Some(html) => builder.multipart(MultiPart::alternative_plain_html(text, lines(html))),
        None => builder.singlepart(SinglePart::plain(text)),
    };
    built.map_err(|_| MailError::Permanent("the message cannot be put together".into()))
}

/// Reads `a@example.org` or `Name <a@example.org>`: exactly one address.
pub(super) fn mailbox(what: &str, text: &str) -> Result<Mailbox, MailError> {
    let text = one_line(what, text)?.trim();
    let wrong =
        || MailError::Permanent(format!("{what} is not an e-mail address: name@example.org is expected"));
    let (name, address) = match text.strip_suffix('>') {
        Some(text) => text.rsplit_once('<').ok_or_else(wrong)?,
        None => ("", text),
    };
    let name = name.trim();
    let name = name.strip_prefix('"').and_then(|name| name.strip_suffix('"')).unwrap_or(name);
    // A list of addresses must not pass as the last one's name.
    if name.contains(['<', '>']) {
        return Err(wrong());
    }
    let address: Address = address.trim().parse().map_err(|_| wrong())?;
    Ok(Mailbox::new(Some(name).filter(|name| !name.is_empty()).map(str::to_owned), address))
}

fn one_line<'a>(what: &str, text: &'a str) -> Result<&'a str, MailError> {
    if text.chars().any(char::is_control) {
        return Err(MailError::Permanent(format!("{what} holds a line break or another control character")));
    }
    Ok(text)
}

/// A body whose lines end in one way: servers differ in what a lone carriage return ends, and so in where the
/// message does.
fn lines(text: &str) -> String {
    text.replace("\r\n", "\n").replace('\r', "\n").replace('\0', "")
}

/// Unique, under the sender's domain: the name of this machine is nobody's business.
fn message_id(from: &Mailbox) -> String {
    // A new hasher has keys of its own; the stamp is nothing but something to hash.
    let random = || RandomState::new().hash_one(std::time::SystemTime::now());
    format!("<{:016x}{:016x}@{}>", random(), random(), from.email.domain())
}
