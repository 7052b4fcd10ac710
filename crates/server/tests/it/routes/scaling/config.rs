use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use super::at_rest;
use crate::{
    app::{Client, TestApp},
    routes::users::audited,
};

on_both_engines! {
    async fn a_change_counts_on_every_server_and_leaves_an_entry(test: TestDb) {
        let (app, clock, admin) = at_rest(test).await;
        let second = app.second_server(|parts| parts.clock = clock.clone());
        let token = app.token(app.people.super_admin.user_id, 0);
        let there = Client::of(&second, Some(&token));
        let (status, body) = admin.put("/scaling/config", &json!({ "max_workers": 20, "min_workers": 3 })).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let expected = json!({
            "min_workers": 3, "max_workers": 20, "scale_up_threshold": 25, "scale_down_threshold": 5,
            "scale_up_cooldown": 120, "scale_down_cooldown": 600, "emergency_threshold": 100, "version": 1
        });
        assert_eq!((&body["success"], &body["data"]), (&json!(true), &expected));
        assert!(body["message"].is_string());
        assert_eq!(there.get_ok("/scaling/config").await["data"], expected);
        let (_, body) = there.put("/scaling/config", &json!({ "scale_up_cooldown": 0 })).await;
        assert_eq!((&body["data"]["scale_up_cooldown"], &body["data"]["min_workers"]), (&json!(0), &json!(3)));
        assert_eq!(audited(&app, "config").await, ["scaling.config", "scaling.config"]);
        let log = admin.get_ok("/audit?action=scaling.config").await;
        let entry = &log["entries"][1];
        assert_eq!((&entry["before"]["max_workers"], &entry["after"]["max_workers"]), (&json!(12), &json!(20)));
    }

    async fn the_environment_counts_until_somebody_changes_something(test: TestDb) {
        let mine = |parts: &mut accunode_server::state::Parts| parts.config.scaling.thresholds.max_workers = 6;
        let app = TestApp::changed(test, mine).await;
        let admin = app.client(&app.people.super_admin);
        assert_eq!(admin.get_ok("/scaling/config").await["data"]["max_workers"], 6);
        admin.put("/scaling/config", &json!({ "min_workers": 1 })).await;
        let second = app.second_server(|parts| parts.config.scaling.thresholds.max_workers = 8);
        let token = app.token(app.people.super_admin.user_id, 0);
        let data = Client::of(&second, Some(&token)).get_ok("/scaling/config").await["data"].clone();
        assert_eq!((&data["min_workers"], &data["max_workers"]), (&json!(1), &json!(6)));
    }

    async fn what_cannot_stand_together_is_named_and_changes_nothing(test: TestDb) {
        let (_app, _, admin) = at_rest(test).await;
        for (body, field) in [
            (json!({ "min_workers": 13 }), "max_workers"),
            (json!({ "max_workers": 1 }), "max_workers"),
            (json!({ "scale_up_threshold": 5 }), "scale_down_threshold"),
            (json!({ "scale_down_threshold": 25 }), "scale_down_threshold"),
            (json!({ "scale_up_threshold": 101 }), "emergency_threshold"),
            (json!({ "emergency_threshold": 24 }), "emergency_threshold"),
        ] {
            let (status, answer) = admin.put("/scaling/config", &body).await;
            assert_eq!(status, StatusCode::BAD_REQUEST, "{body}: {answer}");
            assert!(answer["detail"].as_str().unwrap().starts_with(field), "{body}: {answer}");
        }
        for (field, value) in [
            ("min_workers", json!(0)),
            ("min_workers", json!("2")),
            ("max_workers", json!(1_001)),
            ("max_workers", json!(2.5)),
            ("scale_up_threshold", json!(0)),
            ("scale_down_threshold", json!(-1)),
            ("scale_up_cooldown", json!(-1)),
            ("scale_down_cooldown", json!(86_401)),
            ("emergency_threshold", json!(1e300)),
            ("expected_version", json!(-1)),
        ] {
            let (status, answer) = admin.put("/scaling/config", &json!({ field: value })).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{field} {value}: {answer}");
            assert_eq!(answer["errors"][0]["field"], field, "{answer}");
        }
        let (status, answer) = admin.put("/scaling/config", &json!({ "min_workers": 0, "max_workers": "x" })).await;
        assert_eq!((status, answer["errors"].as_array().unwrap().len()), (StatusCode::UNPROCESSABLE_ENTITY, 2));
        assert_eq!(admin.put("/scaling/config", &json!([])).await.0, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(admin.get_ok("/scaling/config").await["data"]["version"], 0);
    }

    async fn who_comes_late_is_told(test: TestDb) {
        let (_app, _, admin) = at_rest(test).await;
        let from = |version: i64| json!({ "max_workers": 20, "expected_version": version });
        assert_eq!(admin.put("/scaling/config", &from(1)).await.0, StatusCode::CONFLICT);
        let body = from(0);
        let changes = (0..8).map(|_| admin.put("/scaling/config", &body));
        let outcomes = futures_util::future::join_all(changes).await;
        let of = |wanted: StatusCode| outcomes.iter().filter(|(status, _)| *status == wanted).count();
        assert_eq!((of(StatusCode::OK), of(StatusCode::CONFLICT)), (1, 7), "{outcomes:?}");
        assert_eq!(admin.get_ok("/scaling/config").await["data"]["version"], 1);
    }
}
