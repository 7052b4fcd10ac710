use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use super::{died, refused_to_others};
use crate::app::{Limits, TestApp};

const PATH: &str = "/queue/dead";

on_both_engines! {
    async fn the_last_to_die_comes_first_and_nothing_but_identifiers_is_shown(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let upload = uuid::Uuid::now_v7();
        let payload = json!({ "upload_id": upload, "name": "secret.csv" }).to_string();
        let first = died(&app, "upload", &payload, "internal error: SELECT secret").await;
        let second = died(&app, "mail.contact", "{}", "no such message").await;
        let root = app.client(&app.people.super_admin);
        let list = root.get_ok(PATH).await;
        assert_eq!((&list["total"], &list["limit"], &list["offset"]), (&json!(2), &json!(50), &json!(0)));
        let ids: Vec<_> = list["jobs"].as_array().unwrap().iter().map(|job| &job["id"]).collect();
        assert_eq!(ids, [&json!(second), &json!(first)]);
        let job = &list["jobs"][1];
        assert_eq!((&job["kind"], &job["payload"]), (&json!("upload"), &json!({ "upload_id": upload })));
        assert_eq!((&job["queue"], &job["attempts"]), (&json!("high_priority"), &json!(5)));
        assert_eq!((&job["reason"], &job["worker"]), (&json!("internal error"), &json!("somebody")));
        assert_eq!(list["jobs"][0]["reason"], "no such message");
        assert!(!list.to_string().contains("secret"), "{list}");
        let page = root.get_ok(&format!("{PATH}?limit=1&offset=1")).await;
        assert_eq!((page["jobs"].as_array().unwrap().len(), &page["jobs"][0]["id"]), (1, &json!(first)));
        for odd in ["limit=0", "limit=101", "offset=-1", "limit=x"] {
            let (status, body) = root.get(&format!("{PATH}?{odd}")).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{odd}: {body}");
            let field = odd.split('=').next().unwrap();
            assert!(body.to_string().contains(field), "{body}");
        }
    }

    async fn only_super_admins_see_the_dead(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        refused_to_others(&app, "GET", PATH).await;
    }
}
