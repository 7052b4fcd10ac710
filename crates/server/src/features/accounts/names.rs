//! Addresses and user names.

/// An e-mail address in the form in which it is stored and compared: trimmed, in lower case.
///
/// # Errors
/// What is expected.
pub fn email(text: &str) -> Result<String, String> {
    const EXPECTED: &str = "an address like name@example.org is expected";
    let text = text.trim().to_lowercase();
    let (local, domain) = text.rsplit_once('@').ok_or(EXPECTED)?;
    let allowed = |c: char| c.is_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(c);
    let local_holds = (1..=64).contains(&local.chars().count())
        && local.chars().all(allowed)
        && !local.starts_with('.')
        && !local.ends_with('.')
        && !local.contains("..");
    if local_holds && is_domain(domain) && text.len() <= 255 { Ok(text) } else { Err(EXPECTED.to_owned()) }
}

/// Whether this is a DNS name of at least two labels.
#[must_use]
pub fn is_domain(text: &str) -> bool {
    let label = |l: &str| {
        (1..=63).contains(&l.len())
            && l.chars().all(|c| c.is_alphanumeric() || c == '-')
            && !l.starts_with('-')
            && !l.ends_with('-')
    };
    let last = text.rsplit('.').next().unwrap_or_default();
    text.len() <= 253
        && text.contains('.')
        && text.split('.').all(label)
        && last.chars().count() >= 2
        && !last.chars().all(|c| c.is_ascii_digit())
}

/// A user name as it is stored: letters, digits, `_` and `-`, at least two.
///
/// # Errors
/// What is expected.
pub fn username(text: &str) -> Result<String, String> {
    let text = text.trim();
    let sound = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-'));
    if sound && (2..=100).contains(&text.len()) {
        Ok(text.to_owned())
    } else {
        Err("2 to 100 letters, digits, - and _ are expected".to_owned())
    }
}

/// The user name that an address suggests: its local part, with `_` for what a name cannot hold.
pub(super) fn suggested(email: &str) -> String {
    let local = email.split('@').next().unwrap_or_default();
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '-') { c } else { '_' };
    let name: String = local.chars().take(90).map(plain).collect();
    if name.len() < 2 { "user".to_owned() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_compared_in_lower_case() {
        assert_eq!(email(" Amy.Lee@Example.ORG ").unwrap(), "amy.lee@example.org");
        for bad in
            ["", "amy", "@example.org", "amy@", "amy@localhost", "a b@example.org", "amy@-x.org", "amy@1.2"]
        {
            assert!(email(bad).is_err(), "{bad}");
        }
        assert!(email(&format!("{}@example.org", "a".repeat(65))).is_err());
    }

    #[test]
    fn domains_may_have_many_labels() {
        for good in ["example.org", "risk.eu.example.co.uk", "a-b.example"] {
            assert!(is_domain(good), "{good}");
        }
        for bad in ["example", "-a.org", "a..org", "a.1", "exa mple.org"] {
            assert!(!is_domain(bad), "{bad}");
        }
    }

    #[test]
    fn a_name_is_suggested_by_the_address() {
        assert_eq!(suggested("amy.lee+x@example.org"), "amy_lee_x");
        assert_eq!(suggested("a@example.org"), "user");
        assert!(username("amy_lee").is_ok() && username("amy lee").is_err() && username("a").is_err());
    }
}
