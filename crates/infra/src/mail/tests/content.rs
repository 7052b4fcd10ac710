//! What a message may hold, and what becomes of it.

use proptest::prelude::*;

use super::*;
use crate::mail::compose::{compose, mailbox};

fn raw(message: &Message) -> Result<String, MailError> {
    let from = mailbox("the sender", FROM)?;
    Ok(String::from_utf8(compose(&from, message)?.formatted()).unwrap())
}

/// The names of the headers, in order.
fn headers(raw: &str) -> Vec<String> {
    let (head, _) = raw.split_once("\r\n\r\n").unwrap();
    // Lines that begin with a blank go on with the header before.
    let lines = head.split("\r\n").filter(|line| !line.starts_with([' ', '\t']));
    lines.map(|line| line.split_once(':').unwrap().0.to_owned()).collect()
}

const USUAL: [&str; 8] =
    ["Message-ID", "From", "To", "Subject", "Reply-To", "MIME-Version", "Date", "Content-Type"];

#[test]
fn line_breaks_in_headers_are_refused() {
    for broken in ["a\r\nBcc: b@example.com", "a\nBcc: b@example.com", "a\rb", "a\0b", "a\u{85}b"] {
        let address = format!("{broken} <a@example.com>");
        let text = permanent(raw(&Message { subject: broken.into(), ..message() }).map(drop));
        assert_eq!(text, "the subject holds a line break or another control character");
        permanent(raw(&Message { to: address.clone(), ..message() }).map(drop));
        permanent(raw(&Message { reply_to: Some(address.clone()), ..message() }).map(drop));
        permanent(Mail::folder("unused", &address).map(drop));
        let after = format!("a@example.com{}", &broken[1..]);
        permanent(raw(&Message { to: after.clone(), ..message() }).map(drop));
        permanent(raw(&Message { reply_to: Some(after), ..message() }).map(drop));
    }
}

#[test]
fn an_address_is_exactly_one() {
    for wrong in [
        "",
        "nobody",
        "@example.com",
        "a@",
        "a b@example.com",
        "a@example.com, b@example.com",
        "a@example.com b@example.com",
        "a@example.com;b@example.com",
        "<a@example.com>, <b@example.com>",
        "A <a@example.com>, B <b@example.com>",
        "a@example.com> SIZE=1",
        "Name <a@example.com> <>",
        "Name <a@example.com",
    ] {
        let text = permanent(raw(&Message { to: wrong.into(), ..message() }).map(drop));
        assert_eq!(text, "the recipient is not an e-mail address: name@example.org is expected", "{wrong}");
    }
    for (written, shown) in [
        ("a@example.com", "a@example.com"),
        (" a+b@example.com ", "a+b@example.com"),
        ("<a@example.com>", "a@example.com"),
        ("Name <a@example.com>", "Name <a@example.com>"),
        ("\"Name, Given\" <a@example.com>", "=?utf-8?b?TmFtZSwgR2l2ZW4=?= <a@example.com>"),
        ("x@example.com <a@example.com>", "=?utf-8?b?eEBleGFtcGxlLmNvbQ==?= <a@example.com>"),
        ("The \"boss\" <a@example.com>", "\"The \\\"boss\\\"\" <a@example.com>"),
    ] {
        let raw = raw(&Message { to: written.into(), ..message() }).unwrap();
        assert!(raw.contains(&format!("\r\nTo: {shown}\r\n")), "{written}: {raw}");
    }
}

#[test]
fn letters_of_any_script_are_encoded() {
    let written = Message {
        reply_to: Some("Zoë <zoe@example.net>".into()),
        subject: "Ωmega — 5 %".into(),
        text: "Grüße".into(),
        html: Some("<p>Grüße</p>".into()),
        ..message()
    };
    let raw = raw(&written).unwrap();
    assert!(raw.is_ascii(), "{raw}");
    assert!(raw.contains("Reply-To: =?utf-8?b?Wm/Dqw==?= <zoe@example.net>\r\n"), "{raw}");
    assert!(raw.contains("multipart/alternative") && raw.contains("text/plain") && raw.contains("text/html"));
}

#[test]
fn the_name_of_the_machine_stays_at_home_and_ids_differ() {
    let id = || {
        let raw = raw(&message()).unwrap();
        let line = raw.lines().find(|line| line.starts_with("Message-ID: <")).unwrap();
        line.to_owned()
    };
    let (one, other) = (id(), id());
    assert!(one.ends_with("@example.org>"), "{one}");
    assert_ne!(one, other);
}

proptest! {
    /// Whatever stands in a message, it has the usual headers and lines that end in one way, or it is refused.
    #[test]
    fn no_field_becomes_a_header(
        subject in "[ -~é\r\n\u{2028}]{0,200}",
        name in "[ -;=?-~é\r\n]{0,80}",
        text in any::<String>(),
        html in prop::option::of("[<>.a\r\n\t\0]{0,80}"),
    ) {
        let odd = Message { reply_to: Some(format!("{name} <a@example.com>")), subject, text, html, ..message() };
        match raw(&odd) {
            Ok(raw) => {
                let mut found = headers(&raw);
                found.retain(|name| name != "Content-Transfer-Encoding");
                found.sort_unstable();
                let mut usual = USUAL;
                usual.sort_unstable();
                prop_assert_eq!(found, usual);
                let ends = raw.matches("\r\n").count();
                prop_assert_eq!(raw.matches(['\r', '\n']).count(), 2 * ends, "{:?}", raw);
                prop_assert!(raw.is_ascii() && !raw.contains('\0'));
            }
            Err(_) => {
                let fields = format!("{}{}", odd.subject, odd.reply_to.unwrap());
                prop_assert!(fields.chars().any(char::is_control), "{fields:?} was refused");
            }
        }
    }
}
