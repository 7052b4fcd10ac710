//! Who is next.

use std::{
    sync::{Arc, Mutex},
    time::Duration,
};

use accunode_db::{Clock, Db, Timestamp};
use accunode_infra::Wake;
use accunode_queue::{NewJob, Priority, Runner};
use accunode_testkit::{PrivateRedis, TestDb, on_both_engines};
use tokio::sync::Semaphore;

use crate::{KIND, Running, START, Script, enqueued, eventually, runner};

fn named(name: &str, at: Timestamp, priority: Priority) -> NewJob {
    NewJob::new(KIND, &name, at).unwrap().priority(priority)
}

/// The order in which one worker at a time runs the jobs, by their payloads.
async fn order(db: &Db, now: Timestamp, jobs: usize) -> Vec<String> {
    let ran: Arc<Mutex<Vec<String>>> = Arc::default();
    let seen = Arc::clone(&ran);
    let script = Script::new(move |context| {
        seen.lock().unwrap().push(context.payload().unwrap());
        async { Ok(()) }
    });
    let running = Running::start(runner(db, &Clock::manual(now), &script).concurrency(1));
    eventually(|| ran.lock().unwrap().len() == jobs).await;
    running.stop().await;
    ran.lock().unwrap().clone()
}

on_both_engines! {
    async fn lanes_first_then_time(test: TestDb) {
        let later = START + Duration::from_secs(1);
        for (name, at, priority) in [
            ("low", START, Priority::Low),
            ("medium", START, Priority::Medium),
            ("high, later", later, Priority::High),
            ("high", START, Priority::High),
        ] {
            enqueued(test.db(), named(name, at, priority)).await;
        }
        assert_eq!(order(test.db(), later, 4).await, ["high", "high, later", "medium", "low"]);
    }

    /// A large upload does not wait for ever behind small ones.
    async fn waiting_lifts_a_job(test: TestDb) {
        let now = START + Duration::from_secs(601);
        enqueued(test.db(), named("fresh high", now, Priority::High)).await;
        enqueued(test.db(), named("low for 10 minutes", START, Priority::Low)).await;
        enqueued(test.db(), named("low for 5 minutes", START + Duration::from_secs(300), Priority::Low)).await;
        enqueued(test.db(), named("fresh medium", now, Priority::Medium)).await;
        let expected = ["low for 10 minutes", "fresh high", "low for 5 minutes", "fresh medium"];
        assert_eq!(order(test.db(), now, 4).await, expected);
    }

    /// One tenant's hundred jobs do not keep another's one waiting.
    async fn tenants_share_the_workers(test: TestDb) {
        for i in 0..6 {
            enqueued(test.db(), named(&format!("a{i}"), START, Priority::Medium).tenant_key("a")).await;
        }
        let later = START + Duration::from_secs(1);
        enqueued(test.db(), named("b", later, Priority::Medium).tenant_key("b")).await;
        enqueued(test.db(), named("nobody's", later, Priority::Medium)).await;
        let (started, gate) = (Arc::new(Mutex::new(Vec::<String>::new())), Arc::new(Semaphore::new(0)));
        let (seen, wait) = (Arc::clone(&started), Arc::clone(&gate));
        let script = Script::new(move |context| {
            seen.lock().unwrap().push(context.payload().unwrap());
            let wait = Arc::clone(&wait);
            async move { drop(wait.acquire().await); Ok(()) }
        });
        let running = Running::start(runner(test.db(), &Clock::manual(later), &script).concurrency(4));
        eventually(|| started.lock().unwrap().len() == 4).await;
        let mut first = started.lock().unwrap().clone();
        first.sort();
        assert_eq!(first, ["a0", "a1", "b", "nobody's"]);
        gate.add_permits(8);
        running.stop().await;
    }
}

/// A worker on another machine starts at once though it looks for work by itself only once an hour.
#[test]
fn redis_carries_the_wake_up() {
    // One of its own: what others say in theirs would start the job.
    let Some(redis) = PrivateRedis::start() else { return };
    let url = redis.url();
    accunode_testkit::block_on(async {
        let test = TestDb::sqlite().await;
        let (api, worker) = (Wake::redis(&url).unwrap(), Wake::redis(&url).unwrap());
        let mut subscribed = worker.listen();
        subscribed.wait().await;
        let script = Script::new(|_| async { Ok(()) });
        let runner = Runner::new(test.db().clone(), worker)
            .poll_interval(Duration::from_secs(3_600))
            .clock(Clock::manual(START))
            .handler(script);
        let running = Running::start(runner);
        tokio::time::sleep(Duration::from_millis(200)).await;
        let id = enqueued(test.db(), named("x", START, Priority::Medium)).await;
        tokio::time::sleep(Duration::from_millis(200)).await;
        assert_eq!(crate::row(test.db(), id).await.status, "ready", "nobody has said anything yet");
        // A busy Redis may lose one; nothing but a wake-up starts the job here.
        while crate::row(test.db(), id).await.status != "done" {
            api.notify();
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        running.stop().await;
    });
}
