use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{halves, with};
use crate::{
    app::{Client, Limits, TestApp},
    routes::{
        predictions::{annual, quarterly},
        users::audited,
    },
};

/// The grade of a new prediction.
async fn graded(client: &Client, symbol: &str) -> Value {
    let (status, body) = client.post("/predictions/annual", &annual(symbol)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["prediction"]["grade"].clone()
}

async fn stored_grades(app: &TestApp) -> Vec<(String, String, Option<uuid::Uuid>)> {
    const GRADES: &str = "SELECT c.symbol, p.grade, p.grade_scale_id FROM companies c JOIN
        (SELECT company_id, grade, grade_scale_id FROM annual_predictions
         UNION ALL SELECT company_id, grade, grade_scale_id FROM quarterly_predictions) p ON p.company_id = c.id
        ORDER BY c.symbol, p.grade";
    let mut tx = app.state.db.system_read("look at grades").await.unwrap();
    accunode_db::on!(tx, |c| sqlx::query_as(GRADES).fetch_all(c).await).unwrap()
}

on_both_engines! {
    async fn a_change_leaves_the_past_alone_and_counts_at_once_on_every_server(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let second = app.second_server(|_| {});
        let token = app.token(people.member.user_id, 0);
        let (here, there) = (app.with_token(&token), Client::of(&second, Some(&token)));
        graded(&here, "BEFORE").await;
        let (status, _) = here.post("/predictions/quarterly", &quarterly("BEFOREQ")).await;
        assert_eq!(status, StatusCode::OK);
        let before = stored_grades(&app).await;
        assert!(before.iter().all(|(_, grade, scale)| grade != "bad" && scale.is_none()), "{before:?}");
        let path = "/master-scale";
        // Everything is bad above a probability that nothing stays below.
        let (status, first) = app.client(&people.tenant_admin).put(path, &halves(1e-12)).await;
        assert_eq!(status, StatusCode::OK, "{first}");
        assert_eq!(graded(&there, "THERE").await, "bad");
        assert_eq!(graded(&here, "HERE").await, "bad");
        let (_, other) = app.client(&people.tenant_admin).put(path, &halves(0.999_999)).await;
        assert_eq!((&first["version"], &other["version"]), (&json!(1), &json!(2)));
        assert_eq!(graded(&there, "THEREAFTER").await, "good");
        assert_ne!(graded(&app.client(&people.stranger), "FOREIGN").await, "good");
        let after = stored_grades(&app).await;
        for row in &before {
            assert!(after.contains(row), "{row:?} is gone from {after:?}");
        }
        let of = |symbol: &str| after.iter().find(|row| row.0 == symbol).unwrap().2.map(|id| json!(id));
        assert_eq!((of("THERE"), of("THEREAFTER")), (Some(first["id"].clone()), Some(other["id"].clone())));
        assert_eq!(audited(&app, first["id"].as_str().unwrap()).await, ["scale.update"]);
    }

    async fn the_log_keeps_what_was_and_what_is(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.tenant_admin);
        admin.put("/master-scale", &halves(0.1)).await;
        admin.put("/master-scale", &with(halves(0.2), json!({ "note": "stricter" }))).await;
        let log = admin.get_ok("/audit?action=scale.").await;
        let entry = &log["entries"][0];
        assert_eq!((&entry["before"]["version"], &entry["after"]["version"]), (&json!(1), &json!(2)));
        assert_eq!(entry["before"]["grades"][0]["upper"], 0.1);
        assert_eq!((&entry["after"]["grades"][0]["upper"], &entry["after"]["note"]), (&json!(0.2), &json!("stricter")));
        assert_eq!(log["entries"][1]["before"], Value::Null);
    }

    async fn who_may_not_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let tenant = people.tenant_admin.tenant_id.unwrap();
        let named = with(halves(0.1), json!({ "tenant_id": tenant }));
        for actor in [&people.user, &people.member, &people.org_admin, &people.stranger] {
            assert_eq!(app.client(actor).put("/master-scale", &named).await.0, StatusCode::FORBIDDEN);
        }
        let foreign = app.client(&people.foreign_tenant_admin);
        assert_eq!(foreign.put("/master-scale", &named).await.0, StatusCode::FORBIDDEN);
        assert_eq!(app.anonymous().put("/master-scale", &named).await.0, StatusCode::UNAUTHORIZED);
        let nowhere = with(halves(0.1), json!({ "tenant_id": uuid::Uuid::now_v7() }));
        assert_eq!(app.client(&people.super_admin).put("/master-scale", &nowhere).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.client(&people.member).get_ok("/master-scale").await["origin"], "built_in");
        let (status, body) = app.client(&people.super_admin).put("/master-scale", &named).await;
        assert_eq!((status, &body["tenant_id"]), (StatusCode::OK, &json!(tenant)));
        assert_eq!(app.client(&people.member).get_ok("/master-scale").await["origin"], "tenant");
    }

    async fn who_comes_late_is_told(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.tenant_admin);
        let from = |version: i64| with(halves(0.1), json!({ "expected_version": version }));
        assert_eq!(admin.put("/master-scale", &from(1)).await.0, StatusCode::CONFLICT);
        assert_eq!(admin.put("/master-scale", &from(0)).await.0, StatusCode::OK);
        assert_eq!(admin.put("/master-scale", &from(0)).await.0, StatusCode::CONFLICT);
        assert_eq!(admin.put("/master-scale", &from(1)).await.0, StatusCode::OK);
        // Of many at once from the same version, one wins.
        let body = from(2);
        let changes = (0..8).map(|_| admin.put("/master-scale", &body));
        let outcomes = futures_util::future::join_all(changes).await;
        let of = |wanted: StatusCode| outcomes.iter().filter(|(status, _)| *status == wanted).count();
        assert_eq!((of(StatusCode::OK), of(StatusCode::CONFLICT)), (1, 7), "{outcomes:?}");
        assert_eq!(admin.get_ok("/master-scale").await["version"], 3);
    }

    async fn what_is_no_scale_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let admin = app.client(&app.people.tenant_admin);
        let grades = |list: Value| json!({ "grades": list });
        for (body, field) in [
            (json!({}), "grades"),
            (grades(json!([])), "grades"),
            (grades(json!("A")), "grades"),
            (grades(json!([{ "grade": "A", "upper": null }])), "grades"),
            (grades(json!([1, 2])), "grades[0].grade"),
            (grades(json!([{ "grade": "A", "upper": "x" }, { "grade": "B" }])), "grades[0].upper"),
            (grades(json!([{ "grade": "A" }, { "grade": "B" }])), "grades[0].upper"),
            (grades(json!([{ "grade": "A", "upper": 0.1 }, { "grade": "a" }])), "grades[1].grade"),
            (grades(json!([{ "grade": "A", "upper": 0.1 }, { "grade": "B", "upper": 0.1 }, { "grade": "C" }])),
             "grades[1].upper"),
            (grades(json!([{ "grade": "A", "upper": 1.5 }, { "grade": "B" }])), "grades[0].upper"),
            (with(halves(0.1), json!({ "note": "x".repeat(501) })), "note"),
            (with(halves(0.1), json!({ "note": "a\u{0}b" })), "note"),
            (with(halves(0.1), json!({ "expected_version": -1 })), "expected_version"),
            (with(halves(0.1), json!({ "tenant_id": "x" })), "tenant_id"),
        ] {
            let (status, answer) = admin.put("/master-scale", &body).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}: {answer}");
            assert_eq!(answer["errors"][0]["field"], field, "{body}: {answer}");
        }
        assert_eq!(admin.get_ok("/master-scale").await["version"], 0);
    }
}
