//! SQL of the pages of lists that are not narrowed.
//!
//! An engine that keeps plans keeps one for all parameters. It is a good one only while it does not depend on them: so
//! here are no filters that may be absent, and how many rows an arm gives at most is part of its text. The page itself
//! takes fewer of them, and no arm gives more than are taken.

use accunode_db::{Result, Sql, Timestamp, Tx, on, sql};
use accunode_domain::Kind;
use uuid::Uuid;

use super::{
    super::{PredictionRow, columns, joined, select},
    Sight, Window,
};
use crate::features::predictions::service::Cursor;

/// Rows that an arm gives at most, of the statements for pages of usual and of large size, each with one row more to see
/// whether a page follows; those for the largest give [`accunode_db::PageQuery::MAX_SIZE`] and one more.
const USUAL: i64 = 11;
const LARGE: i64 = 101;

/// One arm, along one index: $3 and $4 the row that it begins behind.
macro_rules! arm {
    ($kind:tt $columns:literal $whose:literal $most:literal) => {
        concat!(
            "SELECT ",
            $columns,
            " FROM ",
            stringify!($kind),
            "_predictions p WHERE ",
            $whose,
            " AND (p.created_at, p.id) < ($3, $4) ORDER BY p.created_at DESC, p.id DESC LIMIT ",
            $most
        )
    };
}
macro_rules! one {
    ($kind:tt $columns:literal $whose:literal $most:literal) => {
        concat!("SELECT * FROM (", arm!($kind $columns $whose $most), ") a")
    };
}
macro_rules! two {
    ($kind:tt $columns:literal $most:literal $second:expr) => {
        concat!("SELECT * FROM (", arm!($kind $columns "p.access_level = 'personal' AND p.created_by = $1" $most),
                ") a UNION ALL SELECT * FROM (", $second, ") b")
    };
}

/// The newest rows of each organization of a tenant: PostgreSQL goes from organization to organization by LATERAL,
/// SQLite by a subquery of ids.
macro_rules! tenant_pg {
    ($kind:tt $columns:literal $most:literal) => {
        concat!("SELECT q.* FROM organizations t CROSS JOIN LATERAL (",
                arm!($kind $columns "p.organization_id = t.id" $most), ") q WHERE t.tenant_id = $2")
    };
}
macro_rules! tenant_lite {
    ($kind:tt $columns:literal $most:literal) => {
        concat!("SELECT ", $columns, " FROM organizations t JOIN ", stringify!($kind),
                "_predictions p ON p.id IN (SELECT id FROM (",
                arm!($kind "p.id" "p.organization_id = t.id" $most), ")) WHERE t.tenant_id = $2")
    };
}

/// A page, merged from its arms, with what belongs to each row: $5 so many rows.
macro_rules! page {
    ($kind:tt $columns:literal $arms:expr) => {
        concat!(
            select!($kind),
            " FROM (",
            $arms,
            " ORDER BY created_at DESC, id DESC LIMIT $5)",
            joined!(),
            " ORDER BY p.created_at DESC, p.id DESC"
        )
    };
}

/// Where a page that is counted off begins: behind the row that $5 others stand before.
macro_rules! place {
    ($kind:tt $columns:literal $arms:expr) => {
        concat!(
            "SELECT created_at, id FROM (",
            $arms,
            ") p ORDER BY created_at DESC, id DESC LIMIT 1 OFFSET $5"
        )
    };
}

/// The statements of a purpose, by whose rows they show: $1 the person, $2 the organization or the tenant.
struct Statements {
    organization: Sql,
    alone: Sql,
    tenant: Sql,
    system: Sql,
}

macro_rules! statements {
    ($($module:ident: $purpose:ident $kind:tt $columns:literal $most:literal;)*) => {
        $(
            mod $module {
                use super::*;

                sql! {
                    ORGANIZATION = $purpose!($kind $columns
                        two!($kind $columns $most arm!($kind $columns "p.organization_id = $2" $most)));
                    ALONE = $purpose!($kind $columns
                        one!($kind $columns "p.organization_id = $2 AND CAST($1 AS uuid) IS NULL" $most));
                    TENANT {
                        pg: $purpose!($kind $columns two!($kind $columns $most tenant_pg!($kind $columns $most))),
                        lite: $purpose!($kind $columns two!($kind $columns $most tenant_lite!($kind $columns $most)))
                    };
                    SYSTEM = $purpose!($kind $columns one!($kind $columns
                        "p.access_level = 'system' AND CAST($1 AS uuid) IS NULL AND CAST($2 AS uuid) IS NULL" $most));
                }
                pub(super) const STATEMENTS: Statements =
                    Statements { organization: ORGANIZATION, alone: ALONE, tenant: TENANT, system: SYSTEM };
            }
        )*
    };
}

statements! {
    annual_usual: page annual "p.*" "11";
    annual_large: page annual "p.*" "101";
    annual_largest: page annual "p.*" "1001";
    annual_place: place annual "p.created_at, p.id" "CAST($5 AS BIGINT) + 1";
    quarterly_usual: page quarterly "p.*" "11";
    quarterly_large: page quarterly "p.*" "101";
    quarterly_largest: page quarterly "p.*" "1001";
    quarterly_place: place quarterly "p.created_at, p.id" "CAST($5 AS BIGINT) + 1";
}

impl Statements {
    /// The one for a sight, with what it binds first.
    const fn whose(&self, sight: &Sight) -> (Sql, Option<Uuid>, Option<Uuid>) {
        match *sight {
            Sight::Organization { user: None, organization } => (self.alone, None, organization),
            Sight::Organization { user, organization } => (self.organization, user, organization),
            Sight::Tenant { user, tenant } => (self.tenant, user, Some(tenant)),
            Sight::System => (self.system, None, None),
        }
    }
}

/// A page of a list that is not narrowed, newest first.
pub(super) async fn page(
    tx: &mut Tx,
    kind: Kind,
    sight: &Sight,
    window: &Window,
) -> Result<Vec<PredictionRow>> {
    let Some(behind) = start(tx, kind, sight, window).await? else { return Ok(Vec::new()) };
    let statements = match (kind, window.limit) {
        (Kind::Annual, ..=USUAL) => annual_usual::STATEMENTS,
        (Kind::Annual, ..=LARGE) => annual_large::STATEMENTS,
        (Kind::Annual, _) => annual_largest::STATEMENTS,
        (Kind::Quarterly, ..=USUAL) => quarterly_usual::STATEMENTS,
        (Kind::Quarterly, ..=LARGE) => quarterly_large::STATEMENTS,
        (Kind::Quarterly, _) => quarterly_largest::STATEMENTS,
    };
    let (statement, first, second) = statements.whose(sight);
    Ok(on!(tx, statement, |c, sql| {
        let query = sqlx::query_as(sql).bind(first).bind(second).bind(behind.at).bind(behind.id);
        query.bind(window.limit).fetch_all(c).await
    })?)
}

/// The row that the page begins behind; none when there are fewer rows than are passed over.
async fn start(tx: &mut Tx, kind: Kind, sight: &Sight, window: &Window) -> Result<Option<Cursor>> {
    if window.offset == 0 {
        return Ok(Some(window.behind));
    }
    let statements = match kind {
        Kind::Annual => annual_place::STATEMENTS,
        Kind::Quarterly => quarterly_place::STATEMENTS,
    };
    let (statement, first, second) = statements.whose(sight);
    let found: Option<(Timestamp, Uuid)> = on!(tx, statement, |c, sql| {
        let query =
            sqlx::query_as(sql).bind(first).bind(second).bind(window.behind.at).bind(window.behind.id);
        query.bind(window.offset - 1).fetch_optional(c).await
    })?;
    Ok(found.map(|(at, id)| Cursor { at, id }))
}
