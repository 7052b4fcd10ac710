//! What lists share: the part of a text to look for, and the window of rows that is asked for.

use accunode_domain::{Error, FieldError, MAX_GRADE_NAME, Result};

/// A given text without blanks around it; none when nothing is left.
pub(crate) fn given(text: Option<&str>) -> Option<&str> {
    text.map(str::trim).filter(|t| !t.is_empty())
}

/// The part of a pattern that finds the text, its own wildcards taken literally.
pub(crate) fn literal(text: &str) -> String {
    let mut pattern = String::new();
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}

/// A pattern that finds the text anywhere.
pub(crate) fn contains(text: &str) -> String {
    format!("%{}%", literal(text))
}

/// A text to look for. Engines refuse zero characters and very long patterns, so what no stored text can contain is
/// refused here.
///
/// # Errors
/// [`Error::Invalid`] naming `field`.
pub(crate) fn sought<'a>(field: &str, text: Option<&'a str>, most: usize) -> Result<Option<&'a str>> {
    let text = given(text);
    if text.is_some_and(|text| text.chars().count() > most || text.contains(char::is_control)) {
        let name = field.replace('_', " ");
        let expected =
            format!("Invalid {name}: at most {most} characters and no control characters are expected");
        return Err(Error::field(field, expected));
    }
    Ok(text)
}

/// A grade to look for. A plus that was not written `%2B` arrives as a blank; since no grade ends with one, what ends
/// so once ended with a plus.
///
/// # Errors
/// As [`sought`].
pub(crate) fn grade(text: Option<&str>) -> Result<Option<String>> {
    let Some(text) = text.map(str::trim_start).filter(|text| !text.is_empty()) else { return Ok(None) };
    let name = text.trim_end_matches(' ');
    let grade = format!("{name}{}", "+".repeat(text.len() - name.len()));
    Ok(sought("grade", Some(&grade), MAX_GRADE_NAME)?.map(str::to_owned))
}

/// The pattern of a part to look for, in the case that `fold` gives it.
///
/// # Errors
/// As [`sought`].
pub(crate) fn part(
    field: &str,
    text: Option<&str>,
    most: usize,
    fold: impl Fn(&str) -> String,
) -> Result<Option<String>> {
    Ok(sought(field, text, most)?.map(|text| contains(&fold(text))))
}

/// The rows of a list that are asked for by `skip` and `limit`. Valid by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Window {
    /// Rows passed over.
    pub(crate) skip: i64,
    /// Rows given at most.
    pub(crate) limit: i64,
}

impl Window {
    /// The largest window.
    pub(crate) const MOST: i64 = 100;
    /// Further rows than any table has.
    const FURTHEST: i64 = 1_000_000_000_000;

    /// `limit` rows (1 to 100) behind the first `skip`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `skip` and `limit` where they are out of range.
    pub(crate) fn new(skip: i64, limit: i64) -> Result<Self> {
        Self::behind("skip", skip, limit)
    }

    /// As [`Window::new`], where the request calls the rows to pass over `name`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming them and `limit` where they are out of range.
    pub(crate) fn behind(name: &str, skip: i64, limit: i64) -> Result<Self> {
        let mut errors = Vec::new();
        within(&mut errors, name, skip, 0, Self::FURTHEST);
        within(&mut errors, "limit", limit, 1, Self::MOST);
        if errors.is_empty() { Ok(Self { skip, limit }) } else { Err(Error::Invalid(errors)) }
    }

    /// The `page`-th window (from 1) of `size` rows (1 to 100), which the request calls `name`.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `page` and the size where they are out of range.
    pub(crate) fn page(page: i64, name: &str, size: i64) -> Result<Self> {
        let mut errors = Vec::new();
        within(&mut errors, "page", page, 1, Self::FURTHEST / Self::MOST);
        within(&mut errors, name, size, 1, Self::MOST);
        if errors.is_empty() {
            Ok(Self { skip: (page - 1) * size, limit: size })
        } else {
            Err(Error::Invalid(errors))
        }
    }
}

fn within(errors: &mut Vec<FieldError>, field: &str, number: i64, least: i64, most: i64) {
    if !(least..=most).contains(&number) {
        let message = format!("{field} must be between {least} and {most}");
        errors.push(FieldError { field: field.to_owned(), message });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wildcards_are_taken_literally() {
        let pattern = part("search", Some(" 50%_\\ "), 20, str::to_lowercase).unwrap();
        assert_eq!(pattern.as_deref(), Some("%50\\%\\_\\\\%"));
        assert_eq!(part("search", Some("  "), 20, str::to_owned).unwrap(), None);
        assert!(part("search", Some("a\0b"), 20, str::to_owned).is_err());
        assert!(part("search", Some("abc"), 2, str::to_owned).is_err());
    }

    #[test]
    fn a_plus_that_became_a_blank_is_a_plus() {
        for (text, expected) in [("A+", "A+"), ("A ", "A+"), (" A  ", "A++"), ("B-", "B-"), ("AA\t", "AA")] {
            assert_eq!(grade(Some(text)).unwrap().as_deref(), Some(expected), "{text:?}");
        }
        assert_eq!((grade(Some("  ")).unwrap(), grade(None).unwrap()), (None, None));
        assert!(grade(Some("a grade of many letters")).is_err());
        assert!(grade(Some(&format!("A{}", " ".repeat(40)))).is_err());
    }

    #[test]
    fn windows_name_what_is_out_of_range() {
        assert_eq!(Window::page(3, "size", 20).unwrap(), Window::new(40, 20).unwrap());
        let Err(Error::Invalid(errors)) = Window::new(-1, 101) else { panic!("accepted") };
        assert_eq!(errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(), ["skip", "limit"]);
        assert!(Window::page(0, "size", 1).is_err() && Window::page(i64::MAX, "size", 100).is_err());
    }
}
