//! What comes round by itself.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use accunode_db::{Clock, Db, Options, on};
use accunode_queue::{Schedule, Upkeep};
use accunode_testkit::on_both_engines;
use tokio::sync::Semaphore;

use crate::{KIND, Running, START, Script, eventually, runner, until_done};

const MINUTE: Duration = Duration::from_secs(60);

async fn jobs(db: &Db) -> i64 {
    let mut tx = db.system_read("test").await.unwrap();
    on!(tx, |c| sqlx::query_scalar("SELECT count(*) FROM job").fetch_one(c).await).unwrap()
}

on_both_engines! {
    /// Four servers, six turns: six jobs.
    async fn each_turn_is_one_job_whoever_takes_it(test: TestDb) {
        let runs: Arc<Mutex<Vec<Option<u32>>>> = Arc::default();
        let seen = Arc::clone(&runs);
        let script = Script::new(move |context| {
            seen.lock().unwrap().push(context.payload().unwrap());
            async { Ok(()) }
        });
        let clock = Clock::manual(START);
        let mut running = Vec::new();
        for _ in 0..4 {
            let db = Db::connect(test.url(), &Options::default()).await.unwrap();
            let schedule = Schedule::every("each minute", MINUTE, KIND).payload(&7).unwrap();
            running.push(Running::start(runner(&db, &clock, &script).schedule(schedule)));
        }
        for turn in 1..=6 {
            // The first one is due at once.
            clock.advance(if turn == 1 { Duration::ZERO } else { MINUTE });
            until_done(test.db(), turn).await;
            // Time for the others to enqueue it once more, if they would.
            tokio::time::sleep(Duration::from_millis(50)).await;
            assert_eq!(jobs(test.db()).await, turn);
        }
        for runner in running {
            runner.stop().await;
        }
        assert_eq!(*runs.lock().unwrap(), [Some(7); 6]);
    }

    async fn turns_that_were_missed_are_made_up_for_once(test: TestDb) {
        let gate = Arc::new(Semaphore::new(0));
        let started: Arc<Mutex<u32>> = Arc::default();
        let (wait, counted) = (Arc::clone(&gate), Arc::clone(&started));
        let script = Script::new(move |_| {
            *counted.lock().unwrap() += 1;
            let wait = Arc::clone(&wait);
            async move { wait.acquire().await.unwrap().forget(); Ok(()) }
        });
        let clock = Clock::manual(START);
        let start = || {
            let schedule = Schedule::every("each minute", MINUTE, KIND);
            // A lease that the clock's leaps do not end.
            Running::start(runner(test.db(), &clock, &script).lease(MINUTE * 1_000).schedule(schedule))
        };
        let running = start();
        eventually(|| *started.lock().unwrap() == 1).await;
        // The job before has not ended: nothing is put behind it.
        for _ in 0..3 {
            clock.advance(MINUTE);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(jobs(test.db()).await, 1);
        gate.add_permits(100);
        running.stop().await;
        // Nobody was there for an hour, and the next turn is in step with those before.
        clock.advance(MINUTE * 60 + Duration::from_secs(20));
        let running = start();
        until_done(test.db(), 2).await;
        clock.advance(Duration::from_secs(39));
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(*started.lock().unwrap(), 2);
        clock.advance(Duration::from_secs(1));
        eventually(|| *started.lock().unwrap() == 3).await;
        running.stop().await;
        assert_eq!(jobs(test.db()).await, 3);
    }

    async fn a_shorter_interval_counts_at_once(test: TestDb) {
        let started: Arc<Mutex<u32>> = Arc::default();
        let counted = Arc::clone(&started);
        let script = Script::new(move |_| {
            *counted.lock().unwrap() += 1;
            async { Ok(()) }
        });
        let clock = Clock::manual(START);
        for (every, after, runs) in [(MINUTE * 60, Duration::ZERO, 1), (MINUTE, MINUTE, 2)] {
            let schedule = Schedule::every("more and more often", every, KIND);
            let running = Running::start(runner(test.db(), &clock, &script).schedule(schedule));
            tokio::time::sleep(Duration::from_millis(100)).await;
            clock.advance(after);
            eventually(|| *started.lock().unwrap() == runs).await;
            running.stop().await;
        }
    }

    async fn the_queue_tidies_up_after_itself(test: TestDb) {
        let clock = Clock::manual(START);
        let script = Script::new(|_| async { Ok(()) });
        let id = crate::enqueued(test.db(), crate::job()).await;
        let start = || {
            let runner = runner(test.db(), &clock, &script).handler(Upkeep).schedule(Upkeep::schedule());
            Running::start(runner)
        };
        let running = start();
        crate::until(test.db(), id, "done").await;
        running.kill().await;
        clock.advance(MINUTE * 60 * 24 * 8);
        let running = start();
        for _ in 0..2_000 {
            let mut tx = test.db().system_read("test").await.unwrap();
            let left: (i64, i64) = on!(tx, |c| sqlx::query_as(
                "SELECT (SELECT count(*) FROM job WHERE id = $1), (SELECT count(*) FROM workers)")
                .bind(id).fetch_one(c).await).unwrap();
            if left == (0, 1) {
                return running.stop().await;
            }
            drop(tx);
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        panic!("it never tidied up");
    }
}
