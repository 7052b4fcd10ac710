//! What the API tells about the queue.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use uuid::Uuid;

/// The state of the queue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Jobs that wait, by lane (high, medium, low); those that wait for a retry among them.
    pub waiting: [i64; 3],
    /// Jobs that a worker holds.
    pub running: i64,
    /// Since when the longest waiting job could run.
    pub oldest: Option<Timestamp>,
}

sql! {
    STATS = "SELECT priority, status, count(*), min(run_at) FROM job WHERE status IN ('ready', 'running')
             GROUP BY priority, status";
    POSITION = "SELECT (SELECT count(*) FROM job o WHERE o.status = 'ready'
                          AND (o.priority < j.priority
                               OR (o.priority = j.priority AND (o.run_at < j.run_at
                                                                OR (o.run_at = j.run_at AND o.id <= j.id)))))
                FROM job j WHERE j.id = $1 AND j.status = 'ready'";
}

/// How many jobs wait and run, of all tenants.
///
/// # Errors
/// What the database refuses.
pub async fn stats(tx: &mut Tx) -> Result<Stats> {
    let rows: Vec<(i16, String, i64, Timestamp)> =
        on!(tx, STATS, |c, sql| sqlx::query_as(sql).fetch_all(c).await)?;
    let mut stats = Stats::default();
    for (priority, status, jobs, oldest) in rows {
        if status == "running" {
            stats.running += jobs;
            continue;
        }
        if let Some(waiting) = usize::try_from(priority).ok().and_then(|lane| stats.waiting.get_mut(lane)) {
            *waiting += jobs;
        }
        stats.oldest = Some(stats.oldest.map_or(oldest, |known| known.min(oldest)));
    }
    Ok(stats)
}

/// A waiting job's place (1 is next) by lane and time; fairness and ageing may change it. None when the job does not
/// wait.
///
/// # Errors
/// What the database refuses.
pub async fn position(tx: &mut Tx, id: Uuid) -> Result<Option<i64>> {
    let row: Option<(i64,)> =
        on!(tx, POSITION, |c, sql| sqlx::query_as(sql).bind(id).fetch_optional(c).await)?;
    Ok(row.map(|row| row.0))
}
