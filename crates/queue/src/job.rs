//! Putting jobs into the queue and taking them out again.

use accunode_db::{BulkInsert, Column, DbError, Result, Timestamp, Tx, on, sql};
use accunode_telemetry::traces;
use serde::Serialize;
use uuid::Uuid;

/// The lane a job waits in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Priority {
    /// Small work somebody waits for.
    High,
    /// In between.
    Medium,
    /// Large work.
    Low,
}

impl Priority {
    /// Every lane, most urgent first.
    pub const ALL: [Self; 3] = [Self::High, Self::Medium, Self::Low];

    /// `high`, `medium` or `low`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }

    /// As [`Priority::as_str`] names it.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|lane| lane.as_str() == name)
    }

    /// The number in the database.
    #[must_use]
    pub const fn number(self) -> i16 {
        match self {
            Self::High => 0,
            Self::Medium => 1,
            Self::Low => 2,
        }
    }
}

/// A job to be enqueued.
#[derive(Clone, Debug)]
pub struct NewJob {
    /// Its identifier; choose it to find the job again by the id of what it works on.
    pub id: Uuid,
    /// Which handler takes it.
    pub kind: &'static str,
    /// JSON.
    pub payload: String,
    /// Its lane.
    pub priority: Priority,
    /// Whose share of the workers it takes; jobs without one share one.
    pub tenant_key: Option<String>,
    /// What it belongs to, with other jobs: [`cancel_group`] takes all of them out.
    pub group: Option<Uuid>,
    /// After how many attempts it is dead.
    pub max_attempts: i32,
    /// When it was made; from then on it may run.
    pub run_at: Timestamp,
    /// Which trace it belongs to, as W3C's `traceparent`: that of whoever makes it.
    pub traceparent: Option<String>,
}

impl NewJob {
    /// A job of medium priority with five attempts, made now (`run_at`). A moment that has not come yet is taken for
    /// that of a clock that was wrong: such a job runs at once, too.
    ///
    /// # Errors
    /// What `serde_json` says when the payload cannot be written as JSON.
    pub fn new(
        kind: &'static str,
        payload: &impl Serialize,
        run_at: Timestamp,
    ) -> std::result::Result<Self, serde_json::Error> {
        Ok(Self {
            id: Uuid::now_v7(),
            kind,
            payload: serde_json::to_string(payload)?,
            priority: Priority::Medium,
            tenant_key: None,
            group: None,
            max_attempts: 5,
            run_at,
            traceparent: traces::traceparent(),
        })
    }

    /// With an identifier of the caller's.
    #[must_use]
    pub fn id(self, id: Uuid) -> Self {
        Self { id, ..self }
    }

    /// In another lane.
    #[must_use]
    pub fn priority(self, priority: Priority) -> Self {
        Self { priority, ..self }
    }

    /// On somebody's account.
    #[must_use]
    pub fn tenant_key(self, key: impl Into<String>) -> Self {
        Self { tenant_key: Some(key.into()), ..self }
    }

    /// Together with others, such as all chunks of one upload.
    #[must_use]
    pub fn group(self, group: Uuid) -> Self {
        Self { group: Some(group), ..self }
    }

    /// With another number of attempts (at least 1).
    #[must_use]
    pub fn max_attempts(self, max_attempts: i32) -> Self {
        Self { max_attempts: max_attempts.max(1), ..self }
    }
}

macro_rules! cancel_group {
    ($lock:literal) => {
        concat!(
            "UPDATE job SET status = 'cancelled', finished_at = $2, lease_until = NULL
             WHERE id IN (SELECT id FROM job WHERE group_id = $1 AND status IN ('ready', 'running')",
            $lock,
            ")"
        )
    };
}

sql! {
    INSERT = "INSERT INTO job (id, kind, payload, priority, tenant_key, group_id, max_attempts, run_at, created_at,
                               traceparent)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8, $9)";
    /// Waits for a run that is fenced at the moment: after the cancel it writes nothing more.
    LOCK { pg: "SELECT id FROM job WHERE id = $1 FOR UPDATE", lite: "SELECT id FROM job WHERE id = $1" };
    CANCEL = "UPDATE job SET status = 'cancelled', finished_at = $2, lease_until = NULL
              WHERE id = $1 AND status IN ('ready', 'running')";
    /// Waits for runs that are fenced at the moment, one after the other in one order.
    CANCEL_GROUP {
        pg: cancel_group!(" ORDER BY id FOR UPDATE"),
        lite: cancel_group!(""),
    };
    PURGE = "DELETE FROM job WHERE finished_at < $1 AND (status <> 'dead' OR finished_at < $2)";
}

/// Enqueues a job in the caller's transaction: it is there when, and only when, that commits. Wake the workers
/// after the commit.
///
/// # Errors
/// What the database refuses.
pub async fn enqueue(tx: &mut Tx, job: NewJob) -> Result<Uuid> {
    let id = job.id;
    on!(tx, INSERT, |c, sql| sqlx::query(sql)
        .bind(id)
        .bind(job.kind)
        .bind(job.payload)
        .bind(job.priority.number())
        .bind(job.tenant_key)
        .bind(job.group)
        .bind(job.max_attempts)
        .bind(job.run_at)
        .bind(job.traceparent)
        .execute(c)
        .await
        .map(drop))?;
    Ok(id)
}

/// Enqueues many jobs, as [`enqueue`] does one, in as few statements as the engine takes.
///
/// # Errors
/// What the database refuses: an id that is there already, for one.
pub async fn enqueue_all(tx: &mut Tx, jobs: Vec<NewJob>) -> Result<()> {
    if jobs.is_empty() {
        return Ok(());
    }
    let times: Vec<_> = jobs.iter().map(|job| job.run_at).collect();
    BulkInsert::into("job")
        .column("id", Column::Uuid(jobs.iter().map(|job| job.id).collect()))
        .column("kind", Column::Text(jobs.iter().map(|job| job.kind.to_owned()).collect()))
        .column("priority", Column::I64(jobs.iter().map(|job| job.priority.number().into()).collect()))
        .column("group_id", Column::OptUuid(jobs.iter().map(|job| job.group).collect()))
        .column("max_attempts", Column::I64(jobs.iter().map(|job| job.max_attempts.into()).collect()))
        .column("run_at", Column::Time(times.clone()))
        .column("created_at", Column::Time(times))
        .column("tenant_key", Column::OptText(jobs.iter().map(|job| job.tenant_key.clone()).collect()))
        .column("traceparent", Column::OptText(jobs.iter().map(|job| job.traceparent.clone()).collect()))
        .column("payload", Column::Text(jobs.into_iter().map(|job| job.payload).collect()))
        .execute(tx, "")
        .await
        .map(drop)
}

/// Takes a job out of the queue, in the caller's transaction. A running one is stopped: its next fence fails, and
/// its handler is told when its lease would be renewed. False when there is no such job or it has ended already.
///
/// # Errors
/// What the database refuses.
pub async fn cancel(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<bool> {
    on!(tx, LOCK, |c, sql| sqlx::query(sql).bind(id).execute(c).await.map(drop))?;
    let rows = on!(tx, CANCEL, |c, sql| sqlx::query(sql)
        .bind(id)
        .bind(now)
        .execute(c)
        .await
        .map(|r| r.rows_affected()))?;
    Ok(rows > 0)
}

/// Takes all jobs of a group out of the queue, as [`cancel`] does one; how many there were. It waits until the
/// fenced transactions of runs are over: call it before this transaction locks anything that handlers write to
/// behind their fence, or the two wait for each other.
///
/// # Errors
/// What the database refuses.
pub async fn cancel_group(tx: &mut Tx, group: Uuid, now: Timestamp) -> Result<u64> {
    on!(tx, CANCEL_GROUP, |c, sql| sqlx::query(sql)
        .bind(group)
        .bind(now)
        .execute(c)
        .await
        .map(|r| r.rows_affected()))
    .map_err(DbError::from)
}

/// Forgets the jobs that ended before a moment, and those that died before another, earlier one; how many there were.
///
/// # Errors
/// What the database refuses.
pub async fn purge_finished(tx: &mut Tx, ended_before: Timestamp, died_before: Timestamp) -> Result<u64> {
    on!(tx, PURGE, |c, sql| sqlx::query(sql)
        .bind(ended_before)
        .bind(died_before)
        .execute(c)
        .await
        .map(|r| r.rows_affected()))
    .map_err(DbError::from)
}
