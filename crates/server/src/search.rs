//! Looking for part of a text: what somebody typed as a pattern of `LIKE`.

use accunode_domain::{Error, Result};

/// A pattern that finds the text anywhere, its own wildcards taken literally.
fn contains(text: &str) -> String {
    let mut pattern = String::from("%");
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

/// The text without blanks around it, if anything is left.
pub(crate) fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|t| !t.is_empty())
}

/// The pattern of a part to look for, in the case that `fold` gives it, for `LIKE … ESCAPE '\'`. Engines refuse
/// zero characters and very long patterns, so what no stored text can contain is refused here.
///
/// # Errors
/// [`Error::Invalid`] naming the field.
pub(crate) fn part(
    field: &str,
    text: Option<&str>,
    most: usize,
    fold: impl Fn(&str) -> String,
) -> Result<Option<String>> {
    let Some(text) = given(text) else { return Ok(None) };
    if text.chars().count() > most || text.contains(char::is_control) {
        let name = field.replace('_', " ");
        let expected =
            format!("Invalid {name}: at most {most} characters and no control characters are expected");
        return Err(Error::field(field, expected));
    }
    Ok(Some(contains(&fold(text))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_taken_literally() {
        let pattern = |text| part("search", Some(text), 20, str::to_lowercase).unwrap();
        assert_eq!(pattern(" 50% OF_it "), Some(r"%50\% of\_it%".to_owned()));
        assert_eq!(pattern("  "), None);
        assert!(part("search", Some("a\0"), 20, str::to_owned).is_err());
        assert!(part("search", Some(&"a".repeat(21)), 20, str::to_owned).is_err());
    }
}
