//! Runs that take too long.

use std::time::Duration;

use accunode_db::Clock;
use accunode_queue::JobError;
use accunode_testkit::on_both_engines;

use crate::{Running, START, Script, enqueued, job, row, runner, until};

const LIMIT: Duration = Duration::from_millis(50);

on_both_engines! {
    /// One never ends, the other ends when it is told to: both count, and come back after a while.
    async fn a_run_ends_with_its_time_and_is_tried_again(test: TestDb) {
        let (deaf, polite) = (enqueued(test.db(), job()).await, enqueued(test.db(), job()).await);
        let script = Script::new(move |context| async move {
            if context.lease.attempts > 1 {
                return Ok(());
            }
            if context.lease.id == deaf {
                std::future::pending::<()>().await;
            }
            context.cancelled.cancelled().await;
            Err(JobError::Release)
        });
        let script = script.limit(LIMIT);
        let clock = Clock::manual(START);
        let running = Running::start(runner(test.db(), &clock, &script).grace(LIMIT));
        for id in [deaf, polite] {
            crate::ending::eventually_failed(test.db(), id).await;
            let row = row(test.db(), id).await;
            assert_eq!((row.status.as_str(), row.attempts), ("ready", 1));
            assert_eq!(row.last_error.as_deref(), Some("the run took longer than its limit of 0.05 seconds"));
            assert!(row.run_at > START, "after a while: {row:?}");
        }
        clock.advance(Duration::from_secs(3));
        for id in [deaf, polite] {
            until(test.db(), id, "done").await;
        }
        running.stop().await;
    }

    async fn the_last_attempt_that_takes_too_long_is_the_end(test: TestDb) {
        let id = enqueued(test.db(), job().max_attempts(1)).await;
        let script = Script::new(|_| std::future::pending()).limit(LIMIT);
        let running = Running::start(runner(test.db(), &Clock::manual(START), &script).grace(LIMIT));
        let row = until(test.db(), id, "dead").await;
        running.stop().await;
        assert!(row.last_error.unwrap().contains("limit of 0.05 seconds"));
        assert_eq!(script.dead.lock().unwrap().len(), 1);
    }

    /// What it did in its last moments counts.
    async fn who_ends_well_within_the_last_moments_is_done(test: TestDb) {
        let id = enqueued(test.db(), job()).await;
        let script = Script::new(|context| async move {
            context.cancelled.cancelled().await;
            Ok(())
        });
        let script = script.limit(LIMIT);
        let running = Running::start(runner(test.db(), &Clock::manual(START), &script));
        until(test.db(), id, "done").await;
        running.stop().await;
    }
}
