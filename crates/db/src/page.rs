//! Paging: one query, one page.

use accunode_domain::{Error, FieldError, Result};

/// Which page of a list is asked for. Valid by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PageQuery {
    page: i64,
    size: i64,
}

impl PageQuery {
    /// The largest page.
    pub const MAX_SIZE: i64 = 1_000;
    /// The last page that can be asked for; further ones would be empty in any table that fits a disk.
    pub const MAX_PAGE: i64 = 1_000_000_000;

    /// The `page`-th page (from 1) of `size` items (1 to 1,000).
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `page` and `size` where they are out of range.
    pub fn new(page: i64, size: i64) -> Result<Self> {
        let mut errors = Vec::new();
        let mut require = |holds: bool, field: &str, message: String| {
            if !holds {
                errors.push(FieldError { field: field.into(), message });
            }
        };
        require(
            (1..=Self::MAX_PAGE).contains(&page),
            "page",
            format!("page must be between 1 and {}", Self::MAX_PAGE),
        );
        require(
            (1..=Self::MAX_SIZE).contains(&size),
            "size",
            format!("size must be between 1 and {}", Self::MAX_SIZE),
        );
        if errors.is_empty() { Ok(Self { page, size }) } else { Err(Error::Invalid(errors)) }
    }

    /// The page's number, from 1.
    #[must_use]
    pub const fn page(self) -> i64 {
        self.page
    }

    /// Items on a full page.
    #[must_use]
    pub const fn size(self) -> i64 {
        self.size
    }

    /// For `LIMIT`.
    #[must_use]
    pub const fn limit(self) -> i64 {
        self.size
    }

    /// For `OFFSET`.
    #[must_use]
    pub const fn offset(self) -> i64 {
        (self.page - 1) * self.size
    }

    /// The page with its items, given how many there are in all.
    #[must_use]
    pub fn page_of<T>(self, items: Vec<T>, total: i64) -> Page<T> {
        Page { items, total, page: self.page, size: self.size }
    }
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The items of this page.
    pub items: Vec<T>,
    /// How many there are on all pages.
    pub total: i64,
    /// This page's number, from 1.
    pub page: i64,
    /// Items on a full page.
    pub size: i64,
}

impl<T> Page<T> {
    /// How many pages there are; none when the list is empty.
    #[must_use]
    pub const fn pages(&self) -> i64 {
        if self.size <= 0 { 0 } else { (self.total + self.size - 1) / self.size }
    }

    /// The same page of something else.
    #[must_use]
    pub fn map<U>(self, f: impl FnMut(T) -> U) -> Page<U> {
        Page {
            items: self.items.into_iter().map(f).collect(),
            total: self.total,
            page: self.page,
            size: self.size,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_and_offsets() {
        let query = PageQuery::new(3, 20).unwrap();
        assert_eq!((query.limit(), query.offset()), (20, 40));
        let page = query.page_of(vec![1, 2], 42);
        assert_eq!(page.pages(), 3);
        assert_eq!(page.map(|n| n * 10).items, [10, 20]);
        assert_eq!(query.page_of(Vec::<u8>::new(), 0).pages(), 0);
    }

    #[test]
    fn both_fields_are_named() {
        let Err(Error::Invalid(errors)) = PageQuery::new(0, 1_001) else { panic!("accepted") };
        let fields: Vec<_> = errors.iter().map(|e| e.field.as_str()).collect();
        assert_eq!(fields, ["page", "size"]);
        assert!(errors[1].message.contains("1000"), "{}", errors[1].message);
        assert!(PageQuery::new(i64::MAX, 10).is_err());
    }
}
