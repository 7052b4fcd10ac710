//! Pages of the companies in sight, in each order, and how many there are.

use accunode_db::{Engine, Result, Sql, Timestamp, Tx, on, sql};
use uuid::Uuid;

use super::{
    CompanyRow, Part, Sight,
    order::{Sort, every_order},
    search::Words,
    whole,
};
use crate::listing::Window;

/// What a list is narrowed to. Texts are SQL patterns already.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    pub(crate) words: Option<Words>,
    pub(crate) sector: Option<String>,
    pub(crate) risk_level: Option<&'static str>,
    pub(crate) grade: Option<String>,
    pub(crate) access_level: Option<&'static str>,
}

impl Filter {
    /// Whether it looks at what came of predictions.
    pub(crate) const fn is_of_scores(&self) -> bool {
        self.risk_level.is_some() || self.grade.is_some()
    }
}

/// $6 part of the sector's name, $7 risk level, $8 grade, $9 access level.
macro_rules! filtered {
    () => {
        " AND (CAST($6 AS TEXT) IS NULL OR LOWER(c.sector) LIKE $6 ESCAPE '\\')
          AND (CAST($7 AS TEXT) IS NULL OR c.latest_risk_level = $7)
          AND (CAST($8 AS TEXT) IS NULL OR c.latest_grade = $8)
          AND (CAST($9 AS TEXT) IS NULL OR c.access_level = $9)"
    };
}

/// The first $10 of a part, in order.
macro_rules! part {
    ($seen:literal, $key:literal, $way:literal, $id:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", ",
            $key,
            " AS sorted_by FROM companies c WHERE ",
            $seen,
            filtered!(),
            " ORDER BY ",
            $key,
            " ",
            $way,
            ", c.id ",
            $id,
            " LIMIT $10"
        )
    };
}

/// Companies of which words are known: $10 the pattern, $11 whose as a JSON list. The table of words has no wall of its
/// own, so the sight is bound on both tables.
macro_rules! found {
    ($words:literal, $owners:literal) => {
        concat!(
            " FROM company_search s JOIN companies c ON c.id = s.company_id WHERE ",
            $words,
            " AND ($5 OR s.owner ",
            $owners,
            ") AND ",
            visible!(),
            filtered!()
        )
    };
}
macro_rules! found_pg {
    () => {
        found!(
            "s.words LIKE LOWER($10)",
            "= ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($11::jsonb) AS uuid)))"
        )
    };
}
/// The same where few companies are in sight: their words are looked through one by one. Parts of words are often those
/// of many companies of others, which an index of them has to pass over; nothing appended to the words keeps it out.
macro_rules! found_few {
    () => {
        concat!(
            " FROM (SELECT w.company_id FROM company_search w
                    WHERE w.owner = ANY (ARRAY(SELECT CAST(jsonb_array_elements_text($11::jsonb) AS uuid)))
                      AND w.words || '' LIKE LOWER($10) OFFSET 0) s
              JOIN companies c ON c.id = s.company_id WHERE ",
            visible!(),
            filtered!()
        )
    };
}
macro_rules! found_lite {
    () => {
        found!(
            "s.id IN (SELECT rowid FROM company_search_fts WHERE company_search_fts MATCH $10)",
            "IN (SELECT unhex(value) FROM json_each($11))"
        )
    };
}
macro_rules! found_short {
    () => {
        found!("s.words GLOB $10", "IN (SELECT unhex(value) FROM json_each($11))")
    };
}

/// The statements of an order: of all in sight, of those found, and of those found in another way, see [`sought`].
struct Ordered {
    all: Sql,
    found: Sql,
    otherwise: Sql,
}

macro_rules! ordered {
    ($($name:ident $key:literal $way:literal $id:literal;)*) => {
        $(
            #[allow(non_snake_case)]
            mod $name {
                use super::*;

                macro_rules! page_of_found {
                    ($found:ident) => {
                        concat!("SELECT ", columns!(), $found!(), " ORDER BY ", $key, " ", $way, ", c.id ", $id,
                                " LIMIT $12 OFFSET $13")
                    };
                }
                sql! {
                    ALL = concat!("SELECT * FROM (", part_by_part!(part, $key, $way, $id), ") every
                                   ORDER BY sorted_by ", $way, ", id ", $id, " LIMIT $11 OFFSET $12");
                    FOUND { pg: page_of_found!(found_few), lite: page_of_found!(found_lite) };
                    OTHERWISE { pg: page_of_found!(found_pg), lite: page_of_found!(found_short) };
                }
                pub(super) const STATEMENTS: Ordered =
                    Ordered { all: ALL, found: FOUND, otherwise: OTHERWISE };
            }
        )*
    };
}

every_order!(ordered Ordered);

macro_rules! counted {
    ($seen:literal) => {
        concat!("SELECT COUNT(*) AS n FROM companies c WHERE ", $seen, filtered!())
    };
}

/// A page of a part behind a place, newest first: $10 rows behind $11 and $12.
macro_rules! behind {
    ($seen:literal, $words:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM companies c WHERE ",
            $seen,
            filtered!(),
            $words,
            " AND (c.created_at, c.id) < ($11, $12) ORDER BY c.created_at DESC, c.id DESC LIMIT $10"
        )
    };
}
macro_rules! export {
    ($words:literal) => {
        concat!(
            "SELECT * FROM (",
            part_by_part!(behind, $words),
            ") every ORDER BY created_at DESC, id DESC LIMIT $10"
        )
    };
}

sql! {
    COUNT = concat!("SELECT CAST(SUM(n) AS BIGINT) FROM (", part_by_part!(counted), ") every");
    COUNT_FOUND { pg: concat!("SELECT COUNT(*)", found_few!()), lite: concat!("SELECT COUNT(*)", found_lite!()) };
    COUNT_OTHERWISE { pg: concat!("SELECT COUNT(*)", found_pg!()), lite: concat!("SELECT COUNT(*)", found_short!()) };
    EXPORT = export!("");
    EXPORT_FOUND {
        pg: export!(" AND c.id IN (SELECT s.company_id FROM company_search s WHERE s.words LIKE LOWER($13))"),
        lite: export!(" AND c.id IN (SELECT s.company_id FROM company_search s WHERE s.id IN
                        (SELECT rowid FROM company_search_fts WHERE company_search_fts MATCH $13))")
    };
    EXPORT_SHORT {
        pg: export!(" AND c.id IN (SELECT s.company_id FROM company_search s WHERE s.words LIKE LOWER($13))"),
        lite: export!(" AND c.id IN (SELECT s.company_id FROM company_search s WHERE s.words GLOB $13)")
    };
}

/// A query with the filter's part that every list has.
macro_rules! narrowed {
    ($query:expr, $sight:expr, $filter:expr) => {
        sighted!($query, $sight)
            .bind($filter.sector.as_deref())
            .bind($filter.risk_level)
            .bind($filter.grade.as_deref())
            .bind($filter.access_level)
    };
}

/// The pattern for an engine, and whether its index of words knows such short ones.
pub(super) fn pattern(engine: Engine, words: &Words) -> (&str, bool) {
    match (engine, &words.phrase) {
        (Engine::Postgres, _) => (&words.like, true),
        (Engine::Sqlite, Some(phrase)) => (phrase, false),
        (Engine::Sqlite, None) => (&words.glob, true),
    }
}

/// With how many companies in sight their words are looked through one by one, on PostgreSQL.
const FEW: i64 = 20_000;

/// The pattern for an engine, and whether companies are found otherwise: on PostgreSQL by the index of everybody's words,
/// where many of `in_sight` companies would have to be looked through; on SQLite without its index of words, which does
/// not know such short ones.
fn sought(engine: Engine, words: &Words, sight: Sight, in_sight: i64) -> (&str, bool) {
    let (pattern, short) = pattern(engine, words);
    (pattern, if engine == Engine::Postgres { sight.all || in_sight > FEW } else { short })
}

/// A part of the companies in sight, of which there are `in_sight` without the filter, in order.
pub(crate) async fn page(
    tx: &mut Tx,
    (sight, in_sight): (Sight, i64),
    f: &Filter,
    (sort, descending): (Sort, bool),
    window: Window,
) -> Result<Vec<CompanyRow>> {
    if let ([part], true) = (&sight.parts()[..], *f == Filter::default() && whole::reaches(window)) {
        return whole::page(tx, *part, (sort, descending), window).await;
    }
    let statements = ordered(sort, descending);
    let Some(words) = &f.words else {
        return Ok(on!(tx, statements.all, |c, sql| {
            let query = narrowed!(sqlx::query_as(sql), sight, f).bind(window.skip + window.limit);
            query.bind(window.limit).bind(window.skip).fetch_all(c).await
        })?);
    };
    let owners = super::search::owners(tx, sight).await?;
    let (pattern, otherwise) = sought(tx.engine(), words, sight, in_sight);
    Ok(on!(tx, if otherwise { statements.otherwise } else { statements.found }, |c, sql| {
        let query = narrowed!(sqlx::query_as(sql), sight, f).bind(pattern).bind(&owners);
        query.bind(window.limit).bind(window.skip).fetch_all(c).await
    })?)
}

/// How many companies of a part there are.
pub(crate) async fn count_part(tx: &mut Tx, part: Part) -> Result<i64> {
    whole::count(tx, part).await
}

/// How many of the `in_sight` companies in sight a filter lets through.
pub(crate) async fn count(tx: &mut Tx, (sight, in_sight): (Sight, i64), f: &Filter) -> Result<i64> {
    let Some(words) = &f.words else {
        return Ok(on!(tx, COUNT, |c, sql| {
            narrowed!(sqlx::query_scalar(sql), sight, f).fetch_one(c).await
        })?);
    };
    let owners = super::search::owners(tx, sight).await?;
    let (pattern, otherwise) = sought(tx.engine(), words, sight, in_sight);
    Ok(on!(tx, if otherwise { COUNT_OTHERWISE } else { COUNT_FOUND }, |c, sql| {
        narrowed!(sqlx::query_scalar(sql), sight, f).bind(pattern).bind(&owners).fetch_one(c).await
    })?)
}

/// Where a page of an export begins.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place {
    pub(crate) at: Timestamp,
    pub(crate) id: Uuid,
}

impl Place {
    /// Before the newest.
    pub(crate) const START: Self =
        Self { at: Timestamp::from_unix_seconds(253_402_300_799), id: Uuid::max() };
}

/// Companies in sight behind a place, newest first.
pub(crate) async fn behind(
    tx: &mut Tx,
    sight: Sight,
    f: &Filter,
    place: Place,
    limit: i64,
) -> Result<Vec<CompanyRow>> {
    let Some(words) = &f.words else {
        return Ok(on!(tx, EXPORT, |c, sql| {
            let query = narrowed!(sqlx::query_as(sql), sight, f).bind(limit);
            query.bind(place.at).bind(place.id).fetch_all(c).await
        })?);
    };
    let (pattern, short) = pattern(tx.engine(), words);
    Ok(on!(tx, if short { EXPORT_SHORT } else { EXPORT_FOUND }, |c, sql| {
        let query = narrowed!(sqlx::query_as(sql), sight, f).bind(limit);
        query.bind(place.at).bind(place.id).bind(pattern).fetch_all(c).await
    })?)
}
