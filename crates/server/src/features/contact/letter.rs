//! The mail that a message becomes.

use accunode_infra::Message;

use super::store::MessageRow;

/// The mail to the operator. The sender's address is where answers go; it does not become the sender's, who must
/// be one of the operator's own.
pub(super) fn letter(to: &str, subject_prefix: &str, row: &MessageRow) -> Message {
    let facts = [
        ("Name", row.name.clone()),
        ("E-mail", row.email.clone()),
        ("Subject", row.subject.clone()),
        ("Sent at", row.created_at.to_string()),
        ("Address", row.address.clone().unwrap_or_else(|| "unknown".to_owned())),
        ("User agent", row.user_agent.clone().unwrap_or_else(|| "unknown".to_owned())),
        ("Reference", row.reference_id.clone()),
    ];
    Message {
        to: to.to_owned(),
        // Headers hold other letters in an encoding that addresses do not have.
        reply_to: Some(row.email.clone()).filter(|email| email.is_ascii()),
        subject: format!("{subject_prefix} {}", row.subject).trim().to_owned(),
        text: text(&facts, &row.message),
        html: Some(html(&facts, &row.message)),
    }
}

fn text(facts: &[(&str, String)], message: &str) -> String {
    let facts: String =
        facts.iter().map(|(name, value)| format!("{:<12}{value}\n", format!("{name}:"))).collect();
    format!("A message from the contact form.\n\n{facts}\n{message}\n")
}

fn html(facts: &[(&str, String)], message: &str) -> String {
    let row = |(name, value): &(&str, String)| {
        format!("<tr><th align=\"left\">{}</th><td>{}</td></tr>\n", escaped(name), escaped(value))
    };
    let facts: String = facts.iter().map(row).collect();
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Contact form</title></head>\n\
         <body>\n<p>A message from the contact form.</p>\n<table>\n{facts}</table>\n\
         <p style=\"white-space: pre-wrap\">{}</p>\n</body></html>\n",
        escaped(message)
    )
}

/// Text as it stands in HTML, in an element or in a quoted attribute.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use accunode_db::Timestamp;
    use uuid::Uuid;

    use super::*;

    fn row(name: &str, email: &str) -> MessageRow {
        MessageRow {
            id: Uuid::nil(),
            reference_id: "cf_20261121_080000_00000000".to_owned(),
            name: name.to_owned(),
            email: email.to_owned(),
            subject: "A & B".to_owned(),
            message: "<script>alert('x')</script>\n\"quoted\"".to_owned(),
            address: None,
            user_agent: Some("<b>agent</b>".to_owned()),
            created_at: Timestamp::from_unix_seconds(1_700_000_000),
            sent_at: None,
        }
    }

    #[test]
    fn whatever_was_written_is_text_in_the_html() {
        let html = letter("to@example.org", "", &row("<i>", "a@example.org")).html.unwrap();
        for (raw, escaped) in [
            ("<script>", "&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;"),
            ("<i>", "&lt;i&gt;"),
            ("<b>", "&lt;b&gt;agent&lt;/b&gt;"),
            ("\"quoted", "&quot;quoted&quot;"),
            ("A & B", "A &amp; B"),
        ] {
            assert!(!html.contains(raw) && html.contains(escaped), "{raw}: {html}");
        }
    }

    #[test]
    fn the_text_is_as_it_was_written() {
        let letter = letter("to@example.org", "[Contact]", &row("Amy", "a@example.org"));
        assert!(letter.text.ends_with("\n\n<script>alert('x')</script>\n\"quoted\"\n"), "{}", letter.text);
        assert!(letter.text.contains("\nName:       Amy\n"), "{}", letter.text);
        assert_eq!(letter.subject, "[Contact] A & B");
        assert_eq!(letter.reply_to.as_deref(), Some("a@example.org"));
    }

    #[test]
    fn an_address_that_no_header_holds_stands_in_the_text_alone() {
        let letter = letter("to@example.org", "", &row("Amy", "ämy@example.org"));
        assert!(letter.reply_to.is_none() && letter.text.contains("ämy@example.org"));
        assert_eq!(letter.subject, "A & B");
    }
}
