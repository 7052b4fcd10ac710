//! How a number looks in its cell: a plain number, a date, or a percentage.

/// What a cell's number format makes of its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    Number,
    Date,
    Percent,
}

/// The look of a built-in number format (ECMA-376 part 1, 18.8.30).
pub(crate) fn look_of_id(id: u32) -> Look {
    match id {
        9 | 10 => Look::Percent,
        14..=22 | 27..=36 | 45..=47 | 50..=58 => Look::Date,
        _ => Look::Number,
    }
}

/// The look of a number format's code, such as `#,##0.00` or `dd/mm/yyyy`.
pub(crate) fn look_of_code(code: &str) -> Look {
    let mut chars = code.chars();
    let mut percent = false;
    while let Some(c) = chars.next() {
        match c {
            '"' => while !matches!(chars.next(), None | Some('"')) {},
            // The next character is shown as it is, filled with, or left room for.
            '\\' | '*' | '_' => {
                chars.next();
            }
            '[' => {
                let inside: String = chars.by_ref().take_while(|c| *c != ']').collect();
                // [h], [mm], [ss] count elapsed time; the rest are colours, conditions and locales.
                if !inside.is_empty()
                    && inside.bytes().all(|b| matches!(b.to_ascii_lowercase(), b'h' | b'm' | b's'))
                {
                    return Look::Date;
                }
            }
            // Only the first section counts: it is the one for positive numbers.
            ';' => break,
            'd' | 'D' | 'm' | 'M' | 'y' | 'Y' | 'h' | 'H' | 's' | 'S' => return Look::Date,
            '%' => percent = true,
            _ => {}
        }
    }
    if percent { Look::Percent } else { Look::Number }
}

/// A day number, perhaps with a time of day, as `2020-12-31` or `2020-12-31 18:30:00`; none where a
/// spreadsheet has no date for it.
pub(crate) fn date_text(serial: f64, from_1904: bool) -> Option<String> {
    const LAST: f64 = 2_958_466.0; // the day after 9999-12-31
    if !(0.0..LAST).contains(&serial) {
        return None;
    }
    let seconds = (serial.fract() * 86_400.0).round() as i64;
    let day = serial.trunc() as i64 + seconds / 86_400;
    // Days from 1970-01-01. The 1900 system counts a 29th of February 1900 (its day 60) that never was.
    let days = match (from_1904, day) {
        (true, day) => day - 24_107,
        (false, day) if day < 60 => day - 25_568,
        (false, day) => day - 25_569,
    };
    let (year, month, day) = civil(days);
    let date = format!("{year:04}-{month:02}-{day:02}");
    let seconds = seconds % 86_400;
    if seconds == 0 {
        return Some(date);
    }
    Some(format!("{date} {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60))
}

/// Year, month and day of a day counted from 1970-01-01 (proleptic Gregorian calendar; years of March to
/// February make the leap day the last one).
fn civil(days: i64) -> (i64, i64, i64) {
    const PER_400_YEARS: i64 = 146_097;
    let days = days + 719_468; // from 0000-03-01
    let era = days.div_euclid(PER_400_YEARS);
    let day_of_era = days.rem_euclid(PER_400_YEARS);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_dates_percentages_and_numbers() {
        for code in ["dd/mm/yyyy", "h:mm AM/PM", "[h]:mm", "[$-409]d-mmm-yy;@", "yyyy\\-mm"] {
            assert_eq!(look_of_code(code), Look::Date, "{code}");
        }
        for code in ["0.00%", "#,##0 %;[Red]-0%"] {
            assert_eq!(look_of_code(code), Look::Percent, "{code}");
        }
        for code in
            ["General", "#,##0.00", "0.0E+00", "[Red]0", "0\" days\"", "_-* #,##0_-;dd", "0\\d", "@", "[]"]
        {
            assert_eq!(look_of_code(code), Look::Number, "{code}");
        }
        assert_eq!((look_of_id(0), look_of_id(9), look_of_id(14)), (Look::Number, Look::Percent, Look::Date));
    }

    #[test]
    fn day_numbers_as_spreadsheets_show_them() {
        let date = |serial| date_text(serial, false).unwrap();
        assert_eq!(date(1.0), "1900-01-01");
        assert_eq!(date(59.0), "1900-02-28");
        assert_eq!(date(61.0), "1900-03-01");
        assert_eq!(date(44_196.0), "2020-12-31");
        assert_eq!(date(45_351.75), "2024-02-29 18:00:00");
        assert_eq!(date(44_196.999_999_9), "2021-01-01");
        assert_eq!(date(2_958_465.0), "9999-12-31");
        assert_eq!(date_text(42_734.0, true).unwrap(), "2020-12-31");
        for none in [-1.0, 2_958_466.0, f64::NAN, f64::INFINITY] {
            assert_eq!(date_text(none, false), None);
        }
    }
}
