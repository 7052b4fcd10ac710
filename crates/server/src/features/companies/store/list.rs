//! Pages of the companies in sight, in each order, and how many there are.

use accunode_db::{Engine, Result, Sql, Timestamp, Tx, on, sql};
use uuid::Uuid;

use super::{CompanyRow, Sight, search::Words};
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

/// What a list is sorted by. Companies without the figure come last where it falls, and first where it rises.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Sort {
    #[default]
    Name,
    Symbol,
    MarketCap,
    CreatedAt,
    Probability,
    Change,
    Period,
}

impl Filter {
    /// Whether it looks at what came of predictions.
    pub(crate) const fn is_of_scores(&self) -> bool {
        self.risk_level.is_some() || self.grade.is_some()
    }
}

impl Sort {
    /// Whether it looks at what came of predictions.
    pub(crate) const fn is_of_scores(self) -> bool {
        matches!(self, Self::Probability | Self::Change | Self::Period)
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
        found!("s.words LIKE $10 ESCAPE '\\'", "IN (SELECT unhex(value) FROM json_each($11))")
    };
}

/// The statements of an order: of all in sight, of those found, and (on SQLite) of those found by less than three
/// characters, which its index of words does not know.
struct Ordered {
    all: Sql,
    found: Sql,
    short: Sql,
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
                    FOUND { pg: page_of_found!(found_pg), lite: page_of_found!(found_lite) };
                    SHORT { pg: page_of_found!(found_pg), lite: page_of_found!(found_short) };
                }
                pub(super) const STATEMENTS: Ordered = Ordered { all: ALL, found: FOUND, short: SHORT };
            }
        )*
    };
}

ordered! {
    name_asc "c.name" "ASC" "ASC";
    name_desc "c.name" "DESC" "DESC";
    symbol_asc "c.symbol" "ASC" "ASC";
    symbol_desc "c.symbol" "DESC" "DESC";
    created_asc "c.created_at" "ASC" "ASC";
    created_desc "c.created_at" "DESC" "DESC";
    market_cap_asc "c.market_cap" "ASC NULLS FIRST" "ASC";
    market_cap_desc "c.market_cap" "DESC NULLS LAST" "DESC";
    probability_asc "c.latest_probability" "ASC NULLS FIRST" "ASC";
    probability_desc "c.latest_probability" "DESC NULLS LAST" "DESC";
    change_asc "(c.latest_probability - c.previous_probability)" "ASC NULLS FIRST" "ASC";
    change_desc "(c.latest_probability - c.previous_probability)" "DESC NULLS LAST" "DESC";
    period_asc "(c.latest_year * 10 + COALESCE(CAST(SUBSTR(c.latest_quarter, 2, 1) AS INTEGER), 4))"
        "ASC NULLS FIRST" "ASC";
    period_desc "(c.latest_year * 10 + COALESCE(CAST(SUBSTR(c.latest_quarter, 2, 1) AS INTEGER), 4))"
        "DESC NULLS LAST" "DESC";
}

const fn ordered(sort: Sort, descending: bool) -> Ordered {
    match (sort, descending) {
        (Sort::Name, false) => name_asc::STATEMENTS,
        (Sort::Name, true) => name_desc::STATEMENTS,
        (Sort::Symbol, false) => symbol_asc::STATEMENTS,
        (Sort::Symbol, true) => symbol_desc::STATEMENTS,
        (Sort::CreatedAt, false) => created_asc::STATEMENTS,
        (Sort::CreatedAt, true) => created_desc::STATEMENTS,
        (Sort::MarketCap, false) => market_cap_asc::STATEMENTS,
        (Sort::MarketCap, true) => market_cap_desc::STATEMENTS,
        (Sort::Probability, false) => probability_asc::STATEMENTS,
        (Sort::Probability, true) => probability_desc::STATEMENTS,
        (Sort::Change, false) => change_asc::STATEMENTS,
        (Sort::Change, true) => change_desc::STATEMENTS,
        (Sort::Period, false) => period_asc::STATEMENTS,
        (Sort::Period, true) => period_desc::STATEMENTS,
    }
}

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
    COUNT_FOUND { pg: concat!("SELECT COUNT(*)", found_pg!()), lite: concat!("SELECT COUNT(*)", found_lite!()) };
    COUNT_SHORT { pg: concat!("SELECT COUNT(*)", found_pg!()), lite: concat!("SELECT COUNT(*)", found_short!()) };
    EXPORT = export!("");
    EXPORT_FOUND {
        pg: export!(" AND c.id IN (SELECT s.company_id FROM company_search s WHERE s.words LIKE LOWER($13))"),
        lite: export!(" AND c.id IN (SELECT s.company_id FROM company_search s WHERE s.id IN
                        (SELECT rowid FROM company_search_fts WHERE company_search_fts MATCH $13))")
    };
    EXPORT_SHORT {
        pg: export!(" AND c.id IN (SELECT s.company_id FROM company_search s WHERE s.words LIKE LOWER($13))"),
        lite: export!(" AND c.id IN (SELECT s.company_id FROM company_search s WHERE s.words LIKE $13 ESCAPE '\\')")
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
        (Engine::Sqlite, Some(phrase)) => (phrase, false),
        _ => (&words.like, true),
    }
}

/// A part of the companies in sight, in order.
pub(crate) async fn page(
    tx: &mut Tx,
    sight: Sight,
    f: &Filter,
    (sort, descending): (Sort, bool),
    part: Window,
) -> Result<Vec<CompanyRow>> {
    let statements = ordered(sort, descending);
    let Some(words) = &f.words else {
        return Ok(on!(tx, statements.all, |c, sql| {
            let query = narrowed!(sqlx::query_as(sql), sight, f).bind(part.skip + part.limit);
            query.bind(part.limit).bind(part.skip).fetch_all(c).await
        })?);
    };
    let owners = super::search::owners(tx, sight).await?;
    let (pattern, short) = pattern(tx.engine(), words);
    Ok(on!(tx, if short { statements.short } else { statements.found }, |c, sql| {
        let query = narrowed!(sqlx::query_as(sql), sight, f).bind(pattern).bind(owners);
        query.bind(part.limit).bind(part.skip).fetch_all(c).await
    })?)
}

/// How many companies are in sight.
pub(crate) async fn count(tx: &mut Tx, sight: Sight, f: &Filter) -> Result<i64> {
    let Some(words) = &f.words else {
        return Ok(on!(tx, COUNT, |c, sql| {
            narrowed!(sqlx::query_scalar(sql), sight, f).fetch_one(c).await
        })?);
    };
    let owners = super::search::owners(tx, sight).await?;
    let (pattern, short) = pattern(tx.engine(), words);
    Ok(on!(tx, if short { COUNT_SHORT } else { COUNT_FOUND }, |c, sql| {
        narrowed!(sqlx::query_scalar(sql), sight, f).bind(pattern).bind(owners).fetch_one(c).await
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
