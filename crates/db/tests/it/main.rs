//! Crate `db` on both engines.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // tests

mod bulk;
mod cancelled;
mod concurrency;
mod errors;
mod glance;
mod grades;
mod isolation;
mod isolation_people;
mod many;
mod migrations;
mod schema;
mod statements;

use accunode_db::{Result, Timestamp, Tx, on};
use accunode_domain::AccessLevel;
use uuid::Uuid;

const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

/// Inserts a company as the transaction's actor, at a level and for an organization that may not be theirs.
async fn company(
    tx: &mut Tx,
    symbol: &str,
    level: AccessLevel,
    organization: Option<Uuid>,
    by: Uuid,
) -> Result<Uuid> {
    const INSERT: &str =
        "INSERT INTO companies (id, symbol, name, sector, access_level, organization_id, created_by,
                                                 created_at)
                          VALUES ($1, $2, $2, 'Test', $3, $4, $5, $6)";
    let id = Uuid::now_v7();
    on!(tx, |c| sqlx::query(INSERT)
        .bind(id)
        .bind(symbol)
        .bind(level.as_str())
        .bind(organization)
        .bind(by)
        .bind(NOW)
        .execute(c)
        .await
        .map(drop))?;
    Ok(id)
}
