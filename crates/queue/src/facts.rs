//! What the API tells about the queue.

use std::time::Duration;

use accunode_db::{Result, Timestamp, Tx, on, sql};
use uuid::Uuid;

use crate::Priority;

/// What is told of speed is measured over the time that ends now.
const LATELY: Duration = Duration::from_secs(300);

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

/// The state of one lane.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// Which one.
    pub priority: Priority,
    /// Jobs that wait; those that wait for a retry among them.
    pub ready: i64,
    /// Those of them that could run now.
    pub due: i64,
    /// Jobs that a worker holds.
    pub running: i64,
    /// For how long the longest waiting job could have run.
    pub oldest_wait: Option<Duration>,
    /// Jobs that ended well within the last five minutes.
    pub done: i64,
    /// Rows that these did.
    pub rows_done: i64,
    /// How many seconds they ran on average.
    pub average_seconds: Option<f64>,
}

/// Lane, jobs, rows, seconds on average.
type Done = (i16, i64, i64, Option<f64>);

macro_rules! done {
    ($seconds:literal) => {
        concat!(
            "SELECT priority, count(*), CAST(sum(rows_done) AS BIGINT), avg(",
            $seconds,
            ") FROM job WHERE finished_at > $1 AND status = 'done' GROUP BY priority"
        )
    };
}

sql! {
    DONE {
        pg: done!("CAST(extract(epoch FROM finished_at - started_at) AS DOUBLE PRECISION)"),
        lite: done!("(finished_at - started_at) / 1000000.0"),
    };
    /// Each half has an index of its own; together they would read every job that has ended, too.
    STATS = "SELECT priority, 'ready' AS status, count(*), min(run_at) FROM job WHERE status = 'ready' GROUP BY priority
             UNION ALL
             SELECT priority, 'running', count(*), min(run_at) FROM job WHERE status = 'running' GROUP BY priority";
    DUE = "SELECT priority, count(*) FROM job WHERE status = 'ready' AND run_at <= $1 GROUP BY priority";
    DEAD = "SELECT priority, count(*) FROM job WHERE status = 'dead' GROUP BY priority";
    POSITION = "SELECT (SELECT count(*) FROM job o WHERE o.status = 'ready'
                          AND (o.priority < j.priority
                               OR (o.priority = j.priority AND (o.run_at < j.run_at
                                                                OR (o.run_at = j.run_at AND o.id <= j.id)))))
                FROM job j WHERE j.id = $1 AND j.status = 'ready'";
}

/// The lanes, most urgent first, of all tenants together.
///
/// # Errors
/// What the database refuses.
pub async fn lanes(tx: &mut Tx, now: Timestamp) -> Result<Vec<Lane>> {
    let at_work: Vec<(i16, String, i64, Timestamp)> =
        on!(tx, STATS, |c, sql| sqlx::query_as(sql).fetch_all(c).await)?;
    let due: Vec<(i16, i64)> = on!(tx, DUE, |c, sql| sqlx::query_as(sql).bind(now).fetch_all(c).await)?;
    let since = now - LATELY;
    let done: Vec<Done> = on!(tx, DONE, |c, sql| sqlx::query_as(sql).bind(since).fetch_all(c).await)?;
    let lane = |priority: Priority| {
        let of = |state: &str| {
            at_work.iter().find(|(lane, status, ..)| *lane == priority.number() && status == state)
        };
        let done = done.iter().find(|(lane, ..)| *lane == priority.number());
        Lane {
            priority,
            ready: of("ready").map_or(0, |row| row.2),
            due: due.iter().find(|(lane, _)| *lane == priority.number()).map_or(0, |(_, jobs)| *jobs),
            running: of("running").map_or(0, |row| row.2),
            oldest_wait: of("ready").filter(|row| row.3 <= now).map(|row| now.since(row.3)),
            done: done.map_or(0, |row| row.1),
            rows_done: done.map_or(0, |row| row.2),
            average_seconds: done.and_then(|row| row.3),
        }
    };
    Ok(Priority::ALL.into_iter().map(lane).collect())
}

/// How many jobs died, by lane, most urgent first.
///
/// # Errors
/// What the database refuses.
pub async fn dead_by_lane(tx: &mut Tx) -> Result<[(Priority, i64); 3]> {
    let rows: Vec<(i16, i64)> = on!(tx, DEAD, |c, sql| sqlx::query_as(sql).fetch_all(c).await)?;
    let of = |lane: Priority| rows.iter().find(|row| row.0 == lane.number()).map_or(0, |row| row.1);
    Ok(Priority::ALL.map(|lane| (lane, of(lane))))
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
