//! Wake-ups through PostgreSQL.

use std::time::Duration;

use accunode_db::{Clock, Db, Options};
use accunode_infra::{Listener, Wake};
use accunode_queue::{Runner, wake_through};
use accunode_testkit::{TestDb, block_on};
use tokio::time::timeout;

use crate::{Running, START, Script, enqueued, job, row, until};

const SOON: Duration = Duration::from_secs(30);
const NOT_AT_ALL: Duration = Duration::from_millis(200);

async fn hears(listener: &mut Listener) -> bool {
    timeout(SOON, listener.wait()).await.is_ok()
}

/// As another process has it, with a listener that misses nothing.
async fn elsewhere(test: &TestDb) -> (Wake, Listener) {
    let wake = wake_through(&Db::connect(test.url(), &Options::default()).await.unwrap());
    let listener = wake.listen();
    (wake, listener)
}

#[test]
fn other_processes_hear_and_find_a_lost_connection_again() {
    block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let ((here, mut near), (_there, mut far)) = (elsewhere(&test).await, elsewhere(&test).await);
        assert_eq!(format!("{here:?}"), "Wake(postgres)");
        assert_eq!(here.ping().await, None, "whether the database answers is asked elsewhere");
        assert!(hears(&mut near).await && hears(&mut far).await, "listening itself wakes");
        assert!(timeout(NOT_AT_ALL, far.wait()).await.is_err());
        here.notify();
        assert!(hears(&mut near).await && hears(&mut far).await);
        while timeout(NOT_AT_ALL, near.wait()).await.is_ok() {}
        // Everybody's connection for listening goes.
        let listeners = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                         WHERE datname = current_database() AND query LIKE 'LISTEN%'";
        test.as_owner(listeners).await.unwrap();
        assert!(hears(&mut far).await && hears(&mut near).await, "being back wakes, too");
        // Who was told while the other was still away hears of it then.
        while timeout(NOT_AT_ALL, far.wait()).await.is_ok() {}
        here.notify();
        assert!(hears(&mut far).await);
    });
}

/// A worker elsewhere starts at once though it looks for work by itself only once an hour; and without any
/// notification within its own interval.
#[test]
fn a_notification_starts_work_elsewhere() {
    block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let ((api, _), (worker, mut listening)) = (elsewhere(&test).await, elsewhere(&test).await);
        listening.wait().await;
        let script = Script::new(|_| async { Ok(()) });
        let runner = Runner::new(test.db().clone(), worker)
            .poll_interval(Duration::from_secs(3_600))
            .clock(Clock::manual(START))
            .handler(script);
        let running = Running::start(runner);
        crate::workers_at_work(test.db(), &Clock::manual(START), 1).await;
        tokio::time::sleep(NOT_AT_ALL).await;
        let id = enqueued(test.db(), job()).await;
        tokio::time::sleep(NOT_AT_ALL).await;
        assert_eq!(row(test.db(), id).await.status, "ready", "nobody has said anything yet");
        api.notify();
        until(test.db(), id, "done").await;
        running.stop().await;
    });
}

#[test]
fn on_sqlite_they_stay_in_the_process() {
    block_on(async {
        let test = TestDb::sqlite().await;
        let wake = wake_through(test.db());
        assert_eq!(format!("{wake:?}"), "Wake(in process)");
        let mut listener = wake.listen();
        wake.notify();
        assert!(hears(&mut listener).await);
        // A worker of another process finds a job by looking.
        let script = Script::new(|_| async { Ok(()) });
        let other = Db::connect(test.url(), &Options::default()).await.unwrap();
        let runner = Runner::new(other, Wake::in_process()).handler(script);
        let running = Running::start(runner.clock(Clock::system()));
        let id = enqueued(test.db(), job()).await;
        until(test.db(), id, "done").await;
        running.stop().await;
    });
}
