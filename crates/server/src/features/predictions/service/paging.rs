//! Where a page of a list begins: behind the last row of the page before, wherever that is known.

use std::{fmt, str::FromStr, time::Duration};

use accunode_db::{PageQuery, Timestamp};
use accunode_domain::{Error, Result};
use bytes::Bytes;
use uuid::Uuid;

use crate::{features::predictions::store::PredictionRow, state::AppState};

/// A place in a list that runs from the newest row on: behind this row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cursor {
    pub(crate) at: Timestamp,
    pub(crate) id: Uuid,
}

impl Cursor {
    /// In front of the newest row.
    pub const START: Self = Self { at: Timestamp::from_unix_micros(i64::MAX), id: Uuid::max() };
}

impl From<&PredictionRow> for Cursor {
    fn from(row: &PredictionRow) -> Self {
        Self { at: row.created_at, id: row.id }
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}{}", self.at.unix_micros(), self.id.simple())
    }
}

impl FromStr for Cursor {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        if text.len() != 48 || !text.is_ascii() {
            return Err(());
        }
        let (at, id) = text.split_at(16);
        let at = u64::from_str_radix(at, 16).map_err(drop)?.cast_signed();
        Ok(Self { at: Timestamp::from_unix_micros(at), id: Uuid::try_parse(id).map_err(drop)? })
    }
}

/// Which page is asked for. Valid by construction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    page: PageQuery,
    cursor: Option<Cursor>,
}

impl Asked {
    /// The `page`-th page of `size` rows, or the one behind a cursor that an earlier page gave.
    ///
    /// # Errors
    /// [`Error::Invalid`] naming `page`, `size` or `cursor`.
    pub fn new(page: i64, size: i64, cursor: Option<&str>) -> Result<Self> {
        let page = PageQuery::new(page, size)?;
        let read = |text: &str| {
            let expected = "Invalid cursor: what an earlier page gave as next_cursor is expected";
            text.parse().map_err(|()| Error::field("cursor", expected))
        };
        Ok(Self { page, cursor: cursor.filter(|text| !text.is_empty()).map(read).transpose()? })
    }

    /// Whether it is the first page, not behind anything.
    pub(crate) const fn is_first(&self) -> bool {
        self.page.page() == 1 && self.cursor.is_none()
    }

    /// The page's number.
    pub(crate) const fn page(&self) -> i64 {
        self.page.page()
    }

    /// Rows on a full page.
    pub(crate) const fn size(&self) -> i64 {
        self.page.size()
    }
}

/// Where a page begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Start {
    /// Behind this row …
    pub(crate) behind: Cursor,
    /// … and behind so many more.
    pub(crate) offset: i64,
}

/// Where a page that was shown began, if that was behind a row, and where it ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Shown {
    began: Option<Cursor>,
    ended: Cursor,
}

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.ended)?;
        self.began.map_or(Ok(()), |began| write!(f, "{began}"))
    }
}

impl FromStr for Shown {
    type Err = ();
    fn from_str(text: &str) -> Result<Self, ()> {
        let (ended, began) = text.split_at_checked(48).ok_or(())?;
        let began = if began.is_empty() { None } else { Some(began.parse()?) };
        Ok(Self { began, ended: ended.parse()? })
    }
}

/// How long it is known where a page ended. Twice as long as a first page is kept: whoever is shown a kept one has as
/// long as anybody to ask for the next.
const KNOWN: Duration = Duration::from_secs(120);

/// The pages of one list that one caller has been shown lately. A client that only counts pages goes on behind the
/// last row it saw, whatever was added in front of it meanwhile.
pub(crate) struct Trail<'a> {
    state: &'a AppState,
    /// Caller, list, filter and size.
    key: String,
}

impl<'a> Trail<'a> {
    /// The trail of a list; `list` says whose, which and how narrowed.
    pub(crate) fn new(state: &'a AppState, list: &str, asked: &Asked) -> Self {
        Self { state, key: format!("predictions/trail/{}/{list}", asked.size()) }
    }

    async fn shown(&self, page: i64) -> Option<Shown> {
        let kept = self.state.cache.get(&format!("{}/{page}", self.key)).await?;
        std::str::from_utf8(&kept).ok()?.parse().ok()
    }

    /// Where the page begins.
    pub(crate) async fn start(&self, asked: &Asked) -> Start {
        if let Some(behind) = asked.cursor {
            return Start { behind, offset: 0 };
        }
        let page = asked.page();
        let counted = Start { behind: Cursor::START, offset: asked.page.offset() };
        if page == 1 {
            return counted;
        }
        let Some(before) = self.shown(page - 1).await else { return counted };
        // The page before must itself belong to what was shown of the one before it, or two passes would mix.
        let whole = match before.began {
            None => true,
            Some(began) => self.shown(page - 2).await.is_some_and(|earlier| earlier.ended == began),
        };
        if whole { Start { behind: before.ended, offset: 0 } } else { counted }
    }

    /// Notes where the page that began so ended. What was asked for by a cursor has no number, so nobody goes on
    /// behind it by counting.
    pub(crate) async fn note(&self, asked: &Asked, start: &Start, ended: Cursor) {
        if asked.cursor.is_some() {
            return;
        }
        let shown = Shown { began: Some(start.behind).filter(|behind| *behind != Cursor::START), ended };
        let key = format!("{}/{}", self.key, asked.page());
        self.state.cache.put_for(&key, Bytes::from(shown.to_string()), KNOWN).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cursor(micros: i64) -> Cursor {
        Cursor { at: Timestamp::from_unix_micros(micros), id: Uuid::from_u128(7) }
    }

    #[test]
    fn places_read_back() {
        for cursor in [cursor(0), cursor(-5), cursor(1_764_000_000_000_001), Cursor::START] {
            assert_eq!(cursor.to_string().parse(), Ok(cursor));
            for began in [None, Some(Cursor::START)] {
                let shown = Shown { began, ended: cursor };
                assert_eq!(shown.to_string().parse(), Ok(shown));
            }
        }
        for text in ["", "x", &"0".repeat(47), &"g".repeat(48), &"é".repeat(24)] {
            assert_eq!(text.parse::<Cursor>(), Err(()), "{text}");
        }
    }

    #[test]
    fn a_page_out_of_range_is_named() {
        let field = |asked: Result<Asked>| match asked {
            Err(Error::Invalid(errors)) => errors[0].field.clone(),
            _ => String::new(),
        };
        assert_eq!(field(Asked::new(0, 10, None)), "page");
        assert_eq!(field(Asked::new(1, 1_001, None)), "size");
        assert_eq!(field(Asked::new(1, 10, Some("elsewhere"))), "cursor");
        assert!(Asked::new(1, 10, Some("")).is_ok());
    }
}
