//! The parameters of paging, in the dialects that clients know.

use accunode_domain::Result;
use serde::Deserialize;
use utoipa::IntoParams;

use crate::listing::Window;

/// A part of a list by `skip` and `limit`.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct SkipLimit {
    /// Rows to pass over.
    #[serde(default)]
    #[param(minimum = 0, default = 0)]
    skip: i64,
    /// Rows to give, 1 to 100.
    #[serde(default = "fifty")]
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: i64,
}

const fn fifty() -> i64 {
    50
}

impl SkipLimit {
    /// The rows that are asked for.
    ///
    /// # Errors
    /// [`accunode_domain::Error::Invalid`] naming `skip` and `limit`.
    pub(crate) fn window(self) -> Result<Window> {
        Window::new(self.skip, self.limit)
    }
}

/// A part of a list by `limit` and `offset`.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct LimitOffset {
    /// Rows to give, 1 to 100.
    #[serde(default = "fifty")]
    #[param(minimum = 1, maximum = 100, default = 50)]
    limit: i64,
    /// Rows to pass over.
    #[serde(default)]
    #[param(minimum = 0, default = 0)]
    offset: i64,
}

impl LimitOffset {
    /// The rows that are asked for.
    ///
    /// # Errors
    /// [`accunode_domain::Error::Invalid`] naming `offset` and `limit`.
    pub(crate) fn window(self) -> Result<Window> {
        Window::behind("offset", self.offset, self.limit)
    }
}

/// A page of a list by `page` and `limit`.
#[derive(Clone, Copy, Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageLimit {
    /// The page's number, from 1.
    #[serde(default = "one")]
    #[param(minimum = 1, default = 1)]
    page: i64,
    /// Rows on a page, 1 to 100.
    #[serde(default = "ten")]
    #[param(minimum = 1, maximum = 100, default = 10)]
    limit: i64,
}

const fn one() -> i64 {
    1
}

const fn ten() -> i64 {
    10
}

impl PageLimit {
    /// The rows that are asked for.
    ///
    /// # Errors
    /// [`accunode_domain::Error::Invalid`] naming `page` and `limit`.
    pub(crate) fn window(self) -> Result<Window> {
        Window::page(self.page, "limit", self.limit)
    }
}

#[cfg(test)]
mod tests {
    use accunode_domain::Error;

    use super::*;

    #[test]
    fn a_page_out_of_bounds_is_named_as_it_was_asked_for() {
        assert_eq!(PageLimit { page: 3, limit: 20 }.window().unwrap(), Window::new(40, 20).unwrap());
        let Err(Error::Invalid(errors)) = (PageLimit { page: 0, limit: 101 }).window() else {
            panic!("accepted")
        };
        assert_eq!(errors.iter().map(|e| e.field.as_str()).collect::<Vec<_>>(), ["page", "limit"]);
        assert!(!errors[1].message.contains("size"), "{}", errors[1].message);
    }
}
