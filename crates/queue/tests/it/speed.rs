//! Measurements, run by hand:
//! `scripts/with-services.sh cargo test --release -p accunode-queue --test it -- --ignored --nocapture speed`

use std::{
    sync::{
        Arc,
        atomic::{AtomicU32, Ordering},
    },
    time::Instant,
};

use accunode_db::Clock;
use accunode_queue::enqueue;
use accunode_testkit::on_both_engines;

use crate::{Running, START, Script, eventually, job, runner};

on_both_engines! {
    /// Jobs that do nothing, of fifty tenants, with ten thousand waiting.
    #[ignore = "a measurement"]
    async fn claims(test: TestDb) {
        let mut tx = test.db().system("test").await.unwrap();
        for i in 0..10_000 {
            enqueue(&mut tx, job().tenant_key(format!("tenant {}", i % 50))).await.unwrap();
        }
        tx.commit().await.unwrap();
        let done = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&done);
        let script = Script::new(move |_| {
            counted.fetch_add(1, Ordering::Relaxed);
            async { Ok(()) }
        });
        let start = Instant::now();
        let running = Running::start(runner(test.db(), &Clock::manual(START), &script).concurrency(4));
        eventually(|| done.load(Ordering::Relaxed) >= 100).await;
        println!("{}: {:.1} ms a job", test.engine(), start.elapsed().as_secs_f64() * 1e3 / 100.0);
        running.stop().await;
    }
}
