//! Failures, deaths and graceful stops.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use accunode_db::Clock;
use accunode_domain::Error;
use accunode_queue::{JobError, enqueue, purge_finished};
use accunode_testkit::on_both_engines;

use crate::{Running, START, Script, enqueued, eventually, job, row, runner, until};

on_both_engines! {
    async fn what_is_rolled_back_was_never_enqueued(test: TestDb) {
        let mut tx = test.db().system("test").await.unwrap();
        enqueue(&mut tx, job()).await.unwrap();
        tx.rollback().await.unwrap();
        let mut tx = test.db().system_read("test").await.unwrap();
        assert_eq!(accunode_queue::stats(&mut tx).await.unwrap(), accunode_queue::Stats::default());
    }

    /// The wait is in the database: another runner, after a restart, keeps it too.
    async fn a_retry_waits_across_a_restart(test: TestDb) {
        let id = enqueued(test.db(), job()).await;
        let script = Script::new(|context| async move {
            if context.lease.attempts == 1 { Err(Error::Unavailable("the store is away".into()).into()) } else { Ok(()) }
        });
        let clock = Clock::manual(START);
        let running = Running::start(runner(test.db(), &clock, &script));
        eventually_failed(test.db(), id).await;
        running.stop().await;
        let failed = row(test.db(), id).await;
        assert_eq!((failed.status.as_str(), failed.attempts), ("ready", 1));
        assert_eq!(failed.last_error.as_deref(), Some("the store is away"));
        let wait = failed.run_at.since(START).as_secs_f64();
        assert!((2.0..2.5).contains(&wait), "{wait}");

        clock.advance(Duration::from_millis(1_900));
        let running = Running::start(runner(test.db(), &clock, &script));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(row(test.db(), id).await.attempts, 1, "too early");
        clock.advance(Duration::from_millis(600));
        assert_eq!(until(test.db(), id, "done").await.attempts, 2);
        running.stop().await;
    }

    async fn dead_after_the_last_attempt(test: TestDb) {
        let id = enqueued(test.db(), job().max_attempts(3)).await;
        let script = Script::new(|_| async { Err(JobError::Retry("again".into())) });
        let clock = Clock::manual(START);
        let running = Running::start(runner(test.db(), &clock, &script));
        for attempt in 1..3 {
            while row(test.db(), id).await.attempts < attempt {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            until(test.db(), id, "ready").await;
            clock.advance(Duration::from_secs(60));
        }
        let dead = until(test.db(), id, "dead").await;
        running.stop().await;
        assert_eq!((dead.attempts, dead.last_error.as_deref()), (3, Some("again")));
        assert_eq!(*script.dead.lock().unwrap(), [(id, "again".to_owned())]);
    }

    async fn dead_at_once_when_trying_again_cannot_help(test: TestDb) {
        let id = enqueued(test.db(), job()).await;
        let script = Script::new(|context| async move { context.payload::<Vec<String>>().map(drop) });
        let running = Running::start(runner(test.db(), &Clock::manual(START), &script));
        let dead = until(test.db(), id, "dead").await;
        running.stop().await;
        assert_eq!(dead.attempts, 1);
        assert!(dead.last_error.unwrap().contains("payload of a 'test' job"));
        assert_eq!(script.dead.lock().unwrap().len(), 1);
    }

    async fn a_panic_is_a_retry(test: TestDb) {
        let id = enqueued(test.db(), job()).await;
        let script = Script::new(|context| async move {
            assert!(context.lease.attempts > 1, "as a test");
            Ok(())
        });
        let clock = Clock::manual(START);
        let running = Running::start(runner(test.db(), &clock, &script));
        eventually_failed(test.db(), id).await;
        assert_eq!(row(test.db(), id).await.last_error.as_deref(), Some("the handler panicked: as a test"));
        clock.advance(Duration::from_secs(3));
        until(test.db(), id, "done").await;
        running.stop().await;
    }

    async fn a_worker_that_is_killed_leaves_its_job_to_others_or_to_the_grave(test: TestDb) {
        let id = enqueued(test.db(), job().max_attempts(2)).await;
        let script = Script::new(|_| std::future::pending());
        let clock = Clock::manual(START);
        for attempt in 1..=2 {
            let running = Running::start(runner(test.db(), &clock, &script));
            loop {
                let row = until(test.db(), id, "running").await;
                if row.attempts == attempt { break }
            }
            running.kill().await;
            clock.advance(Duration::from_secs(16));
        }
        let running = Running::start(runner(test.db(), &clock, &script));
        let dead = until(test.db(), id, "dead").await;
        running.stop().await;
        assert_eq!(dead.attempts, 2);
        assert!(dead.last_error.unwrap().contains("disappeared"));
        assert_eq!(script.dead.lock().unwrap().len(), 1);
    }

    async fn a_graceful_stop_gives_jobs_back_uncounted(test: TestDb) {
        let (kind_one, rude_one) = (enqueued(test.db(), job()).await, enqueued(test.db(), job()).await);
        let started: Arc<Mutex<u32>> = Arc::default();
        let counted = Arc::clone(&started);
        let script = Script::new(move |context| {
            *counted.lock().unwrap() += 1;
            async move {
                if context.lease.id == rude_one {
                    std::future::pending::<()>().await;
                }
                context.cancelled.cancelled().await;
                Err(JobError::Release)
            }
        });
        let clock = Clock::manual(START);
        let running = Running::start(runner(test.db(), &clock, &script).grace(Duration::from_millis(200)));
        eventually(|| *started.lock().unwrap() == 2).await;
        // Returns although one handler never does.
        running.stop().await;
        for id in [kind_one, rude_one] {
            let row = row(test.db(), id).await;
            assert_eq!((row.status.as_str(), row.attempts, row.run_at), ("ready", 0, START));
        }
    }

    async fn ended_jobs_are_forgotten_in_time(test: TestDb) {
        let id = enqueued(test.db(), job()).await;
        let dying = enqueued(test.db(), job()).await;
        let script = Script::new(move |context| async move {
            if context.lease.id == dying { Err(JobError::Permanent("as a test".into())) } else { Ok(()) }
        });
        let clock = Clock::manual(START);
        let running = Running::start(runner(test.db(), &clock, &script));
        until(test.db(), id, "done").await;
        until(test.db(), dying, "dead").await;
        running.stop().await;
        let left = enqueued(test.db(), job()).await;
        let later = START + Duration::from_secs(1);
        let mut tx = test.db().system("test").await.unwrap();
        for (ended_before, died_before, expected) in [(START, START, 0), (later, START, 1), (later, later, 1)] {
            assert_eq!(purge_finished(&mut tx, ended_before, died_before).await.unwrap(), expected);
        }
        tx.commit().await.unwrap();
        assert_eq!(row(test.db(), left).await.status, "ready");
    }
}

pub(crate) async fn eventually_failed(db: &accunode_db::Db, id: uuid::Uuid) {
    for _ in 0..2_000 {
        if row(db, id).await.last_error.is_some() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it never failed");
}
