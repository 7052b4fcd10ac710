//! What is told about the queue.

use std::time::Duration;

use accunode_db::prepare_all;
use accunode_queue::{Priority, cancel, position, stats};
use accunode_testkit::on_both_engines;
use uuid::Uuid;

use crate::{Running, START, Script, enqueued, job, runner, until};

on_both_engines! {
    async fn counts_and_places(test: TestDb) {
        let mut ids = Vec::new();
        for priority in [Priority::Low, Priority::Medium, Priority::Medium, Priority::High] {
            ids.push(enqueued(test.db(), job().priority(priority)).await);
        }
        let mut tx = test.db().system("test").await.unwrap();
        let known = stats(&mut tx).await.unwrap();
        assert_eq!((known.waiting, known.running, known.oldest), ([1, 2, 1], 0, Some(START)));
        let mut places = Vec::new();
        for id in &ids {
            places.push(position(&mut tx, *id).await.unwrap());
        }
        assert_eq!(places, [Some(4), Some(2), Some(3), Some(1)]);
        assert_eq!(position(&mut tx, Uuid::nil()).await.unwrap(), None);
        assert!(cancel(&mut tx, ids[3], START).await.unwrap());
        assert_eq!(position(&mut tx, ids[3]).await.unwrap(), None);
        assert_eq!(position(&mut tx, ids[1]).await.unwrap(), Some(1));
        tx.commit().await.unwrap();

        let script = Script::new(|_| std::future::pending());
        let clock = accunode_db::Clock::manual(START);
        let running = Running::start(runner(test.db(), &clock, &script).concurrency(1).grace(Duration::ZERO));
        until(test.db(), ids[1], "running").await;
        let mut tx = test.db().system_read("test").await.unwrap();
        let known = stats(&mut tx).await.unwrap();
        assert_eq!((known.waiting, known.running), ([0, 1, 1], 1));
        drop(tx);
        running.stop().await;
    }

    async fn an_id_can_be_chosen_but_not_twice(test: TestDb) {
        let id = Uuid::now_v7();
        assert_eq!(enqueued(test.db(), job().id(id)).await, id);
        let mut tx = test.db().system("test").await.unwrap();
        let twice = accunode_queue::enqueue(&mut tx, job().id(id)).await.unwrap_err();
        assert!(accunode_db::unique_violation(&twice, "job_pkey"), "{twice}");
    }

    async fn every_statement_is_understood(test: TestDb) {
        assert!(accunode_db::registered().filter(|s| s.name.starts_with("accunode_queue::")).count() >= 10);
        let refused = prepare_all(test.db()).await;
        assert!(refused.is_empty(), "{refused:?}");
    }
}
