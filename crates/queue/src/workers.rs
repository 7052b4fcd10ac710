//! Who works on the queue.

use std::time::Duration;

use accunode_db::{Result, Timestamp, Tx, on, sql};

/// A worker that was not heard of for so long is taken for dead.
pub(crate) const SILENCE: Duration = Duration::from_secs(30);

/// A worker, as it said of itself last.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct Worker {
    /// Its name, which stands in the column `worker` of the jobs that it holds.
    pub id: String,
    /// Its machine.
    pub host: String,
    /// Its process.
    pub pid: i64,
    /// The program's version.
    pub version: String,
    /// The lanes that it takes, separated by commas.
    pub queues: String,
    /// How many jobs it runs at a time at most.
    pub concurrency: i32,
    /// How many it runs.
    pub busy: i32,
    /// Jobs that ended well here.
    pub jobs_done: i64,
    /// Rows that its jobs did.
    pub rows_done: i64,
    /// Whether it takes nothing more, because it is being stopped.
    pub draining: bool,
    /// Since when it works.
    pub started_at: Timestamp,
    /// When it was heard of last.
    pub seen_at: Timestamp,
}

sql! {
    /// A worker whose machine slept may have been swept meanwhile: it comes back.
    BEAT = "INSERT INTO workers (id, host, pid, version, queues, concurrency, busy, jobs_done, rows_done, draining,
                                 started_at, seen_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)
            ON CONFLICT (id) DO UPDATE SET busy = excluded.busy, jobs_done = excluded.jobs_done,
                rows_done = excluded.rows_done, draining = excluded.draining, seen_at = excluded.seen_at";
    LEAVE = "DELETE FROM workers WHERE id = $1";
    SWEEP = "DELETE FROM workers WHERE seen_at < $1 OR seen_at > $2";
    ALIVE = "SELECT id, host, pid, version, queues, concurrency, busy, jobs_done, rows_done, draining, started_at,
                    seen_at
             FROM workers WHERE seen_at BETWEEN $1 AND $2 ORDER BY started_at, id";
}

/// The workers that were heard of within the last half minute, oldest first. A sign of life from further ahead is that
/// of a clock that has been set back since, and tells nothing.
///
/// # Errors
/// What the database refuses.
pub async fn workers(tx: &mut Tx, now: Timestamp) -> Result<Vec<Worker>> {
    let (since, until) = (now - SILENCE, now + SILENCE);
    Ok(on!(tx, ALIVE, |c, sql| sqlx::query_as(sql).bind(since).bind(until).fetch_all(c).await)?)
}

/// Says that a worker lives.
pub(crate) async fn beat(tx: &mut Tx, worker: &Worker) -> Result<()> {
    on!(tx, BEAT, |c, sql| {
        let query = sqlx::query(sql).bind(&worker.id).bind(&worker.host).bind(worker.pid);
        let query = query.bind(&worker.version).bind(&worker.queues).bind(worker.concurrency);
        let query = query.bind(worker.busy).bind(worker.jobs_done).bind(worker.rows_done);
        let query = query.bind(worker.draining).bind(worker.started_at).bind(worker.seen_at);
        query.execute(c).await.map(drop)
    })?;
    Ok(())
}

/// Takes a worker out that ends in order.
pub(crate) async fn leave(tx: &mut Tx, id: &str) -> Result<()> {
    on!(tx, LEAVE, |c, sql| sqlx::query(sql).bind(id).execute(c).await.map(drop))?;
    Ok(())
}

/// Forgets the workers that have not been heard of for half a minute; how many there were.
///
/// # Errors
/// What the database refuses.
pub async fn sweep_workers(tx: &mut Tx, now: Timestamp) -> Result<u64> {
    let (before, after) = (now - SILENCE, now + SILENCE);
    Ok(on!(tx, SWEEP, |c, sql| sqlx::query(sql)
        .bind(before)
        .bind(after)
        .execute(c)
        .await
        .map(|r| r.rows_affected()))?)
}
