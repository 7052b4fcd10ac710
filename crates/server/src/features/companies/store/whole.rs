//! SQL of the companies of a single owner (or of a tenant, or of everybody) that are not narrowed: the usual list.
//!
//! As with lists of predictions, nothing in these texts may be absent and none reads more than a page could need, so
//! that PostgreSQL keeps their plans.

use accunode_db::{Result, Sql, Tx, on, sql};
use uuid::Uuid;

use super::{
    CompanyRow, Part,
    order::{Sort, every_order},
};
use crate::{
    features::predictions::store::totals::{Rows, Whose, total},
    listing::Window,
};

/// How far the statements for pages reach. Whoever leafs further is served by those for any list.
const NEAR: i64 = 100;

/// The first companies of a part, in order; the number is [`NEAR`].
macro_rules! first {
    ($whose:literal $key:literal $way:literal $id:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            ", ",
            $key,
            " AS sorted_by FROM companies c WHERE ",
            $whose,
            " ORDER BY ",
            $key,
            " ",
            $way,
            ", c.id ",
            $id,
            " LIMIT 100"
        )
    };
}
macro_rules! page {
    ($first:expr, $way:literal $id:literal) => {
        concat!(
            "SELECT * FROM (",
            $first,
            ") every ORDER BY sorted_by ",
            $way,
            ", id ",
            $id,
            " LIMIT $2 OFFSET $3"
        )
    };
}

/// The statements of an order, by part: $1 whose, $2 so many behind $3 others.
struct Statements {
    personal: Sql,
    organization: Sql,
    tenant: Sql,
    system: Sql,
    all: Sql,
}

macro_rules! statements {
    ($($name:ident $key:literal $way:literal $id:literal;)*) => {
        $(
            #[allow(non_snake_case)]
            mod $name {
                use super::*;

                sql! {
                    PERSONAL = page!(first!("c.access_level = 'personal' AND c.created_by = $1" $key $way $id), $way $id);
                    ORGANIZATION = page!(
                        first!("c.access_level = 'organization' AND c.organization_id = $1" $key $way $id), $way $id);
                    TENANT {
                        pg: page!(concat!("SELECT q.* FROM organizations t CROSS JOIN LATERAL (",
                            first!("c.access_level = 'organization' AND c.organization_id = t.id" $key $way $id),
                            ") q WHERE t.tenant_id = $1"), $way $id),
                        lite: page!(
                            first!("c.access_level = 'organization' AND c.organization_id IN
                                    (SELECT t.id FROM organizations t WHERE t.tenant_id = $1)" $key $way $id), $way $id)
                    };
                    SYSTEM = page!(
                        first!("c.access_level = 'system' AND CAST($1 AS uuid) IS NULL" $key $way $id), $way $id);
                    ALL = page!(first!("CAST($1 AS uuid) IS NULL" $key $way $id), $way $id);
                }
                pub(super) const STATEMENTS: Statements = Statements {
                    personal: PERSONAL, organization: ORGANIZATION, tenant: TENANT, system: SYSTEM, all: ALL,
                };
            }
        )*
    };
}

every_order!(statements Statements);

sql! {
    COUNT_ALL = "SELECT COUNT(*) FROM companies";
}

impl Statements {
    /// The one for a part, with whose it is.
    const fn of(&self, part: Part) -> (Sql, Option<Uuid>) {
        match part {
            Part::Personal(user) => (self.personal, Some(user)),
            Part::Organization(organization) => (self.organization, Some(organization)),
            Part::Tenant(tenant) => (self.tenant, Some(tenant)),
            Part::System => (self.system, None),
            Part::All => (self.all, None),
        }
    }
}

/// Whether [`page`] reaches so far.
pub(super) const fn reaches(window: Window) -> bool {
    window.skip + window.limit <= NEAR
}

/// A page of a part, in order.
pub(super) async fn page(
    tx: &mut Tx,
    part: Part,
    (sort, descending): (Sort, bool),
    window: Window,
) -> Result<Vec<CompanyRow>> {
    let (statement, whose) = ordered(sort, descending).of(part);
    Ok(on!(tx, statement, |c, sql| {
        sqlx::query_as(sql).bind(whose).bind(window.limit).bind(window.skip).fetch_all(c).await
    })?)
}

/// How many companies a part has.
pub(super) async fn count(tx: &mut Tx, part: Part) -> Result<i64> {
    let whose = match part {
        Part::Personal(owner) | Part::Organization(owner) => Whose::Owner(owner),
        Part::Tenant(tenant) => Whose::Tenant(tenant),
        Part::System => Whose::Owner(Uuid::nil()),
        Part::All => return Ok(on!(tx, COUNT_ALL, |c, sql| sqlx::query_scalar(sql).fetch_one(c).await)?),
    };
    total(tx, Rows::Companies, whose).await
}
