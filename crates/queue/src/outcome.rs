//! Writing down what became of a job.

use std::time::Duration;

use accunode_db::{Clock, Db, DbError, Result, Timestamp};
use accunode_telemetry::{JOBS, traces};

use crate::{DeadJob, Handler, JobError, Lease, claim};

/// No retry waits longer.
const LONGEST_WAIT: Duration = Duration::from_secs(3_600);
/// Longer texts are cut; the rest is in the log.
const LONGEST_TEXT: usize = 2_000;
const ABANDONED: &str = "its worker disappeared during the last attempt";

/// How long the n-th attempt's failure waits: 2ⁿ seconds and up to a quarter more, so that jobs which failed
/// together do not come back together.
pub(crate) fn back_off(attempts: i32) -> Duration {
    let seconds = 2_u64.saturating_pow(u32::try_from(attempts).unwrap_or(0));
    let wait = Duration::from_secs(seconds).min(LONGEST_WAIT);
    wait.mul_f64(rand::random_range(1.0..1.25))
}

/// Records a run's end, unless the job is no longer this run's. The database may be away for a moment: it is asked
/// again for some seconds, then the lease runs out and the job is run once more.
pub(crate) async fn record(
    db: &Db,
    clock: &Clock,
    handler: &dyn Handler,
    lease: &Lease,
    outcome: &std::result::Result<(), JobError>,
) {
    let mut pause = Duration::from_millis(100);
    loop {
        match try_record(db, clock.now(), handler, lease, outcome).await {
            Ok(true) => return count(lease, outcome),
            Ok(false) => {
                return tracing::info!(job.id = %lease.id, "the job was taken over or cancelled meanwhile");
            }
            Err(error) if error.is_transient() && pause < Duration::from_secs(5) => {
                tracing::warn!(job.id = %lease.id, %error, "a job's end could not be recorded yet");
            }
            Err(error) => {
                return tracing::error!(job.id = %lease.id, %error, "a job's end could not be recorded");
            }
        }
        tokio::time::sleep(pause).await;
        pause *= 2;
    }
}

/// What became of runs, as it is counted.
pub(crate) const OUTCOMES: [&str; 5] = ["done", "retry", "dead", "released", EXPIRED];
const EXPIRED: &str = "expired";

/// Counts a run whose lease ended without a word of its worker, which has no other outcome: whoever takes the job back.
pub(crate) fn count_expired(kind: &str) {
    JOBS.with_label_values(&[kind, EXPIRED]).inc();
}

fn count(lease: &Lease, outcome: &std::result::Result<(), JobError>) {
    let name = match outcome {
        Ok(()) => "done",
        Err(JobError::Release) => "released",
        Err(JobError::Retry(_)) if lease.attempts < lease.max_attempts => "retry",
        // Of a lease that was lost nothing is recorded.
        Err(JobError::Retry(_) | JobError::Permanent(_) | JobError::LeaseLost(_)) => "dead",
    };
    JOBS.with_label_values(&[lease.kind.as_str(), name]).inc();
    traces::note_here("job.outcome", name);
}

async fn try_record(
    db: &Db,
    now: Timestamp,
    handler: &dyn Handler,
    lease: &Lease,
    outcome: &std::result::Result<(), JobError>,
) -> Result<bool> {
    let mut tx = db.system("the queue is everybody's").await?;
    let ours = match outcome {
        Ok(()) => lease.done(&mut tx, now).await?,
        Err(JobError::LeaseLost(_)) => false,
        Err(JobError::Release) => lease.ready_again(&mut tx, now, lease.attempts - 1, None).await?,
        Err(JobError::Retry(reason)) if lease.attempts < lease.max_attempts => {
            let run_at = now + back_off(lease.attempts);
            lease.ready_again(&mut tx, run_at, lease.attempts, Some(&cut(reason))).await?
        }
        Err(JobError::Retry(reason) | JobError::Permanent(reason)) => {
            bury(&mut tx, now, handler, lease, &cut(reason)).await?
        }
    };
    tx.commit().await?;
    // A handler may have completed its job itself.
    Ok(ours || outcome.is_ok())
}

async fn bury(
    tx: &mut accunode_db::Tx,
    now: Timestamp,
    handler: &dyn Handler,
    lease: &Lease,
    reason: &str,
) -> Result<bool> {
    let ours = lease.dead(tx, now, reason).await?;
    if ours {
        handler.on_dead(tx, &DeadJob { lease, reason, at: now }).await?;
        tracing::error!(job.id = %lease.id, job.kind = %lease.kind, attempts = lease.attempts, reason, "job is dead");
    }
    Ok(ours)
}

/// Buries one job whose last attempt's worker disappeared; false when there is none.
pub(crate) async fn bury_abandoned(
    db: &Db,
    now: Timestamp,
    kinds: &[&'static str],
    find: impl Fn(&str) -> Option<std::sync::Arc<dyn Handler>>,
) -> Result<bool, DbError> {
    let mut tx = db.system("the queue is everybody's").await?;
    let Some(lease) = claim::abandoned(&mut tx, kinds, now).await? else { return Ok(false) };
    let Some(handler) = find(&lease.kind) else { return Ok(false) };
    let buried = bury(&mut tx, now, handler.as_ref(), &lease, ABANDONED).await?;
    tx.commit().await?;
    if buried {
        JOBS.with_label_values(&[lease.kind.as_str(), "dead"]).inc();
    }
    Ok(buried)
}

fn cut(reason: &str) -> String {
    reason.chars().take(LONGEST_TEXT).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_double_up_to_an_hour() {
        for (attempts, seconds) in
            [(1, 2.0), (2, 4.0), (5, 32.0), (11, 2_048.0), (12, 3_600.0), (i32::MAX, 3_600.0)]
        {
            for _ in 0..100 {
                let wait = back_off(attempts).as_secs_f64();
                assert!((seconds..seconds * 1.25).contains(&wait), "{attempts}: {wait}");
            }
        }
    }
}
