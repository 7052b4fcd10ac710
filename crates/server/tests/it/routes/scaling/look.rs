use std::time::Duration;

use accunode_db::Clock;
use accunode_infra::Scaler;
use accunode_queue::Priority;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{NOW, at_rest, waiting};
use crate::app::{Client, TestApp};

const QUEUES: [&str; 3] = ["high_priority", "medium_priority", "low_priority"];

/// The metrics, once nothing waits and the worker has said that it does nothing.
async fn at_rest_again(admin: &Client) -> Value {
    for _ in 0..600 {
        let metrics = admin.get_ok("/scaling/metrics").await;
        let (lane, workers) = (&metrics["data"]["medium_priority"], &metrics["workers"]);
        let left = [&lane["pending_tasks"], &lane["active_tasks"], &workers["busy"]];
        if left == [0; 3].map(Value::from).each_ref() && workers["live"] == 1 {
            return metrics;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("never at rest: {}", admin.get_ok("/scaling/metrics").await);
}

on_both_engines! {
    async fn at_rest_nothing_is_made_up(test: TestDb) {
        let (_app, _, admin) = at_rest(test).await;
        let metrics = admin.get_ok("/scaling/metrics").await;
        for queue in QUEUES {
            let expected = json!({
                "pending_tasks": 0, "active_tasks": 0, "processing_rate": null, "avg_processing_time": null,
                "rows_per_second": null, "oldest_wait_seconds": null, "last_updated": NOW.to_string()
            });
            assert_eq!(metrics["data"][queue], expected);
        }
        let nobody = json!({ "live": 0, "draining": 0, "slots": 0, "busy": 0, "busy_share": null });
        assert_eq!((&metrics["workers"], &metrics["backlog_per_worker"]), (&nobody, &json!(0.0)));
        let status = admin.get_ok("/scaling/status").await;
        let data = &status["data"];
        assert_eq!((&status["success"], &data["timestamp"]), (&json!(true), &json!(NOW.to_string())));
        let idle = json!({ "pending_tasks": 0, "active_tasks": 0, "processing_rate": null });
        assert!(QUEUES.iter().all(|queue| data["queue_metrics"][queue] == idle), "{data}");
        // As many are wanted as the least, and a local scaler has as many as are wanted.
        assert_eq!(
            data["scaling_recommendation"],
            json!({ "action": "maintain", "current_workers": 2, "target_workers": 2, "priority": 3,
                    "reason": "No job waits: the number of workers fits" })
        );
        assert_eq!(
            data["configuration"],
            json!({ "min_workers": 2, "max_workers": 12, "scale_up_threshold": 25, "scale_down_threshold": 5,
                    "scale_up_cooldown": 120, "scale_down_cooldown": 600, "emergency_threshold": 100, "version": 0 })
        );
        assert_eq!((&data["last_scale_action"], &data["last_scale_time"]), (&Value::Null, &Value::Null));
        assert_eq!((&data["scaler"], &data["automatic"], &data["led"]), (&json!("local"), &json!(true), &json!(false)));
    }

    async fn what_waits_is_counted_by_lane_once_it_could_run(test: TestDb) {
        let (app, clock, admin) = at_rest(test).await;
        waiting(&app, Priority::High, 3, NOW).await;
        waiting(&app, Priority::Low, 60, NOW).await;
        waiting(&app, Priority::Medium, 500, NOW + Duration::from_secs(3_600)).await;
        clock.advance(Duration::from_secs(90));
        let metrics = admin.get_ok("/scaling/metrics").await;
        let pending = QUEUES.map(|queue| metrics["data"][queue]["pending_tasks"].clone());
        assert_eq!(pending, [json!(3), json!(0), json!(60)]);
        assert_eq!(metrics["data"]["low_priority"]["oldest_wait_seconds"], 90.0);
        assert_eq!(metrics["data"]["medium_priority"]["oldest_wait_seconds"], Value::Null);
        assert_eq!(metrics["backlog_per_worker"], 63.0);
        let recommendation = admin.get_ok("/scaling/recommendation").await["data"].clone();
        assert_eq!(
            recommendation,
            json!({ "action": "scale_up", "current_workers": 2, "target_workers": 6, "priority": 2,
                    "reason": "63 jobs wait; at two a minute each that is 15.8 minutes of work",
                    "cost_impact": "medium", "timestamp": clock.now().to_string() })
        );
        waiting(&app, Priority::High, 17, NOW).await;
        let urgent = admin.get_ok("/scaling/recommendation").await["data"].clone();
        assert_eq!((&urgent["target_workers"], &urgent["priority"]), (&json!(5), &json!(1)), "{urgent}");
    }

    async fn speed_and_workers_are_measured(test: TestDb) {
        let clock = Clock::manual(NOW);
        let app = TestApp::changed(test, |parts| parts.clock = clock.clone()).await;
        let admin = app.client(&app.people.super_admin);
        waiting(&app, Priority::Medium, 10, NOW).await;
        app.work_on_what_waits();
        let metrics = at_rest_again(&admin).await;
        // Ten in five minutes, which took no time of a clock that stands still.
        let mut lane = json!({
            "pending_tasks": 0, "active_tasks": 0, "processing_rate": 2.0, "avg_processing_time": 0.0,
            "rows_per_second": 0.0, "oldest_wait_seconds": null, "last_updated": NOW.to_string()
        });
        assert_eq!(metrics["data"]["medium_priority"], lane);
        for field in ["processing_rate", "avg_processing_time", "rows_per_second"] {
            lane[field] = Value::Null;
        }
        assert_eq!((&metrics["data"]["high_priority"], &metrics["data"]["low_priority"]), (&lane, &lane));
        let one = json!({ "live": 1, "draining": 0, "slots": 2, "busy": 0, "busy_share": 0.0 });
        assert_eq!(metrics["workers"], one);
        // Without a scaler the living workers are those that there are.
        let recommendation = admin.get_ok("/scaling/recommendation").await;
        assert_eq!(recommendation["data"]["current_workers"], 1, "{recommendation}");
        // What ended five minutes ago says nothing of now.
        clock.advance(Duration::from_secs(300));
        lane["last_updated"] = json!(clock.now().to_string());
        assert_eq!(admin.get_ok("/scaling/metrics").await["data"]["medium_priority"], lane);
    }

    async fn a_limit_that_is_none_is_named(test: TestDb) {
        let (_app, _, admin) = at_rest(test).await;
        for limit in ["0", "-1", "1001", "x", "1e3", "99999999999999999999"] {
            let (status, body) = admin.get(&format!("/scaling/history?limit={limit}")).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("limit")));
        }
        for limit in ["", "1", "1000"] {
            assert_eq!(admin.get_ok(&format!("/scaling/history?limit={limit}")).await["count"], 0);
        }
    }

    async fn without_a_scaler_the_state_says_so(test: TestDb) {
        let app = TestApp::changed(test, |parts| parts.scaler = Scaler::None).await;
        let status = app.client(&app.people.super_admin).get_ok("/scaling/status").await;
        let data = &status["data"];
        assert_eq!((&data["scaler"], &data["automatic"]), (&json!("none"), &json!(false)));
        assert_eq!(data["scaling_recommendation"]["current_workers"], 0);
    }
}
