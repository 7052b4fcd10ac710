use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::{
    app::{Client, Limits, TestApp},
    files::{annual_file, annual_row},
};

fn rows(n: usize) -> Vec<u8> {
    annual_file(&(0..n).map(|i| annual_row(&format!("C{i}"), 2020)).collect::<Vec<_>>())
}

async fn handed_in(client: &Client, n: usize) -> String {
    let (status, accepted) = client.upload("annual", "a.csv", &rows(n)).await;
    assert_eq!(status, StatusCode::OK, "{accepted}");
    accepted["job_id"].as_str().unwrap().to_owned()
}

on_both_engines! {
    async fn a_waiting_job_is_cancelled_for_good(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { chunk: 2, ..Limits::default() }).await;
        let member = app.client(&app.people.member);
        let id = handed_in(&member, 5).await;
        let (status, body) = member.post_text(&format!("/predictions/jobs/{id}/cancel"), "").await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!((body["job"]["status"].as_str(), body["job"]["id"].as_str()), (Some("cancelled"), Some(id.as_str())));
        app.work();
        let other = member.upload_and_wait("annual", "b.csv", &annual_file(&[annual_row("OTHER", 2020)])).await;
        assert_eq!(other["status"], "completed");
        // Clients that know no cancelled job are told of a failed one.
        let job = member.get_ok(&format!("/predictions/jobs/{id}/status")).await["job"].clone();
        assert_eq!((job["status"].as_str(), job["cancelled"].as_bool()), (Some("failed"), Some(true)), "{job}");
        assert_eq!((job["error_message"].as_str(), job["processed_rows"].as_i64()), (Some("Job cancelled by user"), Some(0)));
        assert_eq!(member.get_ok(&format!("/predictions/jobs/{id}")).await["job"]["status"], "cancelled");
        assert_eq!(member.get_ok("/predictions/annual?size=1").await["total"], 1);
        let (status, body) = member.post_text(&format!("/predictions/jobs/{id}/cancel"), "").await;
        assert_eq!((status, body["detail"].as_str()), (StatusCode::BAD_REQUEST, Some("Job is cancelled already: it cannot be cancelled")));
    }

    /// Whatever was committed before the cancel is counted, and nothing is committed after it.
    async fn a_running_job_stops_where_it_is(test: TestDb) {
        let app = TestApp::without_worker(test, Limits { chunk: 1, ..Limits::default() }).await;
        let member = app.client(&app.people.member);
        let id = handed_in(&member, 400).await;
        app.work();
        let path = format!("/predictions/jobs/{id}/status");
        while member.get_ok(&path).await["job"]["processed_rows"].as_i64() < Some(3) {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        let (status, body) = member.post_text(&format!("/predictions/jobs/{id}/cancel"), "").await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let done = member.get_ok(&path).await["job"]["successful_rows"].as_i64().unwrap();
        member.upload_and_wait("annual", "b.csv", &annual_file(&[annual_row("OTHER", 2020)])).await;
        let job = member.get_ok(&path).await["job"].clone();
        assert_eq!((job["successful_rows"].as_i64(), job["cancelled"].as_bool()), (Some(done), Some(true)), "{job}");
        assert!(done < 400, "the worker was too fast for this test");
        assert_eq!(member.get_ok("/predictions/annual?size=1").await["total"], done + 1);
    }

    async fn only_those_who_may_control_a_job(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let member = app.client(&people.member);
        for (actor, expected) in [
            (&people.colleague, StatusCode::FORBIDDEN),
            (&people.tenant_admin, StatusCode::FORBIDDEN),
            (&people.stranger, StatusCode::NOT_FOUND),
            (&people.foreign_tenant_admin, StatusCode::NOT_FOUND),
            (&people.user, StatusCode::NOT_FOUND),
            (&people.org_admin, StatusCode::OK),
            (&people.super_admin, StatusCode::OK),
            (&people.member, StatusCode::OK),
        ] {
            let id = handed_in(&member, 1).await;
            let client = app.client(actor);
            let (status, body) = client.post_text(&format!("/predictions/jobs/{id}/cancel"), "").await;
            assert_eq!(status, expected, "{:?} {body}", actor.role);
            member.post_text(&format!("/predictions/jobs/{id}/cancel"), "").await;
            let (status, body) = client.delete(&format!("/predictions/jobs/{id}")).await;
            assert_eq!(status, expected, "{:?} {body}", actor.role);
        }
        assert_eq!(app.anonymous().post_text("/predictions/jobs/x/cancel", "").await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(app.anonymous().delete("/predictions/jobs/x").await.0, StatusCode::UNAUTHORIZED);
    }

    async fn a_job_under_way_is_not_deleted(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        let id = handed_in(&user, 1).await;
        let (status, body) = user.delete(&format!("/predictions/jobs/{id}")).await;
        assert_eq!((status, body["detail"].as_str()), (StatusCode::BAD_REQUEST, Some("Job is queued: cancel it before deleting it")));
    }

    async fn a_job_goes_with_its_file_and_its_predictions_stay(test: TestDb) {
        let app = TestApp::new(test).await;
        let member = app.client(&app.people.member);
        let bad = "BAD,Bad,1,Energy,19x0,,1,2,3,4,5".to_owned();
        let file = annual_file(&[annual_row("AAA", 2022), bad]);
        let id = member.upload_and_wait("annual", "a.csv", &file).await["id"].as_str().unwrap().to_owned();
        let (status, body) = member.delete(&format!("/predictions/jobs/{id}")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(body["deleted_job"]["original_filename"], "a.csv");
        assert_eq!(member.get(&format!("/predictions/jobs/{id}")).await.0, StatusCode::NOT_FOUND);
        assert_eq!(member.delete(&format!("/predictions/jobs/{id}")).await.0, StatusCode::NOT_FOUND);
        assert_eq!(member.get_ok("/predictions/jobs").await["pagination"]["total"], 0);
        assert_eq!(member.get_ok("/predictions/annual?size=1").await["total"], 1);
        assert!(!app.files().join(format!("uploads/{id}.csv")).exists());
        let audit = app.client(&app.people.super_admin).get_ok("/audit?action=upload.delete").await;
        assert_eq!(audit["entries"].as_array().map(Vec::len), Some(1), "{audit}");
    }

    /// What is latest of a company, and every counter, is then as if the file had never been there.
    async fn predictions_go_along_if_asked_for(test: TestDb) {
        let app = TestApp::new(test).await;
        let member = app.client(&app.people.member);
        member.upload_and_wait("annual", "first.csv", &annual_file(&[annual_row("AAA", 2020)])).await;
        let rows: Vec<String> = (0..4_200).map(|i| annual_row(&format!("M{i}"), 2021)).chain([annual_row("AAA", 2022)]).collect();
        let job = member.upload_and_wait("annual", "large.csv", &annual_file(&rows)).await;
        let id = job["id"].as_str().unwrap();
        assert_eq!(member.get_ok("/companies?search=AAA").await["items"][0]["latest"]["period"], "2022");
        let (status, body) = member.delete(&format!("/predictions/jobs/{id}?with_predictions=true")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(member.get(&format!("/predictions/jobs/{id}/status")).await.0, StatusCode::NOT_FOUND);
        for _ in 0..600 {
            if member.get_ok("/predictions/annual?size=1").await["total"] == 1 {
                break;
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        assert_eq!(member.get_ok("/predictions/annual?size=1").await["total"], 1);
        assert_eq!(member.get_ok("/companies?search=AAA").await["items"][0]["latest"]["period"], "2020");
        assert!(app.miscounted().await.is_empty());
        let again = member.upload_and_wait("annual", "again.csv", &annual_file(&rows)).await;
        assert_eq!(again["failed_rows"], 0, "{again}");
    }
}
