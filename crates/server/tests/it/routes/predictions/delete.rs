use accunode_db::on;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{annual, changed, made, quarterly, stored};
use crate::app::{Limits, TestApp};

/// Rows of the tables that speak of a company's predictions: companies, predictions, versions.
async fn counts(app: &TestApp) -> (i64, i64, i64) {
    const SQL: &str = "SELECT (SELECT COUNT(*) FROM companies),
        (SELECT COUNT(*) FROM annual_predictions) + (SELECT COUNT(*) FROM quarterly_predictions),
        (SELECT COUNT(*) FROM annual_prediction_versions) + (SELECT COUNT(*) FROM quarterly_prediction_versions)";
    let mut tx = app.state.db.system_read("count in a test").await.unwrap();
    on!(tx, |c| sqlx::query_as(SQL).fetch_one(c).await).unwrap()
}

on_both_engines! {
    async fn it_goes_with_its_versions_and_the_company_stays(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for (kind, body, title) in [("annual", annual("GONE"), "Annual"), ("quarterly", quarterly("GONE"), "Quarterly")] {
            let row = stored(&app, &app.people.member, kind, &body).await;
            let path = format!("/predictions/{kind}/{}", row["id"].as_str().unwrap());
            assert_eq!(member.post(&format!("{path}/rescore"), &Value::Null).await.0, StatusCode::OK);
            assert_eq!(counts(&app).await, (1, 1, 1));
            let (status, answer) = member.delete(&path).await;
            assert_eq!(status, StatusCode::OK);
            assert_eq!(answer, json!({ "success": true, "message": format!("{title} prediction deleted successfully") }));
            assert_eq!(counts(&app).await, (1, 0, 0));
            assert_eq!(member.get(&path).await.0, StatusCode::NOT_FOUND);
            assert_eq!(member.delete(&path).await.0, StatusCode::NOT_FOUND);
            assert_eq!(member.get_ok(&format!("/predictions/{kind}")).await["total"], 0);
            // The period is free again.
            let again = stored(&app, &app.people.member, kind, &body).await;
            assert_eq!(again["version"], 1);
            member.delete(&format!("/predictions/{kind}/{}", again["id"].as_str().unwrap())).await;
        }
    }

    async fn the_log_keeps_what_it_was(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = changed(annual("LOGGED"), &json!({ "reporting_quarter": "Q2" }));
        let row = stored(&app, &app.people.member, "annual", &body).await;
        let path = format!("/predictions/annual/{}", row["id"].as_str().unwrap());
        assert_eq!(app.client(&app.people.super_admin).delete(&path).await.0, StatusCode::OK);
        let log = app.client(&app.people.tenant_admin).get_ok("/audit?action=prediction.delete").await;
        let before = &log["entries"][0]["before"];
        assert_eq!((&before["company_symbol"], &before["reporting_quarter"]), (&json!("LOGGED"), &json!("Q2")));
        assert_eq!((&before["probability"], &log["entries"][0]["after"]), (&row["probability"], &Value::Null));
    }

    /// `user` is no analyst, whatever they made before.
    async fn the_maker_of_a_row_who_left_the_organization_is_its_maker_no_more(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let row = made(&app, &app.people.colleague, "annual", "LEFT").await;
        let path = format!("/predictions/annual/{}", row["id"].as_str().unwrap());
        let user = json!({ "role": "user" });
        let role = format!("/users/{}/role", app.people.colleague.user_id);
        assert_eq!(app.client(&app.people.org_admin).put(&role, &user).await.0, StatusCode::OK);
        assert_eq!(app.client(&app.people.colleague).delete(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(app.client(&app.people.member).get(&path).await.0, StatusCode::OK);
    }
}
