use std::time::Duration;

use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{died, refused_to_others, status};
use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_dead_job_is_tried_again_once(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let id = died(&app, "mail.password_reset", &json!({ "reset_id": Uuid::nil() }).to_string(), "no").await;
        let root = app.client(&app.people.super_admin);
        let path = format!("/queue/dead/{id}/retry");
        let (code, body) = root.post(&path, &json!({})).await;
        assert_eq!((code, &body), (StatusCode::OK, &json!({ "id": id, "kind": "mail.password_reset", "status": "ready" })));
        assert_eq!(status(&app, id).await.as_deref(), Some("ready"));
        assert_eq!(root.post(&path, &json!({})).await.0, StatusCode::NOT_FOUND);
        let entries = root.get_ok("/audit?action=queue.dead.retry").await;
        assert_eq!(entries["entries"].as_array().unwrap().len(), 1);
        let entry = &entries["entries"][0];
        assert_eq!((&entry["target_id"], &entry["after"]["kind"]), (&json!(id.to_string()), &json!("mail.password_reset")));
        // It has all its attempts, and there is nothing to mail: so it is done.
        app.work();
        for _ in 0..600 {
            if status(&app, id).await.as_deref() == Some("done") {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("it stays at {:?}", status(&app, id).await);
    }

    async fn what_is_not_dead_is_not_found(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let root = app.client(&app.people.super_admin);
        for id in [Uuid::nil().to_string(), "x".to_owned()] {
            assert_eq!(root.post(&format!("/queue/dead/{id}/retry"), &json!({})).await.0, StatusCode::NOT_FOUND);
        }
    }

    async fn only_super_admins_have_it_tried_again(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let id = died(&app, "nothing", "{}", "no").await;
        refused_to_others(&app, "POST", &format!("/queue/dead/{id}/retry")).await;
        assert_eq!(status(&app, id).await.as_deref(), Some("dead"));
    }
}
