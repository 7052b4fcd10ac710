//! Whole numbers.

use std::ops::RangeInclusive;

use super::Fields;

impl Fields {
    /// A whole number within bounds, if the field is there.
    pub fn optional_integer(&mut self, field: &str, bounds: RangeInclusive<i64>) -> Option<i64> {
        let number = self.there(field)?.as_i64().filter(|n| bounds.contains(n));
        if number.is_none() {
            let expected = format!("a whole number from {} to {} is expected", bounds.start(), bounds.end());
            self.invalid(field, &expected);
        }
        number
    }

    /// A required whole number within bounds; their beginning where it is noted as missing or wrong.
    pub fn integer(&mut self, field: &str, bounds: RangeInclusive<i64>) -> i64 {
        let least = *bounds.start();
        if self.there(field).is_none() {
            self.problem(field, "is required");
        }
        self.optional_integer(field, bounds).unwrap_or(least)
    }
}
