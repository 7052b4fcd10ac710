//! A clock that is set forward or back by an hour while jobs wait and run.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use accunode_db::{Clock, Db, Timestamp, on};
use accunode_queue::{JobError, NewJob, Schedule};
use accunode_testkit::on_both_engines;
use tokio::sync::Semaphore;
use uuid::Uuid;

use crate::{KIND, Running, Script, enqueued, eventually, row, runner, until, until_done, workers_at_work};

const HOUR: Duration = Duration::from_secs(3_600);
const OFTEN: Duration = Duration::from_millis(100);

fn job(clock: &Clock) -> NewJob {
    NewJob::new(KIND, &(), clock.now()).unwrap()
}

async fn lease_until(db: &Db, id: Uuid) -> Option<Timestamp> {
    let mut tx = db.system_read("test").await.unwrap();
    let sql = "SELECT lease_until FROM job WHERE id = $1";
    on!(tx, |c| sqlx::query_scalar(sql).bind(id).fetch_one(c).await).unwrap()
}

/// A handler that waits until it may end, and how often it was begun.
fn gated() -> (Script, Arc<Semaphore>, Arc<Mutex<u32>>) {
    let (gate, runs) = (Arc::new(Semaphore::new(0)), Arc::<Mutex<u32>>::default());
    let (wait, counted) = (Arc::clone(&gate), Arc::clone(&runs));
    let script = Script::new(move |_| {
        *counted.lock().unwrap() += 1;
        let wait = Arc::clone(&wait);
        async move {
            wait.acquire().await.unwrap().forget();
            Ok(())
        }
    });
    (script, gate, runs)
}

on_both_engines! {
    async fn what_was_handed_in_before_the_clock_was_set_back_runs_at_once(test: TestDb) {
        let clock = Clock::settable();
        let script = Script::new(|_| async { Ok(()) });
        let running = Running::start(runner(test.db(), &clock, &script));
        let first = enqueued(test.db(), job(&clock)).await;
        until(test.db(), first, "done").await;
        // As a server does that read the time before and commits after.
        let late = job(&clock);
        clock.set_back(HOUR);
        let second = enqueued(test.db(), late).await;
        until(test.db(), second, "done").await;
        // Nobody saw the clock go back.
        running.stop().await;
        let third = enqueued(test.db(), job(&clock)).await;
        clock.set_back(HOUR);
        let running = Running::start(runner(test.db(), &clock, &script));
        until(test.db(), third, "done").await;
        running.stop().await;
    }

    async fn what_waits_for_another_try_does_not_wait_for_an_hour(test: TestDb) {
        let clock = Clock::settable();
        let script = Script::new(|context| async move {
            if context.lease.attempts < 3 { Err(JobError::Retry("not yet".into())) } else { Ok(()) }
        });
        let running = Running::start(runner(test.db(), &clock, &script));
        let id = enqueued(test.db(), job(&clock)).await;
        while row(test.db(), id).await.last_error.is_none() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        clock.set_back(HOUR);
        // The second failure is of the new time: it waits as long as it should.
        loop {
            let row = row(test.db(), id).await;
            if (row.attempts, row.status.as_str()) == (2, "ready") {
                let wait = row.run_at.since(clock.now()).as_secs_f64();
                assert!((2.0..5.0).contains(&wait), "{wait}");
                break;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        until(test.db(), id, "done").await;
        running.stop().await;
    }

    async fn a_dead_workers_lease_ends_though_the_clock_was_set_back(test: TestDb) {
        let clock = Clock::settable();
        let (script, gate, runs) = gated();
        let id = enqueued(test.db(), job(&clock)).await;
        let running = Running::start(runner(test.db(), &clock, &script));
        eventually(|| *runs.lock().unwrap() == 1).await;
        running.kill().await;
        clock.set_back(HOUR);
        workers_at_work(test.db(), &clock, 0).await;
        let running = Running::start(runner(test.db(), &clock, &script).heartbeat(OFTEN));
        workers_at_work(test.db(), &clock, 1).await;
        // From here on it ends as soon as any.
        while lease_until(test.db(), id).await.unwrap() > clock.now() + Duration::from_secs(15) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        clock.advance(Duration::from_secs(16));
        gate.add_permits(1);
        assert_eq!(until(test.db(), id, "done").await.attempts, 2);
        running.stop().await;
    }

    /// Of two workers neither takes the other for dead, and no run is lost.
    async fn leases_outlive_a_clock_that_jumps(test: TestDb) {
        let clock = Clock::settable();
        let (script, gate, runs) = gated();
        let start = || Running::start(runner(test.db(), &clock, &script).heartbeat(OFTEN).concurrency(2));
        let workers = [start(), start()];
        workers_at_work(test.db(), &clock, 2).await;
        let mut ids = Vec::new();
        for _ in 0..3 {
            ids.push(enqueued(test.db(), job(&clock)).await);
        }
        eventually(|| *runs.lock().unwrap() == 3).await;
        clock.advance(HOUR);
        tokio::time::sleep(Duration::from_millis(500)).await;
        clock.set_back(HOUR);
        tokio::time::sleep(Duration::from_millis(500)).await;
        clock.set_back(HOUR);
        workers_at_work(test.db(), &clock, 2).await;
        gate.add_permits(3);
        for id in ids {
            assert_eq!(until(test.db(), id, "done").await.attempts, 1);
        }
        assert_eq!(*runs.lock().unwrap(), 3);
        for worker in workers {
            worker.stop().await;
        }
    }

    async fn what_comes_round_does_so_after_the_clock_was_set_back(test: TestDb) {
        let clock = Clock::settable();
        let script = Script::new(|_| async { Ok(()) });
        let schedule = Schedule::every("each minute", Duration::from_secs(60), KIND);
        let running = Running::start(runner(test.db(), &clock, &script).schedule(schedule));
        until_done(test.db(), 1).await;
        clock.set_back(HOUR);
        until_done(test.db(), 2).await;
        tokio::time::sleep(OFTEN).await;
        until_done(test.db(), 2).await;
        clock.advance(Duration::from_secs(61));
        until_done(test.db(), 3).await;
        running.stop().await;
    }
}
