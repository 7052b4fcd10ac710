//! A clock that is set forward or back while jobs wait and run.
//!
//! What is in the queue was written by the clock of that moment. Set back by an hour, it would keep what waits from
//! running, and dead workers' leases from ending, for an hour; set forward, it would take jobs from workers that live.
//! So a runner compares its clock with the time that has passed, and looks for moments that have not come yet.

use std::time::Duration;

use accunode_db::{Db, Result, Timestamp, on, sql};
use tokio::time::Instant;

use crate::runner::USUAL_LEASE;

/// Clocks of several machines may differ by this, and one that is adjusted may jump by it.
pub(crate) const SKEW: Duration = Duration::from_secs(2);
/// How often to look for moments that have not come yet: another machine's clock may have been wrong.
const SELDOM: Duration = Duration::from_secs(60);
/// How often while the clock was set back a moment ago: what began before may be written only now.
const OFTEN: Duration = Duration::from_secs(1);

/// $1 now, $2 when it is later than clocks differ.
macro_rules! bring_forward {
    ($lock:literal) => {
        concat!(
            "UPDATE job SET run_at = $1, created_at = CASE WHEN created_at > $1 THEN $1 ELSE created_at END
             WHERE id IN (SELECT id FROM job
                          WHERE status = 'ready' AND run_at > $2 AND (created_at > $2 OR started_at > $2)",
            $lock,
            ")"
        )
    };
}

sql! {
    /// Whether a job waits that was made, or was tried last, at a moment that has not come yet; and whether one is held
    /// for longer than anybody holds one.
    AHEAD = "SELECT (SELECT count(*) FROM (SELECT 1 FROM job WHERE status = 'ready' AND run_at > $1
                                           AND (created_at > $1 OR started_at > $1) LIMIT 1) waiting),
                    (SELECT count(*) FROM (SELECT 1 FROM job WHERE status = 'running' AND lease_until > $2 LIMIT 1)
                                          held)";
    /// It may run now. What waits for another try loses the rest of its wait.
    BRING_FORWARD { pg: bring_forward!(" FOR UPDATE SKIP LOCKED"), lite: bring_forward!("") };
    /// As if renewed now: a worker that lives renews it again before it ends.
    SHORTEN = "UPDATE job SET lease_until = $1 WHERE status = 'running' AND lease_until > $2";
}

/// What a runner has seen of its clock.
#[derive(Debug, Default)]
pub(crate) struct Steps {
    last: Option<(Timestamp, Instant)>,
    /// When the clock was found set forward, and back.
    forward: Option<Instant>,
    back: Option<Instant>,
    looked: Option<Instant>,
}

impl Steps {
    /// Compares the clock with the time that has passed since the last look.
    pub(crate) fn look(&mut self, now: Timestamp, at: Instant) {
        let Some((then, when)) = self.last.replace((now, at)) else { return };
        let (forward, back) = (now.since(then), then.since(now));
        if forward > at.duration_since(when) + SKEW {
            self.forward = Some(at);
            tracing::warn!(seconds = forward.as_secs(), "the clock was set forward");
        }
        if back > SKEW {
            self.back = Some(at);
            tracing::warn!(seconds = back.as_secs(), "the clock was set back");
        }
    }

    /// Whether a lease that has ended may belong to a worker that lives, because it had no time yet (`pause`) to renew
    /// it by the new time.
    pub(crate) fn in_doubt(&self, at: Instant, pause: Duration) -> bool {
        self.forward.is_some_and(|since| at.duration_since(since) < pause)
    }

    /// Whether to look for moments that have not come yet.
    pub(crate) fn is_due(&mut self, at: Instant) -> bool {
        let lately = self.back.is_some_and(|since| at.duration_since(since) < SELDOM);
        let pause = if lately { OFTEN } else { SELDOM };
        let due = self.looked.is_none_or(|looked| at.duration_since(looked) >= pause);
        if due {
            self.looked = Some(at);
        }
        due
    }
}

/// Puts right what was written by a clock that was ahead of this one; how many jobs. `lease` is that of this runner;
/// others may take the usual one.
pub(crate) async fn put_right(db: &Db, now: Timestamp, lease: Duration) -> Result<u64> {
    let lease = lease.max(USUAL_LEASE);
    let (soon, far) = (now + SKEW, now + lease * 2);
    let mut glance = db.system_glance("the queue is everybody's").await?;
    let ahead: (i64, i64) =
        on!(glance, AHEAD, |c, sql| sqlx::query_as(sql).bind(soon).bind(far).fetch_one(c).await)?;
    drop(glance);
    if ahead == (0, 0) {
        return Ok(0);
    }
    let mut tx = db.system("the queue is everybody's").await?;
    let mut jobs = 0;
    for (statement, to, beyond) in [(BRING_FORWARD, now, soon), (SHORTEN, now + lease, far)] {
        jobs += on!(tx, statement, |c, sql| sqlx::query(sql)
            .bind(to)
            .bind(beyond)
            .execute(c)
            .await
            .map(|r| r.rows_affected()))?;
    }
    tx.commit().await?;
    Ok(jobs)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_of_the_clock_are_told_from_time_that_passes() {
        let (mut steps, start, begin) =
            (Steps::default(), Instant::now(), Timestamp::from_unix_seconds(10_000));
        let second = Duration::from_secs(1);
        steps.look(begin, start);
        assert!(steps.is_due(start) && !steps.is_due(start + second));
        // A minute later by both.
        steps.look(begin + second * 60, start + second * 60);
        assert!(!steps.in_doubt(start + second * 60, second * 5));
        assert!(steps.is_due(start + second * 60));
        // An hour later in a second: for a while nobody is taken for dead.
        steps.look(begin + second * 3_660, start + second * 61);
        assert!(steps.in_doubt(start + second * 65, second * 5));
        assert!(!steps.in_doubt(start + second * 66, second * 5));
        assert!(!steps.is_due(start + second * 66));
        // And back: what waits is looked at each second, for a minute.
        steps.look(begin + second * 67, start + second * 67);
        assert!(steps.is_due(start + second * 67) && steps.is_due(start + second * 68));
        assert!(steps.is_due(start + second * 126) && !steps.is_due(start + second * 185));
    }
}
