//! Holding a job.

use std::sync::{
    Arc,
    atomic::{AtomicI64, Ordering},
};

use accunode_db::{Timestamp, Tx, on, sql};
use uuid::Uuid;

use crate::{JobError, LeaseLost};

/// A claimed job, held under a fencing token.
#[derive(Clone, Debug, sqlx::FromRow)]
pub struct Lease {
    /// The job.
    pub id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Its payload, JSON.
    pub payload: String,
    /// Whose share of the workers it takes.
    pub tenant_key: Option<String>,
    /// What it belongs to, with other jobs.
    pub group_id: Option<Uuid>,
    /// The fencing token: it rises with each claim.
    #[sqlx(rename = "lease_token")]
    pub token: i64,
    /// Which attempt this is, from 1.
    pub attempts: i32,
    /// After how many the job is dead.
    pub max_attempts: i32,
    /// Which trace it belongs to, as W3C's `traceparent`.
    pub traceparent: Option<String>,
    /// Rows that this run has done so far.
    #[sqlx(skip)]
    rows: Arc<AtomicI64>,
}

sql! {
    /// FOR KEY SHARE collides with the FOR UPDATE of whoever claims, cancels or buries, but not with renewing.
    FENCE { pg: "SELECT id FROM job WHERE id = $1 AND lease_token = $2 AND status = 'running' FOR KEY SHARE",
            lite: "SELECT id FROM job WHERE id = $1 AND lease_token = $2 AND status = 'running'" };
    DONE = "UPDATE job SET status = 'done', finished_at = $3, lease_until = NULL, last_error = NULL, rows_done = $4
            WHERE id = $1 AND lease_token = $2 AND status = 'running'";
    READY = "UPDATE job SET status = 'ready', lease_until = NULL, run_at = $3, attempts = $4,
                            last_error = coalesce($5, last_error)
             WHERE id = $1 AND lease_token = $2 AND status = 'running'";
    DEAD = "UPDATE job SET status = 'dead', finished_at = $3, lease_until = NULL, last_error = $4
            WHERE id = $1 AND lease_token = $2 AND status = 'running'";
}

impl Lease {
    /// Notes that this run has done so many rows more, for what the queue tells of its speed. Call it before the
    /// job is completed.
    pub fn count_rows(&self, rows: u64) {
        self.rows.fetch_add(i64::try_from(rows).unwrap_or(i64::MAX), Ordering::Relaxed);
    }

    /// Rows that this run has done so far.
    pub(crate) fn rows(&self) -> i64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Makes sure, until this transaction ends, that the job is still this run's. Call it in every writing
    /// transaction of a handler, before the writes.
    ///
    /// # Errors
    /// [`JobError::LeaseLost`] when it is not; otherwise what the database refuses, as [`JobError::Retry`].
    pub async fn fence(&self, tx: &mut Tx) -> Result<(), JobError> {
        let held = on!(tx, FENCE, |c, sql| sqlx::query(sql)
            .bind(self.id)
            .bind(self.token)
            .fetch_optional(c)
            .await
            .map(|row| row.is_some()))
        .map_err(accunode_db::DbError::from)?;
        if held { Ok(()) } else { Err(LeaseLost.into()) }
    }

    /// Ends the job well inside the handler's own transaction, so that its last writes and its end are one.
    /// Nothing may be written under this lease afterwards; the handler returns `Ok`.
    ///
    /// # Errors
    /// As [`Lease::fence`].
    pub async fn complete(&self, tx: &mut Tx, now: Timestamp) -> Result<(), JobError> {
        if self.done(tx, now).await? { Ok(()) } else { Err(LeaseLost.into()) }
    }

    /// All three: false when the job is no longer this run's.
    pub(crate) async fn done(&self, tx: &mut Tx, now: Timestamp) -> accunode_db::Result<bool> {
        let query = on!(tx, DONE, |c, sql| sqlx::query(sql)
            .bind(self.id)
            .bind(self.token)
            .bind(now)
            .bind(self.rows())
            .execute(c)
            .await
            .map(|r| r.rows_affected()));
        Ok(query? > 0)
    }

    pub(crate) async fn ready_again(
        &self,
        tx: &mut Tx,
        run_at: Timestamp,
        attempts: i32,
        error: Option<&str>,
    ) -> accunode_db::Result<bool> {
        let query = on!(tx, READY, |c, sql| sqlx::query(sql)
            .bind(self.id)
            .bind(self.token)
            .bind(run_at)
            .bind(attempts)
            .bind(error)
            .execute(c)
            .await
            .map(|r| r.rows_affected()));
        Ok(query? > 0)
    }

    pub(crate) async fn dead(&self, tx: &mut Tx, now: Timestamp, error: &str) -> accunode_db::Result<bool> {
        let query = on!(tx, DEAD, |c, sql| sqlx::query(sql)
            .bind(self.id)
            .bind(self.token)
            .bind(now)
            .bind(error)
            .execute(c)
            .await
            .map(|r| r.rows_affected()));
        Ok(query? > 0)
    }
}

#[cfg(test)]
mod tests;
