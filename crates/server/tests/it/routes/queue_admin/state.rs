use std::time::Duration;

use accunode_queue::{NewJob, Priority, enqueue};
use accunode_testkit::on_both_engines;
use serde_json::json;

use super::{died, refused_to_others};
use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn what_waits_who_works_and_what_died(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let now = app.state.clock.now() - Duration::from_secs(60);
        let mut tx = app.state.db.system("a test").await.unwrap();
        for _ in 0..2 {
            let job = NewJob::new("nothing", &json!({}), now).unwrap().priority(Priority::Low);
            enqueue(&mut tx, job).await.unwrap();
        }
        tx.commit().await.unwrap();
        died(&app, "nothing", "{}", "no reason").await;
        let root = app.client(&app.people.super_admin);
        let state = root.get_ok("/queue").await;
        let names: Vec<_> = state["lanes"].as_array().unwrap().iter().map(|lane| &lane["name"]).collect();
        assert_eq!(names, ["high_priority", "medium_priority", "low_priority"]);
        assert_eq!((&state["dead"], &state["workers"]), (&json!(1), &json!([])));
        let low = &state["lanes"][2];
        assert_eq!((&low["ready"], &low["running"], &low["average_run_seconds"]), (&json!(2), &json!(0), &json!(null)));
        for wait in [&low["oldest_wait_seconds"], &state["oldest_wait_seconds"]] {
            assert!(wait.as_f64().unwrap() >= 60.0, "{state}");
        }
        assert_eq!(state["lanes"][0]["oldest_wait_seconds"], json!(null));
        // A worker shows itself soon, and tidies up at once: its first jobs are done.
        app.work();
        let state = loop {
            let state = root.get_ok("/queue").await;
            if state["workers"][0]["jobs_done"].as_i64() >= Some(2) { break state }
            tokio::time::sleep(Duration::from_millis(100)).await;
        };
        let worker = &state["workers"][0];
        assert_eq!(worker["queues"], json!(["high_priority", "medium_priority", "low_priority"]));
        assert_eq!((&worker["concurrency"], &worker["draining"]), (&json!(2), &json!(false)));
        assert!(state["lanes"][1]["done_last_5_minutes"].as_i64() >= Some(2), "{state}");
    }

    async fn only_super_admins_see_the_queue(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        refused_to_others(&app, "GET", "/queue").await;
    }
}
