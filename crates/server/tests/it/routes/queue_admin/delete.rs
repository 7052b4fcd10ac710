use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{died, refused_to_others, status};
use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn a_dead_job_is_forgotten(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let id = died(&app, "nothing", &json!({ "n": 7 }).to_string(), "no").await;
        let root = app.client(&app.people.super_admin);
        let path = format!("/queue/dead/{id}");
        let (code, body) = root.delete(&path).await;
        assert_eq!((code, &body), (StatusCode::OK, &json!({ "id": id, "kind": "nothing", "status": "deleted" })));
        assert_eq!(status(&app, id).await, None);
        assert_eq!(root.delete(&path).await.0, StatusCode::NOT_FOUND);
        let entries = root.get_ok("/audit?action=queue.dead.delete").await;
        let entry = &entries["entries"][0];
        assert_eq!((&entry["target_id"], &entry["before"]["payload"]), (&json!(id.to_string()), &json!({ "n": 7 })));
        assert_eq!(root.delete(&format!("/queue/dead/{}", Uuid::nil())).await.0, StatusCode::NOT_FOUND);
    }

    async fn only_super_admins_forget_it(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let id = died(&app, "nothing", "{}", "no").await;
        refused_to_others(&app, "DELETE", &format!("/queue/dead/{id}")).await;
        assert_eq!(status(&app, id).await.as_deref(), Some("dead"));
    }
}
