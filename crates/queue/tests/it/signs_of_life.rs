//! What workers tell of themselves, and lanes of what they did.

use std::{sync::Arc, time::Duration};

use accunode_db::Clock;
use accunode_queue::{Priority, lanes, sweep_workers};
use accunode_testkit::on_both_engines;
use tokio::sync::Semaphore;

use crate::{Running, START, Script, enqueued, job, runner, until, workers_at_work};

on_both_engines! {
    async fn workers_say_what_they_do_and_have_done(test: TestDb) {
        let gate = Arc::new(Semaphore::new(0));
        let wait = Arc::clone(&gate);
        let script = Script::new(move |context| {
            let wait = Arc::clone(&wait);
            async move {
                context.count_rows(70);
                wait.acquire().await.unwrap().forget();
                context.count_rows(30);
                // Half of them end their job themselves.
                if context.lease.payload == "1" {
                    let mut tx = context.db.system("test").await?;
                    context.lease.complete(&mut tx, context.clock.now()).await?;
                    tx.commit().await?;
                }
                Ok(())
            }
        });
        let clock = Clock::manual(START);
        let often = Duration::from_millis(20);
        let worker = runner(test.db(), &clock, &script).heartbeat(often).concurrency(3);
        let running = Running::start(worker.lanes([Priority::High, Priority::Low]));
        let new = |payload: i32| accunode_queue::NewJob::new(crate::KIND, &payload, START).unwrap();
        let mut ids = Vec::new();
        for i in 0..2 {
            ids.push(enqueued(test.db(), new(i).priority(Priority::High)).await);
        }
        let waits = enqueued(test.db(), job()).await;
        for id in &ids {
            until(test.db(), *id, "running").await;
        }
        let told = loop {
            let told = workers_at_work(test.db(), &clock, 1).await.remove(0);
            if told.busy == 2 && told.rows_done == 140 { break told }
        };
        assert_eq!((told.queues.as_str(), told.concurrency, told.jobs_done), ("high,low", 3, 0));
        assert_eq!((told.pid, told.draining), (i64::from(std::process::id()), false));
        assert!(!told.host.is_empty() && told.id.starts_with(&told.host) && !told.version.is_empty());
        gate.add_permits(2);
        loop {
            let told = workers_at_work(test.db(), &clock, 1).await.remove(0);
            if (told.busy, told.jobs_done, told.rows_done) == (0, 2, 200) { break }
        }
        clock.advance(Duration::from_secs(10));
        let mut tx = test.db().system_read("test").await.unwrap();
        let known = lanes(&mut tx, clock.now()).await.unwrap();
        drop(tx);
        assert_eq!((known[0].priority, known[0].done, known[0].rows_done), (Priority::High, 2, 200));
        assert_eq!((known[0].ready, known[0].running, known[0].average_seconds), (0, 0, Some(0.0)));
        assert_eq!((known[1].ready, known[1].done, known[1].average_seconds), (1, 0, None));
        assert_eq!(known[1].oldest_wait, Some(Duration::from_secs(10)), "nobody takes its lane");
        running.stop().await;
        workers_at_work(test.db(), &clock, 0).await;
        assert_eq!(crate::row(test.db(), waits).await.status, "ready");
    }

    async fn a_worker_that_stops_says_so_meanwhile(test: TestDb) {
        let id = enqueued(test.db(), job()).await;
        let gate = Arc::new(Semaphore::new(0));
        let wait = Arc::clone(&gate);
        let script = Script::new(move |_| {
            let wait = Arc::clone(&wait);
            async move { wait.acquire().await.unwrap().forget(); Ok(()) }
        });
        let clock = Clock::manual(START);
        let running = Running::start(runner(test.db(), &clock, &script));
        until(test.db(), id, "running").await;
        running.stop.cancel();
        while !workers_at_work(test.db(), &clock, 1).await[0].draining {}
        gate.add_permits(1);
        running.stop().await;
        assert_eq!(crate::row(test.db(), id).await.status, "done");
    }

    async fn the_dead_are_not_told_of_and_swept(test: TestDb) {
        let clock = Clock::manual(START);
        let script = Script::new(|_| async { Ok(()) });
        let running = Running::start(runner(test.db(), &clock, &script));
        workers_at_work(test.db(), &clock, 1).await;
        running.kill().await;
        clock.advance(Duration::from_secs(30));
        workers_at_work(test.db(), &clock, 1).await;
        clock.advance(Duration::from_secs(1));
        workers_at_work(test.db(), &clock, 0).await;
        let mut tx = test.db().system("test").await.unwrap();
        assert_eq!(sweep_workers(&mut tx, clock.now()).await.unwrap(), 1);
        assert_eq!(sweep_workers(&mut tx, clock.now()).await.unwrap(), 0);
        tx.commit().await.unwrap();
    }
}
