//! Dead jobs: shown, tried again, or forgotten.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use uuid::Uuid;

use crate::{Handlers, RetriedJob};

/// A job that died.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
pub struct DeadLetter {
    /// The job.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its payload, JSON.
    pub payload: String,
    /// The number of its lane.
    pub priority: i16,
    /// Whose share of the workers it took.
    pub tenant_key: Option<String>,
    /// What it belongs to, with other jobs.
    pub group_id: Option<Uuid>,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it died, in words for operators.
    pub last_error: Option<String>,
    /// Who tried it last.
    pub worker: Option<String>,
    /// When it was enqueued.
    pub created_at: Timestamp,
    /// When it died.
    pub finished_at: Timestamp,
}

macro_rules! dead {
    ($head:literal, $tail:literal) => {
        concat!(
            $head,
            " id, kind, payload, priority, tenant_key, group_id, attempts, last_error, worker, created_at,
              finished_at ",
            $tail
        )
    };
}

sql! {
    LIST = dead!("SELECT", "FROM job WHERE status = 'dead' ORDER BY finished_at DESC, id DESC LIMIT $1 OFFSET $2");
    COUNT = "SELECT count(*) FROM job WHERE status = 'dead'";
    RETRY = "UPDATE job SET status = 'ready', attempts = 0, run_at = $2, finished_at = NULL
             WHERE id = $1 AND status = 'dead' RETURNING id, kind, payload, group_id, run_at";
    FORGET = dead!("DELETE FROM job WHERE id = $1 AND status = 'dead' RETURNING", "");
}

/// A part of the dead jobs, the last to die first, and how many there are.
///
/// # Errors
/// What the database refuses.
pub async fn dead_letters(tx: &mut Tx, limit: i64, offset: i64) -> Result<(Vec<DeadLetter>, i64)> {
    let letters = on!(tx, LIST, |c, sql| sqlx::query_as(sql).bind(limit).bind(offset).fetch_all(c).await)?;
    let (number,): (i64,) = on!(tx, COUNT, |c, sql| sqlx::query_as(sql).fetch_one(c).await)?;
    Ok((letters, number))
}

/// Has a dead job tried again, with all its attempts: its handler brings back to life what died with it, in the same
/// (cross-tenant) transaction. None when there is no such job. Wake the workers after the commit.
///
/// # Errors
/// What the database, or the handler, refuses.
pub async fn retry_dead(
    tx: &mut Tx,
    id: Uuid,
    handlers: &Handlers,
    now: Timestamp,
) -> Result<Option<RetriedJob>> {
    let job: Option<RetriedJob> =
        on!(tx, RETRY, |c, sql| sqlx::query_as(sql).bind(id).bind(now).fetch_optional(c).await)?;
    if let Some(job) = &job
        && let Some(handler) = handlers.of(&job.kind)
    {
        handler.on_retry(tx, job).await?;
    }
    Ok(job)
}

/// Forgets a dead job. None when there is no such job.
///
/// # Errors
/// What the database refuses.
pub async fn forget_dead(tx: &mut Tx, id: Uuid) -> Result<Option<DeadLetter>> {
    Ok(on!(tx, FORGET, |c, sql| sqlx::query_as(sql).bind(id).fetch_optional(c).await)?)
}
