//! The dialects of paging, checked.

use accunode_domain::{Error, FieldError, Result};
use serde::Deserialize;
use utoipa::IntoParams;

/// Most rows that can be passed over: further ones would be none in any table that fits a disk.
const FURTHEST: i64 = 1_000_000_000;

fn bounded(errors: &mut Vec<FieldError>, field: &str, value: i64, (least, most): (i64, i64)) {
    if !(least..=most).contains(&value) {
        let message = format!("Invalid {field}: {least} to {most} is expected");
        errors.push(FieldError { field: field.to_owned(), message });
    }
}

/// A part of a list by `skip` and `limit`.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SkipLimit {
    /// Rows to pass over.
    #[serde(default)]
    #[param(minimum = 0, maximum = 1_000_000_000, default = 0)]
    pub skip: i64,
    /// Rows to give, 1 to 100.
    #[serde(default = "fifty")]
    #[param(minimum = 1, maximum = 100, default = 50)]
    pub limit: i64,
}

const fn fifty() -> i64 {
    50
}

impl SkipLimit {
    /// The same, if it is within bounds.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `skip` and `limit`.
    pub fn checked(self) -> Result<Self> {
        let mut errors = Vec::new();
        bounded(&mut errors, "skip", self.skip, (0, FURTHEST));
        bounded(&mut errors, "limit", self.limit, (1, 100));
        if errors.is_empty() { Ok(self) } else { Err(Error::Invalid(errors)) }
    }
}

/// A page of a list by `page` and `limit`.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageLimit {
    /// The page's number, from 1.
    #[serde(default = "one")]
    #[param(minimum = 1, maximum = 10_000_000, default = 1)]
    pub page: i64,
    /// Rows on a page, 1 to 100.
    #[serde(default = "ten")]
    #[param(minimum = 1, maximum = 100, default = 10)]
    pub limit: i64,
}

const fn one() -> i64 {
    1
}

const fn ten() -> i64 {
    10
}

impl PageLimit {
    /// The part of the list that the page is.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `page` and `limit`.
    pub fn checked(self) -> Result<SkipLimit> {
        let mut errors = Vec::new();
        bounded(&mut errors, "page", self.page, (1, FURTHEST / 100));
        bounded(&mut errors, "limit", self.limit, (1, 100));
        let skip = (self.page.saturating_sub(1)).saturating_mul(self.limit);
        if errors.is_empty() {
            Ok(SkipLimit { skip, limit: self.limit })
        } else {
            Err(Error::Invalid(errors))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_become_parts_and_bounds_are_named() {
        let part = PageLimit { page: 3, limit: 20 }.checked().unwrap();
        assert_eq!((part.skip, part.limit), (40, 20));
        let Err(Error::Invalid(errors)) = (PageLimit { page: 0, limit: 101 }).checked() else {
            panic!("accepted")
        };
        assert_eq!(errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(), ["page", "limit"]);
        let Err(Error::Invalid(errors)) = (SkipLimit { skip: -1, limit: 0 }).checked() else {
            panic!("accepted")
        };
        assert_eq!(errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(), ["skip", "limit"]);
        assert!(PageLimit { page: i64::MAX, limit: 100 }.checked().is_err());
    }
}
