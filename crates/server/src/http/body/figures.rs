//! Fields of a company's figures.

use accunode_domain::{Period, Quarter, Ratio, RatioError, SENTINEL};
use accunode_sheets::validate;
use serde_json::Value;

use super::Fields;

impl Fields {
    /// A required number above zero; numeric text is accepted.
    pub fn positive(&mut self, field: &str) -> f64 {
        self.number(field, |x| x > 0.0, "a number greater than 0 is expected")
    }

    /// A required number of at least zero; numeric text is accepted.
    pub fn not_negative(&mut self, field: &str) -> f64 {
        self.number(field, |x| x >= 0.0, "a number of at least 0 is expected")
    }

    /// As [`Fields::not_negative`], if the field is there.
    pub fn not_negative_if_there(&mut self, field: &str) -> Option<f64> {
        self.there(field).map(|_| self.not_negative(field))
    }

    fn number(&mut self, field: &str, fits: impl Fn(f64) -> bool, expected: &str) -> f64 {
        let number = match self.required(field) {
            None => return 0.0,
            Some(Value::Number(n)) => n.as_f64(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        number.filter(|x: &f64| x.is_finite() && fits(*x)).unwrap_or_else(|| {
            self.invalid(field, expected);
            0.0
        })
    }

    /// A required ratio: a number, numeric text, null (missing) or "NM" (not meaningful). The second value
    /// says whether it was the vendors' sentinel.
    pub fn ratio(&mut self, field: &str) -> (Ratio, bool) {
        let number = |x: f64| Ratio::from_number(x).map(|ratio| (ratio, x == SENTINEL));
        let read = match self.required(field) {
            None | Some(Value::Null) => Ok((Ratio::Missing, false)),
            Some(Value::Number(n)) => {
                n.as_f64().map_or(Err(RatioError::NotFinite), number).map_err(|e| e.to_string())
            }
            Some(Value::String(text)) => validate::ratio_text(&text),
            Some(_) => Err(RatioError::NotANumber("this value".to_owned()).to_string()),
        };
        read.unwrap_or_else(|reason| {
            self.invalid(field, &reason);
            (Ratio::Missing, false)
        })
    }

    /// `reporting_year` (text of four digits) and `reporting_quarter` (`Q1` … `Q4` or 1 … 4).
    pub fn period(&mut self, needs_quarter: bool) -> Period {
        let year = match self.required("reporting_year") {
            None => 0,
            Some(Value::String(text)) => Period::parse_year(&text).unwrap_or_else(|error| {
                self.invalid("reporting_year", &error.to_string());
                0
            }),
            Some(_) => {
                self.invalid("reporting_year", "a year as text is expected, for example \"2024\"");
                0
            }
        };
        Period { year, quarter: self.quarter(needs_quarter) }
    }

    fn quarter(&mut self, needed: bool) -> Option<Quarter> {
        const FIELD: &str = "reporting_quarter";
        let text = match self.object.get(FIELD) {
            Some(Value::String(text)) if !text.trim().is_empty() => text.clone(),
            Some(Value::Number(n)) => n.to_string(),
            None | Some(Value::Null | Value::String(_)) => {
                if needed {
                    self.problem(FIELD, "is required");
                }
                return None;
            }
            Some(_) => "this value".to_owned(),
        };
        match text.parse() {
            Ok(quarter) => Some(quarter),
            Err(error) => {
                self.invalid(FIELD, &format!("{error}"));
                None
            }
        }
    }
}
