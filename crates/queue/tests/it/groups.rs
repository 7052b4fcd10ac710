//! Jobs that belong together.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use accunode_db::Clock;
use accunode_queue::{NewJob, cancel_group, enqueue_all};
use accunode_testkit::{TestDb, on_both_engines};
use uuid::Uuid;

use crate::{KIND, Running, START, Script, enqueued, eventually, job, row, runner, until};

/// A job's payload and group.
type Seen = (usize, Option<Uuid>);

/// As many jobs of a group, enqueued at once.
async fn enqueued_together(test: &TestDb, group: Uuid, jobs: usize) -> Vec<Uuid> {
    let jobs: Vec<_> = (0..jobs).map(|i| NewJob::new(KIND, &i, START).unwrap().group(group)).collect();
    let ids = jobs.iter().map(|job| job.id).collect();
    let mut tx = test.db().system("test").await.unwrap();
    enqueue_all(&mut tx, jobs).await.unwrap();
    tx.commit().await.unwrap();
    ids
}

on_both_engines! {
    async fn many_are_enqueued_at_once_and_all_run(test: TestDb) {
        let group = Uuid::now_v7();
        let ids = enqueued_together(&test, group, 300).await;
        enqueued_together(&test, group, 0).await;
        let seen: Arc<Mutex<Vec<Seen>>> = Arc::default();
        let ran = Arc::clone(&seen);
        let script = Script::new(move |context| {
            ran.lock().unwrap().push((context.payload().unwrap(), context.lease.group_id));
            async { Ok(()) }
        });
        let running = Running::start(runner(test.db(), &Clock::manual(START), &script).concurrency(4));
        for id in ids {
            until(test.db(), id, "done").await;
        }
        running.stop().await;
        let mut seen = seen.lock().unwrap().clone();
        seen.sort_unstable();
        assert_eq!(seen, (0..300).map(|i| (i, Some(group))).collect::<Vec<_>>());
    }

    /// Those that wait are gone, the one that runs is told and can write no more, and others are left alone.
    async fn a_group_is_cancelled_as_a_whole(test: TestDb) {
        let group = Uuid::now_v7();
        let ids = enqueued_together(&test, group, 20).await;
        let fenced: Arc<Mutex<Vec<bool>>> = Arc::default();
        let seen = Arc::clone(&fenced);
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
        let often = Duration::from_millis(30);
        let running =
            Running::start(runner(test.db(), &Clock::manual(START), &script).concurrency(1).heartbeat(often));
        until(test.db(), ids[0], "running").await;
        let other = enqueued_together(&test, Uuid::now_v7(), 1).await[0];
        let alone = enqueued(test.db(), job()).await;
        let mut tx = test.db().system("test").await.unwrap();
        assert_eq!(cancel_group(&mut tx, group, START).await.unwrap(), 20);
        assert_eq!(cancel_group(&mut tx, group, START).await.unwrap(), 0, "they have ended");
        tx.commit().await.unwrap();
        eventually(|| !fenced.lock().unwrap().is_empty()).await;
        assert!(fenced.lock().unwrap()[0]);
        for id in ids {
            assert_eq!(row(test.db(), id).await.status, "cancelled");
        }
        for id in [other, alone] {
            assert_ne!(row(test.db(), id).await.status, "cancelled");
        }
        running.stop().await;
    }
}
