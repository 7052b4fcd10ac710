//! One job, one run whose writes count.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use accunode_db::{Clock, Db, Options, on};
use accunode_queue::{JobError, Lease, NewJob, cancel, enqueue};
use accunode_testkit::on_both_engines;
use tokio::sync::Notify;
use uuid::Uuid;

use crate::{KIND, Running, START, Script, enqueued, eventually, job, row, runner, until, workers_at_work};

on_both_engines! {
    async fn each_job_runs_once_under_four_runners(test: TestDb) {
        let mut ids = Vec::new();
        for _ in 0..100 {
            ids.push(enqueued(test.db(), job()).await);
        }
        let runs: Arc<Mutex<HashMap<Uuid, u32>>> = Arc::default();
        let counted = Arc::clone(&runs);
        let script = Script::new(move |context| {
            *counted.lock().unwrap().entry(context.lease.id).or_default() += 1;
            async { tokio::time::sleep(Duration::from_millis(1)).await; Ok(()) }
        });
        let clock = Clock::manual(START);
        let mut running = Vec::new();
        for _ in 0..4 {
            // Connections of its own, as another process has.
            let db = Db::connect(test.url(), &Options::default()).await.unwrap();
            running.push(Running::start(runner(&db, &clock, &script).concurrency(3)));
        }
        for id in &ids {
            until(test.db(), *id, "done").await;
        }
        for runner in running {
            runner.stop().await;
        }
        let runs = runs.lock().unwrap();
        assert_eq!(runs.len(), ids.len());
        assert!(runs.values().all(|n| *n == 1), "{runs:?}");
    }

    /// As when the answer to a claim, or the record of a run's end, got lost: the job is under the worker's name, and
    /// nobody does it. However often the worker says that it lives, the lease runs out and the job is run.
    async fn a_job_that_its_worker_knows_nothing_of_is_run_again(test: TestDb) {
        let script = Script::new(|_| async { Ok(()) });
        let clock = Clock::system();
        let worker = runner(test.db(), &clock, &script).lease(Duration::from_millis(300));
        let running = Running::start(worker);
        let name = workers_at_work(test.db(), &clock, 1).await.remove(0).id;
        let mut tx = test.db().system("test").await.unwrap();
        let id = enqueue(&mut tx, NewJob::new(KIND, &(), clock.now()).unwrap()).await.unwrap();
        const LOST: &str = "UPDATE job SET status = 'running', attempts = 1, lease_token = 1, lease_until = $3, worker = $2
                            WHERE id = $1";
        let until_soon = clock.now() + Duration::from_millis(300);
        on!(tx, |c| sqlx::query(LOST).bind(id).bind(&name).bind(until_soon).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        assert_eq!(until(test.db(), id, "done").await.attempts, 2);
        running.stop().await;
    }

    async fn a_job_whose_lease_ended_is_taken_over_and_the_old_run_is_fenced_off(test: TestDb) {
        let leases: Arc<Mutex<Vec<Lease>>> = Arc::default();
        let (seen, resume) = (Arc::clone(&leases), Arc::new(Notify::new()));
        let go_on = Arc::clone(&resume);
        let fenced: Arc<Mutex<Option<Result<(), JobError>>>> = Arc::default();
        let outcome = Arc::clone(&fenced);
        let script = Script::new(move |context| {
            let (go_on, outcome) = (Arc::clone(&go_on), Arc::clone(&outcome));
            seen.lock().unwrap().push(context.lease.clone());
            async move {
                if context.lease.token > 1 {
                    return Ok(());
                }
                // Stuck for longer than its lease …
                go_on.notified().await;
                let mut tx = context.db.system("test").await?;
                let fence = context.lease.fence(&mut tx).await;
                *outcome.lock().unwrap() = Some(fence);
                Err(JobError::Permanent("this must not be recorded".into()))
            }
        });
        let clock = Clock::manual(START);
        // The first sign of life renews leases, and another one comes only after an hour.
        let hour = Duration::from_secs(3_600);
        let slow = || runner(test.db(), &clock, &script).heartbeat(hour).lease(hour * 3);
        let first = Running::start(slow());
        workers_at_work(test.db(), &clock, 1).await;
        let id = enqueued(test.db(), job()).await;
        eventually(|| leases.lock().unwrap().len() == 1).await;
        clock.advance(hour * 3 - Duration::from_secs(1));
        let second = Running::start(slow());
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(leases.lock().unwrap().len(), 1, "the lease still holds");
        clock.advance(Duration::from_secs(1));
        until(test.db(), id, "done").await;
        // … and then it comes back.
        resume.notify_one();
        eventually(|| fenced.lock().unwrap().is_some()).await;
        assert!(matches!(*fenced.lock().unwrap(), Some(Err(JobError::LeaseLost(_)))));
        first.stop().await;
        second.stop().await;
        let tokens: Vec<_> = leases.lock().unwrap().iter().map(|l| (l.token, l.attempts)).collect();
        assert_eq!(tokens, [(1, 1), (2, 2)]);
        let row = row(test.db(), id).await;
        assert_eq!((row.status.as_str(), row.last_error), ("done", None));
        assert!(script.dead.lock().unwrap().is_empty());
    }

    /// Between the fence and the commit nobody takes the job over, even when its lease has ended.
    async fn a_fence_holds_until_its_transaction_ends(test: TestDb) {
        let id = enqueued(test.db(), job()).await;
        let (entered, leave) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let (inside, go_on) = (Arc::clone(&entered), Arc::clone(&leave));
        let runs: Arc<Mutex<Vec<i64>>> = Arc::default();
        let seen = Arc::clone(&runs);
        let script = Script::new(move |context| {
            let (inside, go_on) = (Arc::clone(&inside), Arc::clone(&go_on));
            seen.lock().unwrap().push(context.lease.token);
            async move {
                let mut tx = context.db.system("test").await?;
                context.lease.fence(&mut tx).await?;
                if context.lease.token == 1 {
                    inside.notify_one();
                    go_on.notified().await;
                }
                context.lease.complete(&mut tx, START).await?;
                tx.commit().await?;
                Ok(())
            }
        });
        let clock = Clock::manual(START);
        let first = Running::start(runner(test.db(), &clock, &script));
        entered.notified().await;
        clock.advance(Duration::from_secs(3_600));
        let second = Running::start(runner(test.db(), &clock, &script));
        tokio::time::sleep(Duration::from_millis(150)).await;
        assert_eq!(*runs.lock().unwrap(), [1]);
        leave.notify_one();
        until(test.db(), id, "done").await;
        first.stop().await;
        second.stop().await;
        assert_eq!(*runs.lock().unwrap(), [1], "the first run ended the job in its own transaction");
    }

    async fn a_long_run_keeps_its_lease_by_renewing_it(test: TestDb) {
        let id = enqueued(test.db(), job()).await;
        let runs: Arc<Mutex<u32>> = Arc::default();
        let counted = Arc::clone(&runs);
        let script = Script::new(move |_| {
            *counted.lock().unwrap() += 1;
            async { tokio::time::sleep(Duration::from_secs(4)).await; Ok(()) }
        });
        let short = Duration::from_millis(1_500);
        let running: Vec<_> = (0..2)
            .map(|_| Running::start(runner(test.db(), &Clock::system(), &script).lease(short)))
            .collect();
        until(test.db(), id, "done").await;
        for runner in running {
            runner.stop().await;
        }
        assert_eq!(row(test.db(), id).await.attempts, 1);
        assert_eq!(*runs.lock().unwrap(), 1);
    }

    async fn a_cancelled_run_is_fenced_off_and_told(test: TestDb) {
        let id = enqueued(test.db(), job()).await;
        let told: Arc<Mutex<Vec<bool>>> = Arc::default();
        let seen = Arc::clone(&told);
        let script = Script::new(move |context| {
            let seen = Arc::clone(&seen);
            async move {
                context.cancelled.cancelled().await;
                let mut tx = context.db.system("test").await?;
                let fence = context.lease.fence(&mut tx).await;
                seen.lock().unwrap().push(fence.is_err());
                fence
            }
        });
        let clock = Clock::manual(START);
        let running = Running::start(runner(test.db(), &clock, &script).heartbeat(Duration::from_millis(30)));
        until(test.db(), id, "running").await;
        let mut tx = test.db().system("test").await.unwrap();
        assert!(cancel(&mut tx, id, START).await.unwrap());
        assert!(!cancel(&mut tx, id, START).await.unwrap(), "it has ended");
        tx.commit().await.unwrap();
        eventually(|| *told.lock().unwrap() == [true]).await;
        running.stop().await;
        assert_eq!(row(test.db(), id).await.status, "cancelled");
    }
}
