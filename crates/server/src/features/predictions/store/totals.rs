//! SQL of how many rows there are of an owner, of all organizations of a tenant: kept beside the counters, see
//! [`Growth`](super::latest::Growth).

use accunode_db::{Result, Sql, Tx, on, sql};
use accunode_domain::Kind;
use uuid::Uuid;

/// Of what there are so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Rows {
    Companies,
    Predictions(Kind),
}

/// Whose they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Whose {
    /// An organization's, a person's, or the system's (the zero id).
    Owner(Uuid),
    /// Those of all organizations of a tenant.
    Tenant(Uuid),
}

macro_rules! totals {
    ($($owner:ident $tenant:ident: $column:literal;)*) => {
        sql! {
            $(
                $owner = concat!("SELECT COALESCE((SELECT v.", $column, " FROM data_versions v WHERE v.owner = $1), 0)");
                $tenant = concat!("SELECT CAST(COALESCE(SUM(v.", $column, "), 0) AS BIGINT) FROM organizations o
                                   JOIN data_versions v ON v.owner = o.id WHERE o.tenant_id = $1");
            )*
        }
    };
}

totals! {
    COMPANIES COMPANIES_OF_TENANT: "companies";
    ANNUAL ANNUAL_OF_TENANT: "annual_predictions";
    QUARTERLY QUARTERLY_OF_TENANT: "quarterly_predictions";
}

/// How many rows there are.
///
/// # Errors
/// When the database fails.
pub(crate) async fn total(tx: &mut Tx, rows: Rows, whose: Whose) -> Result<i64> {
    let (of_owner, of_tenant): (Sql, Sql) = match rows {
        Rows::Companies => (COMPANIES, COMPANIES_OF_TENANT),
        Rows::Predictions(Kind::Annual) => (ANNUAL, ANNUAL_OF_TENANT),
        Rows::Predictions(Kind::Quarterly) => (QUARTERLY, QUARTERLY_OF_TENANT),
    };
    let (statement, id) = match whose {
        Whose::Owner(id) => (of_owner, id),
        Whose::Tenant(id) => (of_tenant, id),
    };
    Ok(on!(tx, statement, |c, sql| sqlx::query_scalar(sql).bind(id).fetch_one(c).await)?)
}
