//! Mail, as the environment says. Settings that contradict each other or are worth nothing alone are refused: a mail
//! that silently goes nowhere is found out too late.

use accunode_infra::{Security, SmtpSettings};
use anyhow::{Context, Result, bail};

use super::parsed;

/// How mails are sent, and by whom and to whom.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// The mail server; none: mails are kept as files.
    pub server: Option<SmtpSettings>,
    /// Who sends, like `AccuNode <no-reply@example.org>`: `EMAIL_FROM_NAME` and `EMAIL_FROM`.
    pub from: String,
    /// `EMAIL_TO`: who reads what is sent by the contact form.
    pub contact_to: String,
    /// `EMAIL_SUBJECT_PREFIX`: what the subjects of those mails begin with.
    pub contact_subject_prefix: String,
}

/// What only a mail server has a use for.
const OF_SERVER: [&str; 5] = ["SMTP_PORT", "SMTP_USERNAME", "SMTP_PASSWORD", "SMTP_TLS", "SMTP_SSL"];

/// Who sends and reads where no mail leaves the machine.
const NOBODY: &str = "no-reply@localhost";

impl MailSettings {
    pub(super) fn read(get: &impl Fn(&str) -> Option<String>) -> Result<Self> {
        let host = get("SMTP_HOST");
        let address = |name: &str| match get(name) {
            Some(text) if is_address(&text) => Ok(text),
            Some(text) => bail!("{name} is '{text}', but an address like name@example.org is expected"),
            None if host.is_some() => {
                bail!("{name} is required with SMTP_HOST: an address like name@example.org")
            }
            None => Ok(NOBODY.to_owned()),
        };
        let (from, contact_to) = (address("EMAIL_FROM")?, address("EMAIL_TO")?);
        let from_name = line(get, "EMAIL_FROM_NAME", "AccuNode")?;
        if from_name.contains(['<', '>', '"']) {
            bail!("EMAIL_FROM_NAME is '{from_name}', but a name without < > and quotation marks is expected");
        }
        let server = match host {
            Some(host) => Some(server(host, get)?),
            None => {
                if let Some(name) = OF_SERVER.into_iter().find(|name| get(name).is_some()) {
                    bail!("{name} is set, but SMTP_HOST is not: mails would be kept as files");
                }
                None
            }
        };
        Ok(Self {
            server,
            from: format!("{from_name} <{from}>"),
            contact_to,
            contact_subject_prefix: line(get, "EMAIL_SUBJECT_PREFIX", "[AccuNode Contact]")?,
        })
    }
}

fn server(host: String, get: &impl Fn(&str) -> Option<String>) -> Result<SmtpSettings> {
    let (tls, ssl) = (flag(get, "SMTP_TLS")?, flag(get, "SMTP_SSL")?.unwrap_or(false));
    let security = match (tls, ssl) {
        (Some(true), true) => bail!(
            "SMTP_TLS and SMTP_SSL are both true: SMTP_TLS changes to TLS after connecting (port 587), SMTP_SSL \
             begins with it (port 465)"
        ),
        (_, true) => Security::Tls,
        (None | Some(true), false) => Security::StartTls,
        (Some(false), false) => Security::None,
    };
    let (username, password) = (get("SMTP_USERNAME"), get("SMTP_PASSWORD"));
    if username.is_some() != password.is_some() {
        bail!("SMTP_USERNAME and SMTP_PASSWORD go together: set both or none");
    }
    if security == Security::None && password.is_some() && !is_this_machine(&host) {
        bail!("SMTP_PASSWORD would go to {host} in the clear: set SMTP_TLS or SMTP_SSL");
    }
    let usual = if security == Security::Tls { 465 } else { 587 };
    let port = parsed(get, "SMTP_PORT", "a port", usual)?;
    Ok(SmtpSettings { host, port, username, password: password.map(Into::into), security })
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// One address and nothing besides; a mail server says later whether it is anybody's.
fn is_address(text: &str) -> bool {
    let odd = |c: char| c.is_whitespace() || c.is_control() || "<>,;\"()".contains(c);
    let parts: Vec<_> = text.split('@').collect();
    parts.len() == 2 && parts.iter().all(|part| !part.is_empty()) && !text.contains(odd)
}

fn line(get: &impl Fn(&str) -> Option<String>, name: &str, default: &str) -> Result<String> {
    let text = get(name).unwrap_or_else(|| default.to_owned());
    if text.chars().any(char::is_control) || text.chars().count() > 100 {
        bail!("{name} must be one line of at most 100 characters");
    }
    Ok(text)
}

fn flag(get: &impl Fn(&str) -> Option<String>, name: &str) -> Result<Option<bool>> {
    let Some(text) = get(name) else { return Ok(None) };
    let known = match text.to_lowercase().as_str() {
        "true" | "1" | "yes" | "on" => Some(true),
        "false" | "0" | "no" | "off" => Some(false),
        _ => None,
    };
    known.map(Some).with_context(|| format!("{name} is '{text}', but true or false is expected"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(pairs: &[(&str, &str)]) -> Result<MailSettings> {
        MailSettings::read(&|name: &str| pairs.iter().find(|(n, _)| *n == name).map(|(_, v)| (*v).to_owned()))
    }

    const SERVER: [(&str, &str); 3] = [
        ("SMTP_HOST", "mail.example.org"),
        ("EMAIL_FROM", "no-reply@example.org"),
        ("EMAIL_TO", "team@example.org"),
    ];

    /// A server with further settings.
    fn with(pairs: &[(&'static str, &'static str)]) -> Result<MailSettings> {
        read(&[&SERVER, pairs].concat())
    }

    #[test]
    fn without_anything_mails_are_kept_as_files() {
        let mail = read(&[]).unwrap();
        assert!(mail.server.is_none());
        assert_eq!(
            (mail.from.as_str(), mail.contact_to.as_str()),
            ("AccuNode <no-reply@localhost>", "no-reply@localhost")
        );
        assert_eq!(mail.contact_subject_prefix, "[AccuNode Contact]");
    }

    #[test]
    fn a_server_is_spoken_to_under_tls_unless_told_otherwise() {
        for (pairs, security, port) in [
            (&[][..], Security::StartTls, 587),
            (&[("SMTP_TLS", "True")], Security::StartTls, 587),
            (&[("SMTP_SSL", "true")], Security::Tls, 465),
            (&[("SMTP_SSL", "1"), ("SMTP_TLS", "0"), ("SMTP_PORT", "2465")], Security::Tls, 2465),
            (&[("SMTP_TLS", "false"), ("SMTP_PORT", "25")], Security::None, 25),
        ] {
            let server = with(pairs).unwrap().server.unwrap();
            assert_eq!((server.security, server.port), (security, port), "{pairs:?}");
        }
        let mail = with(&[("EMAIL_FROM_NAME", "Risk Team"), ("EMAIL_SUBJECT_PREFIX", "[Contact]")]).unwrap();
        assert_eq!(mail.from, "Risk Team <no-reply@example.org>");
        assert_eq!(
            (mail.contact_to.as_str(), mail.contact_subject_prefix.as_str()),
            ("team@example.org", "[Contact]")
        );
    }

    #[test]
    fn a_password_goes_in_the_clear_to_this_machine_alone() {
        let login = [("SMTP_TLS", "false"), ("SMTP_USERNAME", "somebody"), ("SMTP_PASSWORD", "hidden-word")];
        let error = with(&login).unwrap_err().to_string();
        assert!(error.contains("in the clear") && !error.contains("hidden-word"), "{error}");
        let here = [&[("SMTP_HOST", "127.0.0.1")], &SERVER[1..], &login].concat();
        assert!(!format!("{:?}", read(&here).unwrap()).contains("hidden-word"));
    }

    #[test]
    fn half_and_contradictory_settings_are_named() {
        for (name, pairs) in [
            ("EMAIL_FROM", vec![SERVER[0], SERVER[2]]),
            ("EMAIL_TO", vec![SERVER[0], SERVER[1]]),
            ("SMTP_PASSWORD", vec![("SMTP_PASSWORD", "x")]),
            ("SMTP_PORT", vec![("SMTP_PORT", "25")]),
            ("EMAIL_TO", vec![("EMAIL_TO", "a@example.org, b@example.org")]),
            ("EMAIL_FROM", vec![("EMAIL_FROM", "Team <team@example.org>")]),
            ("EMAIL_FROM_NAME", vec![("EMAIL_FROM_NAME", "Team <x>")]),
            ("EMAIL_SUBJECT_PREFIX", vec![("EMAIL_SUBJECT_PREFIX", "a\nBcc: b@example.org")]),
        ] {
            let error = read(&pairs).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
        for (name, pairs) in [
            ("SMTP_USERNAME", &[("SMTP_USERNAME", "somebody")][..]),
            ("SMTP_PASSWORD", &[("SMTP_PASSWORD", "x")]),
            ("SMTP_SSL", &[("SMTP_TLS", "true"), ("SMTP_SSL", "true")]),
            ("SMTP_TLS", &[("SMTP_TLS", "perhaps")]),
            ("SMTP_PORT", &[("SMTP_PORT", "smtp")]),
        ] {
            let error = with(pairs).unwrap_err().to_string();
            assert!(error.contains(name), "{error}");
        }
    }
}
