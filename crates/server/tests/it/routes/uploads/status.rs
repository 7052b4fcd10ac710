use accunode_domain::UploadId;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::{
    app::{Limits, TestApp},
    files::{annual_file, annual_row},
};

on_both_engines! {
    async fn a_waiting_job_has_its_place(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        let (_, accepted) = user.upload("annual", "a.csv", &annual_file(&[annual_row("AAA", 2023)])).await;
        let id = accepted["job_id"].as_str().unwrap();
        let job = user.get_ok(&format!("/predictions/jobs/{id}/status")).await["job"].clone();
        assert_eq!((job["status"].as_str(), job["progress_percentage"].as_f64()), (Some("queued"), Some(0.0)));
        assert_eq!((job["queue_position"].as_i64(), job["system_load"].as_str()), (Some(1), Some("low")));
        app.work();
        let job = user.wait(id).await;
        assert_eq!((job["status"].as_str(), job["progress_percentage"].as_f64()), (Some("completed"), Some(100.0)));
        assert_eq!(job["queue_position"], 0);
        assert!(job["started_at"].is_string() && job["completed_at"].is_string());
    }

    /// Who may follow a job: its owner, the people of its organization, whoever runs its tenant, the platform.
    async fn only_those_concerned_see_a_job(test: TestDb) {
        let app = TestApp::new(test).await;
        let people = &app.people;
        let member = app.client(&people.member);
        let job = member.upload_and_wait("annual", "a.csv", &annual_file(&[annual_row("AAA", 2023)])).await;
        let path = format!("/predictions/jobs/{}/status", job["id"].as_str().unwrap());
        for (actor, sees) in [
            (&people.colleague, true),
            (&people.org_admin, true),
            (&people.tenant_admin, true),
            (&people.super_admin, true),
            (&people.stranger, false),
            (&people.foreign_tenant_admin, false),
            (&people.user, false),
        ] {
            let (status, body) = app.client(actor).get(&path).await;
            assert_eq!(status == StatusCode::OK, sees, "{:?}: {body}", actor.role);
            if !sees {
                assert_eq!((status, body["detail"].as_str()), (StatusCode::NOT_FOUND, Some("Job not found")));
            }
        }
        assert_eq!(app.anonymous().get(&path).await.0, StatusCode::UNAUTHORIZED);
    }

    async fn unknown_jobs_are_not_found(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        for id in [UploadId::new().to_string(), "7".to_owned(), "not-an-id".to_owned()] {
            assert_eq!(user.get(&format!("/predictions/jobs/{id}/status")).await.0, StatusCode::NOT_FOUND, "{id}");
        }
    }
}
