//! SQL of the system's health.

use accunode_db::{Result, Tx, on, sql};

sql! {
    PING = "SELECT CAST(1 AS BIGINT)";
}

/// Asks the database for nothing.
pub async fn ping(tx: &mut Tx) -> Result<i64> {
    Ok(on!(tx, PING, |c, sql| sqlx::query_scalar(sql).fetch_one(c).await)?)
}
