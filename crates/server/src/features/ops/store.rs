//! What the database tells of itself, and what a backup takes along.

use accunode_db::{Engine, Result, Tx, on, sql};

/// Connections of everybody to a PostgreSQL server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ServerConnections {
    /// How many there are.
    pub(super) open: i64,
    /// How many there may be.
    pub(super) most: i64,
}

sql! {
    /// The counters are in sight of every role, as the list of sessions is not.
    CONNECTIONS {
        pg: "SELECT CAST(coalesce(sum(numbackends), 0) AS BIGINT), CAST(current_setting('max_connections') AS BIGINT)
             FROM pg_stat_database",
        lite: "SELECT 0, 0",
    };
    /// Each upload's file; the rows that were unpacked of it while it is worked on; and the models' bundles. What was
    /// unpacked of an upload that failed may be gone, and is not needed.
    FILES = "SELECT file_key FROM bulk_upload_jobs
             UNION SELECT rows_key FROM bulk_upload_jobs
                   WHERE rows_key IS NOT NULL AND status IN ('pending', 'queued', 'processing')
             UNION SELECT file_key FROM models
             ORDER BY 1";
}

/// The keys of the files that the database names.
pub(super) async fn files(tx: &mut Tx) -> Result<Vec<String>> {
    on!(tx, FILES, |c, sql| sqlx::query_scalar(sql).fetch_all(c).await).map_err(Into::into)
}

/// How many connections the server has; none where there is no server.
pub(super) async fn server_connections(tx: &mut Tx) -> Result<Option<ServerConnections>> {
    if tx.engine() == Engine::Sqlite {
        return Ok(None);
    }
    let (open, most) = on!(tx, CONNECTIONS, |c, sql| sqlx::query_as(sql).fetch_one(c).await)?;
    Ok(Some(ServerConnections { open, most }))
}
