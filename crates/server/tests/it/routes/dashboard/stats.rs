use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::stored;
use crate::{
    app::{Limits, TestApp},
    files::{annual_file, annual_row},
    routes::predictions::{annual, quarterly},
};

fn counts(annual: i64, quarterly: i64) -> Value {
    json!({ "annual": annual, "quarterly": quarterly, "total": annual + quarterly })
}

on_both_engines! {
    async fn counts_are_of_what_is_in_sight(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for actor in [&people.super_admin, &people.member, &people.neighbour, &people.stranger, &people.user,
                      &people.tenant_admin] {
            stored(&app, actor, "annual", &annual("ONE")).await;
        }
        stored(&app, &people.colleague, "quarterly", &quarterly("ONE")).await;
        let (none, one) = (counts(0, 0), counts(1, 0));
        for (actor, personal, organization, total) in [
            (&people.member, &none, counts(1, 1), counts(2, 1)),
            (&people.neighbour, &none, counts(1, 0), counts(2, 0)),
            (&people.tenant_admin, &one, counts(2, 1), counts(4, 1)),
            (&people.foreign_tenant_admin, &none, counts(1, 0), counts(2, 0)),
            (&people.user, &one, Value::Null, counts(2, 0)),
            (&people.other_user, &none, Value::Null, counts(1, 0)),
            (&people.super_admin, &none, counts(3, 1), counts(4, 1)),
        ] {
            let body = app.client(actor).get_ok("/predictions/stats").await;
            let expected = json!({
                "system": one, "personal": personal, "organization": organization, "accessible_total": total
            });
            assert_eq!(body["prediction_counts"], expected, "{}", actor.role);
            let context = json!({
                "user_id": actor.user_id, "role": actor.role.as_str(), "organization_id": actor.organization_id
            });
            assert_eq!(body["user_context"], context);
        }
        assert_eq!(app.anonymous().get("/predictions/stats").await.0, StatusCode::UNAUTHORIZED);
    }

    async fn the_own_newest_uploads_come_along(test: TestDb) {
        let app = TestApp::new(test).await;
        let member = app.client(&app.people.member);
        for i in 0..7_u16 {
            member.upload_and_wait("annual", "f.csv", &annual_file(&[annual_row("ACME", 2010 + i)])).await;
        }
        let body = member.get_ok("/predictions/stats").await;
        let jobs = body["recent_jobs"].as_array().unwrap();
        assert_eq!(jobs.len(), 5);
        for job in jobs {
            assert_eq!((&job["status"], &job["successful_rows"]), (&json!("completed"), &json!(1)));
        }
        let times: Vec<&str> = jobs.iter().map(|j| j["created_at"].as_str().unwrap()).collect();
        assert!(times.is_sorted_by(|a, b| a >= b), "{times:?}");
        assert_eq!(body["prediction_counts"]["organization"], counts(7, 0));
        let colleague = app.client(&app.people.colleague).get_ok("/predictions/stats").await;
        assert_eq!(colleague["recent_jobs"], json!([]));
    }
}
