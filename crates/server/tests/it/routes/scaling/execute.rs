use std::time::Duration;

use accunode_infra::{EcsService, EcsSettings, Scaler};
use accunode_queue::Priority;
use accunode_testkit::on_both_engines;
use axum::{
    Router,
    http::{HeaderMap, StatusCode},
    routing::post,
};
use serde_json::{Value, json};

use super::{NOW, at_rest, history, standing, waiting};
use crate::app::{Client, TestApp};

async fn execute(client: &Client) -> Value {
    let (status, body) = client.post("/scaling/execute", &json!({})).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// A service of two tasks, which takes changes or refuses them.
async fn ecs(takes: bool) -> EcsService {
    const TWO: &str = r#"{"services":[{"status":"ACTIVE","desiredCount":2}]}"#;
    const NO: &str = r#"{"__type":"AccessDeniedException","message":"arn:aws:sts::123456789012:x may not"}"#;
    let answer = move |headers: HeaderMap| async move {
        let target = headers["x-amz-target"].to_str().unwrap().to_owned();
        match (target.ends_with(".DescribeServices"), takes) {
            (true, _) => (StatusCode::OK, TWO),
            (false, true) => (StatusCode::OK, "{}"),
            (false, false) => (StatusCode::BAD_REQUEST, NO),
        }
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, Router::new().route("/", post(answer))).await });
    let settings = EcsSettings {
        region: "eu-west-1".to_owned(),
        cluster: "main".to_owned(),
        service: "worker".to_owned(),
    };
    EcsService::at(&endpoint, ("AKIDEXAMPLE", "the-secret", None), settings)
}

on_both_engines! {
    async fn without_a_scaler_nothing_is_done_and_said_to_be(test: TestDb) {
        let app = TestApp::changed(test, |parts| parts.scaler = Scaler::None).await;
        let admin = app.client(&app.people.super_admin);
        waiting(&app, Priority::Low, 100, app.state.clock.now()).await;
        let body = execute(&admin).await;
        assert_eq!((&body["action"], &body["executed"], &body["scaler"]), (&json!("scale_up"), &json!(false), &json!("none")));
        assert!(body["message"].as_str().unwrap().starts_with("Recommendation only"), "{body}");
        let (status, body) = admin.post("/scaling/manual", &json!({ "target_workers": 4 })).await;
        assert_eq!((status, &body["executed"], &body["reason"]), (StatusCode::OK, &json!(false), &json!("Manual scaling request")));
        assert!(history(&admin).await.is_empty());
        assert_eq!(admin.get_ok("/scaling/status").await["data"]["last_scale_action"], Value::Null);
    }

    async fn what_is_done_cools_down_on_every_server(test: TestDb) {
        let (app, clock, admin) = at_rest(test).await;
        let second = app.second_server(standing(&clock));
        let there = Client::of(&second, Some(&app.token(app.people.super_admin.user_id, 0)));
        let nothing = execute(&admin).await;
        assert_eq!((&nothing["action"], &nothing["executed"]), (&json!("maintain"), &json!(false)));
        assert!(nothing["message"].as_str().unwrap().starts_with("Nothing to do"), "{nothing}");
        waiting(&app, Priority::Low, 150, NOW).await;
        let body = execute(&admin).await;
        let named = ["action", "current_workers", "target_workers", "executed", "scaler", "success"];
        assert_eq!(named.map(|name| body[name].clone()),
                   [json!("scale_up"), json!(2), json!(5), json!(true), json!("local"), json!(true)]);
        assert!(body["reason"].as_str().unwrap().contains("150 jobs wait"), "{body}");
        for seconds in [0, 60, 59] {
            clock.advance(Duration::from_secs(seconds));
            assert_eq!(execute(&there).await["action"], "maintain");
        }
        // An empty history lifts no cool-down.
        let (status, cleared) = admin.delete("/scaling/history").await;
        assert_eq!((status, &cleared["success"]), (StatusCode::OK, &json!(true)));
        assert_eq!(execute(&there).await["action"], "maintain");
        clock.advance(Duration::from_secs(1));
        assert_eq!(execute(&there).await["target_workers"], 8);
        let status = admin.get_ok("/scaling/status").await["data"].clone();
        assert_eq!((&status["last_scale_action"], &status["last_scale_time"]),
                   (&json!("scale_up"), &json!(clock.now().to_string())));
    }

    async fn what_is_asked_for_by_hand_is_done_within_the_bounds(test: TestDb) {
        let (app, clock, admin) = at_rest(test).await;
        for (target, reason) in [(4, json!("a busy week")), (3, Value::Null), (12, json!(" "))] {
            clock.advance(Duration::from_secs(1));
            let body = json!({ "target_workers": target, "reason": reason });
            let (status, body) = admin.post("/scaling/manual", &body).await;
            assert_eq!((status, &body["executed"], &body["target_workers"]), (StatusCode::OK, &json!(true), &json!(target)));
        }
        let (_, body) = admin.post("/scaling/manual", &json!({ "target_workers": 12 })).await;
        assert_eq!((&body["action"], &body["executed"]), (&json!("maintain"), &json!(false)));
        let done = history(&admin).await;
        let told = |entry: &Value| (entry["action"].clone(), entry["from_workers"].clone(), entry["to_workers"].clone());
        assert_eq!(done.iter().map(told).collect::<Vec<_>>(), [
            (json!("scale_up"), json!(3), json!(12)),
            (json!("scale_down"), json!(4), json!(3)),
            (json!("scale_up"), json!(2), json!(4)),
        ]);
        assert_eq!((&done[2]["reason"], &done[1]["reason"]), (&json!("a busy week"), &json!("Manual scaling request")));
        assert_eq!((&done[2]["requested_by"], &done[2]["outcome"]), (&json!(app.people.super_admin.user_id.0), &json!("done")));
        assert_eq!(admin.get_ok("/scaling/history?limit=2").await["count"], 2);
        let log = admin.get_ok("/audit?action=scaling.execute").await;
        assert_eq!((&log["entries"][2]["before"]["workers"], &log["entries"][2]["after"]["workers"]), (&json!(2), &json!(4)));
        for target in [1, 13, 1_000] {
            let (status, body) = admin.post("/scaling/manual", &json!({ "target_workers": target })).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
            assert!(body["detail"].as_str().unwrap().starts_with("target_workers"), "{body}");
        }
        for (body, field) in [
            (json!({}), "target_workers"),
            (json!({ "target_workers": null }), "target_workers"),
            (json!({ "target_workers": "3" }), "target_workers"),
            (json!({ "target_workers": 2.5 }), "target_workers"),
            (json!({ "target_workers": -1 }), "target_workers"),
            (json!({ "target_workers": 3, "reason": 7 }), "reason"),
            (json!({ "target_workers": 3, "reason": "x".repeat(501) }), "reason"),
            (json!({ "target_workers": 3, "reason": "a\u{0}b" }), "reason"),
        ] {
            let (status, answer) = admin.post("/scaling/manual", &body).await;
            assert_eq!((status, &answer["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{body}");
        }
        assert_eq!(history(&admin).await.len(), 3);
    }

    async fn of_many_at_once_one_acts(test: TestDb) {
        let (app, clock, admin) = at_rest(test).await;
        waiting(&app, Priority::High, 40, NOW).await;
        let second = app.second_server(standing(&clock));
        let there = Client::of(&second, Some(&app.token(app.people.super_admin.user_id, 0)));
        let body = json!({});
        let calls = (0..10).map(|i| [&admin, &there][i % 2].post("/scaling/execute", &body));
        let outcomes = futures_util::future::join_all(calls).await;
        let executed = outcomes.iter().filter(|(_, body)| body["executed"] == true).count();
        assert_eq!(executed, 1, "{outcomes:?}");
        assert!(outcomes.iter().all(|(status, _)| [StatusCode::OK, StatusCode::CONFLICT].contains(status)));
        assert_eq!(history(&admin).await.len(), 1);
    }

    async fn a_scaler_that_refuses_is_told_of_and_cools_nothing_down(test: TestDb) {
        let service = ecs(false).await;
        let app = TestApp::changed(test, |parts| parts.scaler = Scaler::Ecs(service)).await;
        let admin = app.client(&app.people.super_admin);
        waiting(&app, Priority::Low, 100, app.state.clock.now()).await;
        for _ in 0..2 {
            let (status, body) = admin.post("/scaling/execute", &json!({})).await;
            assert_eq!(status, StatusCode::SERVICE_UNAVAILABLE, "{body}");
            let detail = body["detail"].as_str().unwrap();
            assert!(detail.ends_with("refused with AccessDeniedException"), "{detail}");
        }
        let done = history(&admin).await;
        assert!(done.len() == 2 && done.iter().all(|entry| entry["outcome"] == "failed"), "{done:?}");
        assert_eq!(done[0]["error"], "refused with AccessDeniedException");
        assert_eq!(admin.get_ok("/audit?action=scaling.fail").await["entries"].as_array().unwrap().len(), 2);
        assert_eq!(admin.get_ok("/scaling/status").await["data"]["last_scale_action"], Value::Null);
    }

    async fn a_scaler_that_does_it_is_asked_how_many_there_are(test: TestDb) {
        let service = ecs(true).await;
        let app = TestApp::changed(test, |parts| parts.scaler = Scaler::Ecs(service)).await;
        let admin = app.client(&app.people.super_admin);
        waiting(&app, Priority::Low, 100, app.state.clock.now()).await;
        let body = execute(&admin).await;
        assert_eq!((&body["current_workers"], &body["target_workers"], &body["executed"]), (&json!(2), &json!(5), &json!(true)));
        let done = history(&admin).await;
        assert_eq!((&done[0]["outcome"], &done[0]["scaler"]), (&json!("done"), &json!("ecs")));
    }
}
