//! What is done with the dead.

use std::time::Duration;

use accunode_db::Clock;
use accunode_queue::{Handlers, JobError, dead_letters, forget_dead, retry_dead};
use accunode_testkit::on_both_engines;
use uuid::Uuid;

use crate::{KIND, Running, START, Script, enqueued, job, row, runner, until};

on_both_engines! {
    async fn the_dead_are_shown_tried_again_and_forgotten(test: TestDb) {
        let ids = [
            enqueued(test.db(), job().max_attempts(1).tenant_key("a").group(Uuid::from_u128(7))).await,
            enqueued(test.db(), job()).await,
        ];
        let script = Script::new(|context| async move {
            match context.lease.attempts {
                1 if context.lease.token > 1 => Ok(()),
                _ => Err(JobError::Permanent("as a test".into())),
            }
        });
        let clock = Clock::manual(START);
        let running = Running::start(runner(test.db(), &clock, &script).concurrency(1));
        for id in ids {
            until(test.db(), id, "dead").await;
        }
        let mut tx = test.db().system("test").await.unwrap();
        let (letters, number) = dead_letters(&mut tx, 10, 0).await.unwrap();
        assert_eq!((letters.len(), number), (2, 2));
        let letter = letters.iter().find(|letter| letter.id == ids[0]).unwrap();
        assert_eq!((letter.kind.as_str(), letter.payload.as_str(), letter.priority), (KIND, "null", 1));
        assert_eq!((letter.tenant_key.as_deref(), letter.group_id), (Some("a"), Some(Uuid::from_u128(7))));
        assert_eq!((letter.attempts, letter.last_error.as_deref()), (1, Some("as a test")));
        assert!(letter.worker.is_some());
        let (page, number) = dead_letters(&mut tx, 1, 1).await.unwrap();
        assert_eq!((&page[..], number), (&letters[1..], 2));
        // Tried again with all its attempts, once.
        let handlers = Handlers::default().with(script.clone());
        let later = START + Duration::from_secs(60);
        let retried = retry_dead(&mut tx, ids[0], &handlers, later).await.unwrap().unwrap();
        assert_eq!((retried.id, retried.at, retried.group_id), (ids[0], later, Some(Uuid::from_u128(7))));
        assert!(retry_dead(&mut tx, ids[0], &handlers, later).await.unwrap().is_none());
        assert_eq!(forget_dead(&mut tx, ids[1]).await.unwrap().unwrap().id, ids[1]);
        assert!(forget_dead(&mut tx, ids[1]).await.unwrap().is_none());
        assert_eq!(dead_letters(&mut tx, 10, 0).await.unwrap(), (vec![], 0));
        tx.commit().await.unwrap();
        assert_eq!(*script.retried.lock().unwrap(), [ids[0]]);
        clock.advance(Duration::from_secs(60));
        until(test.db(), ids[0], "done").await;
        running.stop().await;
        assert_eq!(row(test.db(), ids[0]).await.attempts, 1);
    }

    async fn the_living_are_left_alone(test: TestDb) {
        let id = enqueued(test.db(), job()).await;
        let mut tx = test.db().system("test").await.unwrap();
        for id in [id, Uuid::nil()] {
            assert!(retry_dead(&mut tx, id, &Handlers::default(), START).await.unwrap().is_none());
            assert!(forget_dead(&mut tx, id).await.unwrap().is_none());
        }
    }
}
