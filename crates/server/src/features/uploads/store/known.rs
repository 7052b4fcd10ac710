//! SQL of looking, without holding anything, which predictions an owner has already.

use std::collections::HashSet;

use accunode_db::{Result, Tx, bulk::json_texts, on, sql};
use accunode_domain::{AccessLevel, Kind};
use uuid::Uuid;

use crate::features::predictions::service::Owner;

/// The periods of some companies, by symbol: $1 a JSON list of symbols, $2 whose they are.
macro_rules! periods {
    ($($name:ident: $table:literal $whose:literal;)*) => {
        sql! {
            $($name {
                pg: concat!("SELECT c.symbol, p.reporting_year, p.reporting_quarter FROM companies c
                             JOIN ", $table, " p ON p.company_id = c.id
                             WHERE ", $whose, " AND c.symbol IN (SELECT jsonb_array_elements_text($1::jsonb))"),
                lite: concat!("SELECT c.symbol, p.reporting_year, p.reporting_quarter FROM companies c
                               JOIN ", $table, " p ON p.company_id = c.id
                               WHERE ", $whose, " AND c.symbol IN (SELECT value FROM json_each($1))"),
            };)*
        }
    };
}

periods! {
    SYSTEM_ANNUAL: "annual_predictions" "c.access_level = 'system' AND CAST($2 AS uuid) IS NULL";
    SYSTEM_QUARTERLY: "quarterly_predictions" "c.access_level = 'system' AND CAST($2 AS uuid) IS NULL";
    ORGANIZATION_ANNUAL: "annual_predictions" "c.access_level = 'organization' AND c.organization_id = $2";
    ORGANIZATION_QUARTERLY: "quarterly_predictions" "c.access_level = 'organization' AND c.organization_id = $2";
    PERSONAL_ANNUAL: "annual_predictions" "c.access_level = 'personal' AND c.created_by = $2";
    PERSONAL_QUARTERLY: "quarterly_predictions" "c.access_level = 'personal' AND c.created_by = $2";
}

/// A company's symbol, a year and a quarter.
pub(crate) type Known = (String, i32, Option<String>);

/// Which predictions an owner has of these companies.
pub(crate) async fn known(
    tx: &mut Tx,
    owner: &Owner,
    kind: Kind,
    symbols: &[&str],
) -> Result<HashSet<Known>> {
    let (statement, whose): (_, Option<Uuid>) = match (owner.level, kind) {
        (AccessLevel::System, Kind::Annual) => (SYSTEM_ANNUAL, None),
        (AccessLevel::System, Kind::Quarterly) => (SYSTEM_QUARTERLY, None),
        (AccessLevel::Organization, Kind::Annual) => {
            (ORGANIZATION_ANNUAL, owner.organization_id.map(|o| o.0))
        }
        (AccessLevel::Organization, Kind::Quarterly) => {
            (ORGANIZATION_QUARTERLY, owner.organization_id.map(|o| o.0))
        }
        (AccessLevel::Personal, Kind::Annual) => (PERSONAL_ANNUAL, Some(owner.created_by.0)),
        (AccessLevel::Personal, Kind::Quarterly) => (PERSONAL_QUARTERLY, Some(owner.created_by.0)),
    };
    let list = json_texts(symbols.iter().copied());
    let rows: Vec<Known> =
        on!(tx, statement, |c, sql| sqlx::query_as(sql).bind(list).bind(whose).fetch_all(c).await)?;
    Ok(rows.into_iter().collect())
}
