//! Rules for single values, the same for a cell of a file and a field of a request. Each takes the text or
//! number as given and returns it in the form that is stored, or one sentence about what is wrong.

use accunode_domain::{Ratio, SENTINEL};

/// Most characters of a company's symbol.
pub const MAX_SYMBOL: usize = 20;
/// Most characters of a company's name.
pub const MAX_NAME: usize = 255;
/// Most characters of a sector's name.
pub const MAX_SECTOR: usize = 100;

/// A symbol: trimmed, in upper case, 1 to 20 characters.
///
/// # Errors
/// One sentence for the person who wrote it.
pub fn company_symbol(text: &str) -> Result<String, String> {
    plain_text(&text.trim().to_uppercase(), MAX_SYMBOL)
}

/// A company's name: trimmed, 1 to 255 characters.
///
/// # Errors
/// One sentence for the person who wrote it.
pub fn company_name(text: &str) -> Result<String, String> {
    plain_text(text, MAX_NAME)
}

/// A sector's name: trimmed, 1 to 100 characters.
///
/// # Errors
/// One sentence for the person who wrote it.
pub fn sector(text: &str) -> Result<String, String> {
    plain_text(text, MAX_SECTOR)
}

/// A market capitalisation: finite and not negative.
///
/// # Errors
/// One sentence for the person who wrote it.
pub fn market_cap(number: f64) -> Result<f64, String> {
    if number.is_finite() && number >= 0.0 {
        Ok(number)
    } else {
        Err("must be a finite number of at least 0".to_owned())
    }
}

/// The text of a ratio cell, and whether it was the vendors' sentinel. Blank, `N/A` and the spreadsheet value
/// `#N/A` are missing, `NM` is not meaningful.
///
/// # Errors
/// One sentence for the person who wrote it.
pub fn ratio_text(text: &str) -> Result<(Ratio, bool), String> {
    let text = text.trim();
    if is_missing(text) {
        return Ok((Ratio::Missing, false));
    }
    if let Some(reason) = spreadsheet_trap(text, "a number is expected") {
        return Err(reason);
    }
    let ratio = Ratio::from_text(text).map_err(|e| e.to_string())?;
    Ok((ratio, ratio == Ratio::Missing))
}

/// The text of a market capitalisation cell; blank, `N/A`, `#N/A` and `NM` are unknown. The number that is
/// a sentinel in ratios is a plain number here.
///
/// # Errors
/// One sentence for the person who wrote it.
pub fn market_cap_text(text: &str) -> Result<Option<f64>, String> {
    match ratio_text(text)? {
        (Ratio::Value(x), _) => market_cap(x).map(Some),
        (Ratio::Missing, true) => Ok(Some(SENTINEL)),
        (Ratio::Missing | Ratio::NotMeaningful, _) => Ok(None),
    }
}

/// The text with a sign in place of each control character, zero characters among them: for messages that repeat
/// what somebody wrote, because PostgreSQL does not store the latter.
#[must_use]
pub fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// Whether a trimmed cell says that there is nothing.
pub(crate) fn is_missing(text: &str) -> bool {
    text.is_empty() || text.eq_ignore_ascii_case("n/a") || text.eq_ignore_ascii_case("#n/a")
}

/// What spreadsheets make of values by themselves: errors, dates, percentages.
pub(crate) fn spreadsheet_trap(text: &str, expected: &str) -> Option<String> {
    const ERRORS: [&str; 9] =
        ["#DIV/0!", "#N/A", "#NAME?", "#NULL!", "#NUM!", "#REF!", "#VALUE!", "#SPILL!", "#CALC!"];
    if let Some(error) = ERRORS.iter().find(|e| e.eq_ignore_ascii_case(text)) {
        return Some(format!("holds the spreadsheet error {error}; {expected}"));
    }
    if is_iso_date(text) {
        return Some(format!("holds a date ({text}); {expected}"));
    }
    let percent = text.strip_suffix('%').map(str::trim_end)?;
    matches!(Ratio::from_text(percent), Ok(Ratio::Value(_))).then(|| {
        format!("'{text}' is formatted as a percentage; write the number of percent, as in {percent}")
    })
}

/// `2020-12-31`, perhaps with a time behind it.
fn is_iso_date(text: &str) -> bool {
    let digits = |range| text.get(range).is_some_and(|t: &str| t.bytes().all(|b| b.is_ascii_digit()));
    let bytes = text.as_bytes();
    digits(0..4)
        && bytes.get(4) == Some(&b'-')
        && digits(5..7)
        && bytes.get(7) == Some(&b'-')
        && digits(8..10)
        && matches!(bytes.get(10), None | Some(b'T' | b' '))
}

/// A text: trimmed, of 1 to `max` characters, none of them a control character but line breaks and tabs.
///
/// # Errors
/// One sentence for the person who wrote it.
pub fn plain_text(text: &str, max: usize) -> Result<String, String> {
    let text = text.trim();
    let length = text.chars().count();
    if text.is_empty() {
        Err("must not be blank".to_owned())
    } else if length > max {
        Err(format!("has {length} characters; at most {max} are allowed"))
    } else if text.chars().any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
        Err("must not contain control characters".to_owned())
    } else if let Some(reason) = spreadsheet_trap(text, "a text is expected") {
        Err(reason)
    } else {
        Ok(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_trimmed_and_bounded_by_characters() {
        assert_eq!(company_symbol(" brk.a "), Ok("BRK.A".to_owned()));
        assert_eq!(company_symbol(&"é".repeat(20)), Ok("É".repeat(20)));
        assert_eq!(
            company_symbol(&"x".repeat(21)),
            Err("has 21 characters; at most 20 are allowed".to_owned())
        );
        // Capital letters can be longer: twenty of these become forty.
        assert!(company_symbol(&"ß".repeat(20)).is_err());
        assert_eq!(company_name("  "), Err("must not be blank".to_owned()));
        assert_eq!(company_name("a\0b"), Err("must not contain control characters".to_owned()));
        assert_eq!(company_name("two\nlines"), Ok("two\nlines".to_owned()));
        assert!(sector(&"s".repeat(100)).is_ok() && sector(&"s".repeat(101)).is_err());
    }

    #[test]
    fn messages_are_printable() {
        assert_eq!(printable("a\0b\nc é"), "a\u{fffd}b\u{fffd}c é");
    }

    #[test]
    fn a_symbol_that_a_spreadsheet_took_for_a_date_is_refused() {
        assert_eq!(company_symbol("2026-03-01"), Err("holds a date (2026-03-01); a text is expected".into()));
        assert_eq!(company_symbol("2026-03-0"), Ok("2026-03-0".to_owned()));
    }

    #[test]
    fn ratios_know_what_is_missing_and_what_is_wrong() {
        assert_eq!(ratio_text(" -24.182 "), Ok((Ratio::Value(-24.182), false)));
        for blank in ["", " ", "N/A", "n/a", "#N/A"] {
            assert_eq!(ratio_text(blank), Ok((Ratio::Missing, false)), "{blank}");
        }
        assert_eq!(ratio_text("NM"), Ok((Ratio::NotMeaningful, false)));
        assert_eq!(ratio_text("100000000"), Ok((Ratio::Missing, true)));
        assert_eq!(ratio_text("1e8"), Ok((Ratio::Missing, true)));
        let error = |text: &str| ratio_text(text).unwrap_err();
        assert_eq!(error("#DIV/0!"), "holds the spreadsheet error #DIV/0!; a number is expected");
        assert_eq!(error("2020-12-31"), "holds a date (2020-12-31); a number is expected");
        assert_eq!(
            error("12.5%"),
            "'12.5%' is formatted as a percentage; write the number of percent, as in 12.5"
        );
        assert_eq!(error("NaN"), "must be a finite number");
        assert!(error("TRUE").contains("'TRUE' is not a number"));
        assert!(error("1,5").contains("is not a number"));
    }

    #[test]
    fn a_market_cap_is_a_number_or_unknown() {
        assert_eq!(market_cap_text("100000000"), Ok(Some(SENTINEL)));
        assert_eq!(market_cap_text("0"), Ok(Some(0.0)));
        for unknown in ["", "N/A", "NM", "#N/A"] {
            assert_eq!(market_cap_text(unknown), Ok(None), "{unknown}");
        }
        assert_eq!(market_cap_text("-1"), Err("must be a finite number of at least 0".to_owned()));
        assert!(market_cap_text("big").is_err());
    }
}
