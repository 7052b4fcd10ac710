use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::{
    app::{Limits, TestApp},
    files::{annual_file, annual_row},
};

on_both_engines! {
    async fn a_repeated_submit_is_the_first_one(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (member, colleague) = (app.client(&app.people.member), app.client(&app.people.colleague));
        let file = annual_file(&[annual_row("AAA", 2022)]);
        let (status, first) = member.upload_once("annual", "key-1", &file).await;
        assert_eq!(status, StatusCode::OK, "{first}");
        let (status, second) = member.upload_once("annual", "key-1", &file).await;
        assert_eq!((status, &second["job_id"], second["total_rows"].as_i64()), (StatusCode::OK, &first["job_id"], Some(1)));
        // A key is its owner's, and stands for one file of one kind.
        let (_, theirs) = colleague.upload_once("annual", "key-1", &file).await;
        assert_ne!(theirs["job_id"], first["job_id"]);
        let (_, other) = member.upload_once("annual", "key-2", &file).await;
        assert_ne!(other["job_id"], first["job_id"]);
        let (status, body) = member.upload_once("annual", "key-1", &annual_file(&[annual_row("BBB", 2022)])).await;
        assert_eq!(status, StatusCode::CONFLICT, "{body}");
        for key in ["", &"k".repeat(256)] {
            let (status, body) = member.upload_once("annual", key, &file).await;
            assert_eq!((status, body["errors"][0]["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("Idempotency-Key")));
        }
        assert_eq!(app.stored("uploads"), 3, "a file too many stays");
    }

    async fn equal_submits_at_the_same_time_are_one(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let file = annual_file(&[annual_row("AAA", 2022)]);
        let submits = (0..6).map(|_| member.upload_once("annual", "same", &file));
        let answers = futures_util::future::join_all(submits).await;
        let first = answers[0].1["job_id"].clone();
        for (status, body) in answers {
            assert_eq!((status, &body["job_id"]), (StatusCode::OK, &first), "{body}");
        }
        assert_eq!(member.get_ok("/predictions/jobs").await["pagination"]["total"], 1);
    }
}
