//! How often something may happen.

use std::{fmt, str::FromStr, time::Duration};

/// At most `count` in any `window`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rate {
    /// How often; nothing passes a rate of 0.
    pub count: u32,
    /// In how long.
    pub window: Duration,
}

const SECOND: u64 = 1;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Reads `30/min`, `20/h`, `100/day` or `5/s`, also with the unit's full name. The count is at least 1.
impl FromStr for Rate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let expected = || {
            let text: String = text.chars().take(40).collect();
            format!(
                "'{text}' is not a rate: a count from 1 and s, min, h or day are expected, as in '30/min'"
            )
        };
        let (count, unit) = text.split_once('/').ok_or_else(expected)?;
        let seconds = match unit.trim() {
            "s" | "second" => SECOND,
            "min" | "minute" => MINUTE,
            "h" | "hour" => HOUR,
            "day" => DAY,
            _ => return Err(expected()),
        };
        let count = count.trim().parse().ok().filter(|count| *count >= 1).ok_or_else(expected)?;
        Ok(Self { count, window: Duration::from_secs(seconds) })
    }
}

/// `30 per 1 minute`.
impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.window.as_secs();
        let (number, unit) = if self.window.subsec_nanos() > 0 || seconds == 0 {
            (self.window.as_millis(), "millisecond")
        } else {
            let units = [(DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second")];
            let (unit, name) = units
                .into_iter()
                .find(|(unit, _)| seconds.is_multiple_of(*unit))
                .unwrap_or((SECOND, "second"));
            (u128::from(seconds / unit), name)
        };
        let plural = if number == 1 { "" } else { "s" };
        write!(f, "{} per {number} {unit}{plural}", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_are_read_and_shown_as_in_an_answer() {
        for (text, shown) in [
            ("30/min", "30 per 1 minute"),
            ("20/h", "20 per 1 hour"),
            ("100/day", "100 per 1 day"),
            ("5/s", "5 per 1 second"),
            (" 1 / minute ", "1 per 1 minute"),
            ("4294967295/hour", "4294967295 per 1 hour"),
            ("2/second", "2 per 1 second"),
        ] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), shown);
        }
        let shown = |millis| Rate { count: 5, window: Duration::from_millis(millis) }.to_string();
        assert_eq!(shown(7_200_000), "5 per 2 hours");
        assert_eq!(shown(90_000), "5 per 90 seconds");
        assert_eq!(shown(1_500), "5 per 1500 milliseconds");
    }

    #[test]
    fn what_is_no_rate_is_told_what_one_looks_like() {
        for text in ["", "30", "0/min", "-1/min", "1.5/min", "30/month", "/min", "4294967296/min", "5/min/h"]
        {
            let error = text.parse::<Rate>().unwrap_err();
            assert!(
                error.starts_with(&format!("'{text}' is not a rate")) && error.contains("30/min"),
                "{error}"
            );
        }
    }
}
