//! SQL of lists: each arm runs along one index from the newest row on, and ends at the page's end.
//!
//! Here are lists that are narrowed, and how many rows there are; whole lists have statements of their own.

mod newest;

use accunode_db::{Result, Sql, Tx, on, sql};
use accunode_domain::Kind;
use uuid::Uuid;

use super::{
    PredictionRow, columns, joined, of, select,
    totals::{Rows, Whose, total},
};
use crate::features::predictions::service::{Cursor, Filter};

/// Whose rows a list shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sight {
    /// A person's own, and those of one organization.
    Organization { user: Option<Uuid>, organization: Option<Uuid> },
    /// A person's own, and those of all organizations of a tenant.
    Tenant { user: Option<Uuid>, tenant: Uuid },
    /// The system's.
    System,
}

/// A part of a sight that is counted by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Personal(Uuid),
    Organization(Uuid),
    Tenant(Uuid),
    System,
}

impl Part {
    const fn whose(self) -> Whose {
        match self {
            Self::Personal(owner) | Self::Organization(owner) => Whose::Owner(owner),
            Self::Tenant(tenant) => Whose::Tenant(tenant),
            Self::System => Whose::Owner(Uuid::nil()),
        }
    }
}

impl Sight {
    /// The same without a part that has no rows, where that spares an arm.
    pub(crate) fn without(self, part: Part) -> Self {
        match (self, part) {
            (Self::Organization { organization, .. }, Part::Personal(_)) => {
                Self::Organization { user: None, organization }
            }
            _ => self,
        }
    }

    /// What the total is added up from.
    pub(crate) fn parts(&self) -> Vec<Part> {
        match *self {
            Self::System => vec![Part::System],
            Self::Organization { user, organization } => {
                user.map(Part::Personal).into_iter().chain(organization.map(Part::Organization)).collect()
            }
            Self::Tenant { user, tenant } => {
                user.map(Part::Personal).into_iter().chain([Part::Tenant(tenant)]).collect()
            }
        }
    }
}

/// Which rows of a list.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Window {
    /// Behind this row …
    pub(crate) behind: Cursor,
    /// … so many …
    pub(crate) limit: i64,
    /// … after so many more.
    pub(crate) offset: i64,
}

/// What a filter lets through of the predictions themselves: $3 year, $4 quarter, $5 risk level, $6 grade, $7 and $8
/// the least and the most probability.
macro_rules! narrowed {
    (annual) => {
        narrowed!("p.probability")
    };
    (quarterly) => {
        narrowed!("p.ensemble_probability")
    };
    ($probability:literal) => {
        concat!(
            " AND (CAST($3 AS INTEGER) IS NULL OR p.reporting_year = $3)
              AND (CAST($4 AS TEXT) IS NULL OR p.reporting_quarter = $4)
              AND (CAST($5 AS TEXT) IS NULL OR p.risk_level = $5)
              AND (CAST($6 AS TEXT) IS NULL OR p.grade = $6)
              AND (CAST($7 AS DOUBLE PRECISION) IS NULL OR ",
            $probability,
            " >= $7)
              AND (CAST($8 AS DOUBLE PRECISION) IS NULL OR ",
            $probability,
            " <= $8)"
        )
    };
}

/// What a filter lets through by the company: $9 symbol, $10 sector. Where neither is asked for, the company is not
/// looked at.
macro_rules! companies {
    (plain) => {
        ""
    };
    (by_company) => {
        " JOIN companies c ON c.id = p.company_id"
    };
}
macro_rules! of_companies {
    (plain) => {
        " AND CAST($9 AS TEXT) IS NULL AND CAST($10 AS TEXT) IS NULL"
    };
    (by_company) => {
        " AND (CAST($9 AS TEXT) IS NULL OR c.symbol LIKE $9 ESCAPE '\\')
          AND (CAST($10 AS TEXT) IS NULL OR LOWER(c.sector) LIKE $10 ESCAPE '\\')"
    };
}

/// The rows behind a place: $11 and $12. As many as all pages up to the end of this one have: $13 rows after $14.
macro_rules! behind {
    () => {
        " AND (p.created_at, p.id) < ($11, $12)"
    };
}
macro_rules! newest {
    ($p:literal) => {
        concat!(
            " ORDER BY ",
            $p,
            "created_at DESC, ",
            $p,
            "id DESC LIMIT CAST($13 AS BIGINT) + CAST($14 AS BIGINT)"
        )
    };
}

/// One arm of a list.
macro_rules! arm {
    ($kind:tt $shape:tt $whose:literal) => {
        concat!(
            "SELECT p.* FROM ",
            stringify!($kind),
            "_predictions p",
            companies!($shape),
            " WHERE ",
            $whose,
            narrowed!($kind),
            of_companies!($shape),
            behind!(),
            newest!("p.")
        )
    };
}

/// The newest rows of each organization of a tenant, as many as a page could need: PostgreSQL goes from organization
/// to organization by LATERAL, SQLite by a subquery of ids.
macro_rules! tenant_pg {
    ($kind:tt $shape:tt) => {
        concat!("SELECT q.* FROM organizations t CROSS JOIN LATERAL (",
                arm!($kind $shape "p.organization_id = t.id"), ") q WHERE t.tenant_id = $2")
    };
}
macro_rules! tenant_lite {
    ($kind:tt $shape:tt) => {
        concat!("SELECT q.* FROM organizations t JOIN ", stringify!($kind), "_predictions q ON q.id IN (SELECT id FROM (",
                arm!($kind $shape "p.organization_id = t.id"), ")) WHERE t.tenant_id = $2")
    };
}

/// The page, merged from its arms, with what belongs to each row.
macro_rules! page {
    ($kind:tt $arms:expr) => {
        concat!(
            select!($kind),
            " FROM (",
            $arms,
            " ORDER BY created_at DESC, id DESC LIMIT $13 OFFSET $14)",
            joined!(),
            " ORDER BY p.created_at DESC, p.id DESC"
        )
    };
}
macro_rules! two {
    ($kind:tt $shape:tt $second:expr) => {
        concat!("SELECT * FROM (", arm!($kind $shape "p.access_level = 'personal' AND p.created_by = $1"),
                ") a UNION ALL SELECT * FROM (", $second, ") b")
    };
}
macro_rules! count {
    ($kind:tt $shape:tt $whose:literal) => {
        concat!(
            "SELECT COUNT(*) FROM ",
            stringify!($kind),
            "_predictions p",
            companies!($shape),
            " WHERE ",
            $whose,
            " AND CAST($2 AS uuid) IS NULL",
            narrowed!($kind),
            of_companies!($shape)
        )
    };
}

macro_rules! statements {
    ($($kind:tt $shape:tt: $organization:ident $alone:ident $tenant:ident $system:ident
       $count_personal:ident $count_organization:ident $count_tenant:ident $count_system:ident;)*) => {
        sql! {
            $(
                $organization = page!($kind two!($kind $shape arm!($kind $shape "p.organization_id = $2")));
                $alone = page!($kind concat!("SELECT * FROM (",
                    arm!($kind $shape "p.organization_id = $2 AND CAST($1 AS uuid) IS NULL"), ") a"));
                $tenant {
                    pg: page!($kind two!($kind $shape tenant_pg!($kind $shape))),
                    lite: page!($kind two!($kind $shape tenant_lite!($kind $shape)))
                };
                $system = page!($kind concat!("SELECT * FROM (",
                    arm!($kind $shape "p.access_level = 'system' AND CAST($1 AS uuid) IS NULL AND CAST($2 AS uuid) IS NULL"),
                    ") a"));
                $count_personal = count!($kind $shape "p.access_level = 'personal' AND p.created_by = $1");
                $count_organization = count!($kind $shape "p.organization_id = $1");
                $count_tenant = count!($kind $shape
                    "p.organization_id IN (SELECT t.id FROM organizations t WHERE t.tenant_id = $1)");
                $count_system = count!($kind $shape "p.access_level = 'system' AND CAST($1 AS uuid) IS NULL");
            )*
        }
    };
}

statements! {
    annual plain: ORGANIZATION_ANNUAL ORGANIZATION_ALONE_ANNUAL TENANT_ANNUAL SYSTEM_ANNUAL
        COUNT_PERSONAL_ANNUAL COUNT_ORGANIZATION_ANNUAL COUNT_TENANT_ANNUAL COUNT_SYSTEM_ANNUAL;
    annual by_company: ORGANIZATION_ANNUAL_BY_COMPANY ORGANIZATION_ALONE_ANNUAL_BY_COMPANY TENANT_ANNUAL_BY_COMPANY
        SYSTEM_ANNUAL_BY_COMPANY
        COUNT_PERSONAL_ANNUAL_BY_COMPANY COUNT_ORGANIZATION_ANNUAL_BY_COMPANY COUNT_TENANT_ANNUAL_BY_COMPANY
        COUNT_SYSTEM_ANNUAL_BY_COMPANY;
    quarterly plain: ORGANIZATION_QUARTERLY ORGANIZATION_ALONE_QUARTERLY TENANT_QUARTERLY SYSTEM_QUARTERLY
        COUNT_PERSONAL_QUARTERLY COUNT_ORGANIZATION_QUARTERLY COUNT_TENANT_QUARTERLY COUNT_SYSTEM_QUARTERLY;
    quarterly by_company: ORGANIZATION_QUARTERLY_BY_COMPANY ORGANIZATION_ALONE_QUARTERLY_BY_COMPANY TENANT_QUARTERLY_BY_COMPANY
        SYSTEM_QUARTERLY_BY_COMPANY
        COUNT_PERSONAL_QUARTERLY_BY_COMPANY COUNT_ORGANIZATION_QUARTERLY_BY_COMPANY COUNT_TENANT_QUARTERLY_BY_COMPANY
        COUNT_SYSTEM_QUARTERLY_BY_COMPANY;
}

sql! {
    /// $1 an organization, $2 the tenant that it must be of.
    OF_TENANT = "SELECT id FROM organizations WHERE id = $1 AND tenant_id = $2";
}

/// The statement of a kind and of a filter's shape.
const fn pick(kind: Kind, f: &Filter, plain: (Sql, Sql), by_company: (Sql, Sql)) -> Sql {
    let (annual, quarterly) = if f.is_of_companies() { by_company } else { plain };
    of(kind, annual, quarterly)
}

/// Whose rows the actor's list shows.
pub(crate) async fn sight(tx: &mut Tx, system: bool, f: &Filter) -> Result<Sight> {
    let scope = tx.scope();
    let user = scope.user_id;
    if system {
        return Ok(Sight::System);
    }
    let organization = match (scope.runs_tenant(), f.organization) {
        (Some(tenant), None) => return Ok(Sight::Tenant { user, tenant }),
        // Another tenant's organization adds nothing.
        (Some(tenant), Some(asked)) => on!(tx, OF_TENANT, |c, sql| {
            sqlx::query_scalar(sql).bind(asked).bind(tenant).fetch_optional(c).await
        })?,
        (None, asked) if scope.sees_all() => asked,
        _ => scope.works_in(),
    };
    Ok(Sight::Organization { user, organization })
}

/// Whether a list is not narrowed: an organization that is asked for stands in the sight.
fn is_whole(f: &Filter) -> bool {
    *f == (Filter { organization: f.organization, ..Filter::default() })
}

/// A page of a list, newest first.
pub(crate) async fn page(
    tx: &mut Tx,
    kind: Kind,
    sight: &Sight,
    f: &Filter,
    window: &Window,
) -> Result<Vec<PredictionRow>> {
    if is_whole(f) {
        return newest::page(tx, kind, sight, window).await;
    }
    let (statement, first, second) = match *sight {
        Sight::Organization { user: None, organization } => {
            let plain = (ORGANIZATION_ALONE_ANNUAL, ORGANIZATION_ALONE_QUARTERLY);
            let by_company = (ORGANIZATION_ALONE_ANNUAL_BY_COMPANY, ORGANIZATION_ALONE_QUARTERLY_BY_COMPANY);
            (pick(kind, f, plain, by_company), None, organization)
        }
        Sight::Organization { user, organization } => {
            let plain = (ORGANIZATION_ANNUAL, ORGANIZATION_QUARTERLY);
            let by_company = (ORGANIZATION_ANNUAL_BY_COMPANY, ORGANIZATION_QUARTERLY_BY_COMPANY);
            (pick(kind, f, plain, by_company), user, organization)
        }
        Sight::Tenant { user, tenant } => {
            let by_company = (TENANT_ANNUAL_BY_COMPANY, TENANT_QUARTERLY_BY_COMPANY);
            (pick(kind, f, (TENANT_ANNUAL, TENANT_QUARTERLY), by_company), user, Some(tenant))
        }
        Sight::System => {
            let by_company = (SYSTEM_ANNUAL_BY_COMPANY, SYSTEM_QUARTERLY_BY_COMPANY);
            (pick(kind, f, (SYSTEM_ANNUAL, SYSTEM_QUARTERLY), by_company), None, None)
        }
    };
    Ok(on!(tx, statement, |c, sql| {
        let query =
            sqlx::query_as(sql).bind(first).bind(second).bind(f.year).bind(f.quarter).bind(f.risk_level);
        let query = query.bind(f.grade.as_deref()).bind(f.at_least).bind(f.at_most);
        let query = query.bind(f.symbol.as_deref()).bind(f.sector.as_deref());
        let query = query.bind(window.behind.at).bind(window.behind.id);
        query.bind(window.limit).bind(window.offset).fetch_all(c).await
    })?)
}

/// How many rows a part of a list has.
pub(crate) async fn count(tx: &mut Tx, kind: Kind, part: &Part, f: &Filter) -> Result<i64> {
    if is_whole(f) {
        return total(tx, Rows::Predictions(kind), part.whose()).await;
    }
    let (plain, by_company, owner) = match *part {
        Part::Personal(user) => (
            (COUNT_PERSONAL_ANNUAL, COUNT_PERSONAL_QUARTERLY),
            (COUNT_PERSONAL_ANNUAL_BY_COMPANY, COUNT_PERSONAL_QUARTERLY_BY_COMPANY),
            Some(user),
        ),
        Part::Organization(organization) => (
            (COUNT_ORGANIZATION_ANNUAL, COUNT_ORGANIZATION_QUARTERLY),
            (COUNT_ORGANIZATION_ANNUAL_BY_COMPANY, COUNT_ORGANIZATION_QUARTERLY_BY_COMPANY),
            Some(organization),
        ),
        Part::Tenant(tenant) => (
            (COUNT_TENANT_ANNUAL, COUNT_TENANT_QUARTERLY),
            (COUNT_TENANT_ANNUAL_BY_COMPANY, COUNT_TENANT_QUARTERLY_BY_COMPANY),
            Some(tenant),
        ),
        Part::System => (
            (COUNT_SYSTEM_ANNUAL, COUNT_SYSTEM_QUARTERLY),
            (COUNT_SYSTEM_ANNUAL_BY_COMPANY, COUNT_SYSTEM_QUARTERLY_BY_COMPANY),
            None,
        ),
    };
    Ok(on!(tx, pick(kind, f, plain, by_company), |c, sql| {
        let query = sqlx::query_scalar(sql).bind(owner).bind(None::<Uuid>).bind(f.year).bind(f.quarter);
        let query = query.bind(f.risk_level).bind(f.grade.as_deref()).bind(f.at_least).bind(f.at_most);
        query.bind(f.symbol.as_deref()).bind(f.sector.as_deref()).fetch_one(c).await
    })?)
}
