//! SQL of the companies that new rows are about: found and held, and added.

use accunode_db::{BulkInsert, BulkRows, Column, Result, Sql, Tx};
use accunode_domain::AccessLevel;
use sqlx::FromRow;
use uuid::Uuid;

use crate::features::dashboard::store::line::Standing;

macro_rules! stands {
    () => {
        "c.id, c.sector, c.latest_risk_level, c.latest_grade, c.latest_probability, c.previous_probability"
    };
}

/// The companies of owners that are wanted by symbol. With the level written out, the level's own index of symbols
/// serves. They are held in one order, that of bytes, whatever the database sorts by; and each is looked up by itself,
/// however many its owner has: where a file grows faster than the planner's knowledge of the table, it would read all.
macro_rules! companies_pg {
    ($owned:literal) => {
        concat!(
            "SELECT w.owner, c.*
             FROM (SELECT owner, symbol FROM wanted ORDER BY owner, symbol COLLATE \"C\") w
             CROSS JOIN LATERAL (SELECT c.symbol, c.name, c.market_cap, ",
            stands!(),
            " FROM companies c
                                 WHERE c.symbol = w.symbol AND ",
            $owned,
            " FOR NO KEY UPDATE OF c) c"
        )
    };
}
// CROSS JOIN: SQLite, left to choose, reads all companies and looks for each one among those wanted.
macro_rules! companies_lite {
    ($owned:literal) => {
        concat!(
            "SELECT w.owner, c.symbol, c.name, c.market_cap, ",
            stands!(),
            "
             FROM wanted w CROSS JOIN companies c ON c.symbol = w.symbol AND ",
            $owned
        )
    };
}

macro_rules! companies_by_level {
    ($($name:ident: $owned:literal;)*) => {
        $(pub(super) const $name: Sql = Sql::new(companies_pg!($owned), companies_lite!($owned));)*
    };
}

companies_by_level! {
    SYSTEM_COMPANIES: "c.access_level = 'system'";
    ORGANIZATION_COMPANIES: "c.access_level = 'organization' AND c.organization_id = w.owner";
    PERSONAL_COMPANIES: "c.access_level = 'personal' AND c.created_by = w.owner";
}

/// A company that its owner has.
#[derive(Debug, FromRow)]
pub(crate) struct Known {
    pub(crate) owner: Uuid,
    pub(crate) symbol: String,
    pub(crate) name: String,
    pub(crate) market_cap: Option<f64>,
    #[sqlx(flatten)]
    pub(crate) stands: Stands,
}

/// What figures count of a company.
#[derive(Debug, FromRow)]
pub(crate) struct Stands {
    pub(crate) id: Uuid,
    pub(crate) sector: String,
    latest_risk_level: Option<String>,
    latest_grade: Option<String>,
    latest_probability: Option<f64>,
    previous_probability: Option<f64>,
}

impl Stands {
    pub(crate) fn standing(&self) -> Standing<'_> {
        Standing {
            sector: &self.sector,
            risk: self.latest_risk_level.as_deref(),
            grade: self.latest_grade.as_deref(),
            probability: self.latest_probability,
            previous: self.previous_probability,
        }
    }
}

/// The companies of a level that are there, of those wanted by owner ([`Owner::id`](crate::features::predictions::service::Owner::id)) and
/// symbol. They are held until the transaction ends: whoever changes predictions of a company holds it first, so that
/// what is latest of it is worked out from all that was done before.
pub(crate) async fn companies(
    tx: &mut Tx,
    level: AccessLevel,
    (owners, symbols): (Vec<Uuid>, Vec<String>),
) -> Result<Vec<Known>> {
    let statement = match level {
        AccessLevel::System => SYSTEM_COMPANIES,
        AccessLevel::Organization => ORGANIZATION_COMPANIES,
        AccessLevel::Personal => PERSONAL_COMPANIES,
    };
    let wanted = BulkRows::named("wanted").column("owner", Column::Uuid(owners));
    wanted.column("symbol", Column::Text(symbols)).fetch(tx, statement).await
}

/// These companies as they are now.
pub(crate) async fn stands(tx: &mut Tx, ids: Vec<Uuid>) -> Result<Vec<Stands>> {
    const TEXT: &str =
        concat!("SELECT ", stands!(), " FROM wanted w CROSS JOIN companies c WHERE c.id = w.id");
    BulkRows::named("wanted").column("id", Column::Uuid(ids)).fetch(tx, Sql::new(TEXT, TEXT)).await
}

/// Adds companies of a level; those that are there already are left as they are. Gives the ids of those added.
pub(crate) async fn insert_companies(
    tx: &mut Tx,
    level: AccessLevel,
    columns: BulkInsert,
) -> Result<Vec<Uuid>> {
    let tail = match level {
        AccessLevel::System => "ON CONFLICT (symbol) WHERE access_level = 'system' DO NOTHING",
        AccessLevel::Organization => {
            "ON CONFLICT (organization_id, symbol) WHERE access_level = 'organization' DO NOTHING"
        }
        AccessLevel::Personal => {
            "ON CONFLICT (created_by, symbol) WHERE access_level = 'personal' DO NOTHING"
        }
    };
    columns.execute_returning_id(tx, tail).await
}
