use accunode_server::audit::Event;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{caller, chain_of_five, record};
use crate::{
    app::{Client, Limits, TestApp},
    files::{annual_file, annual_row},
    routes::predictions::{annual, quarterly},
};

/// The actions that a query finds, newest first.
async fn actions(client: &Client, query: &str) -> Vec<String> {
    let log = client.get_ok(&format!("/audit{query}")).await;
    let entries = log["entries"].as_array().unwrap();
    entries.iter().map(|e| e["action"].as_str().unwrap().to_owned()).collect()
}

on_both_engines! {
    async fn an_entry_says_who_did_what_to_what(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = caller("member", &app.people.member);
        let event = Event::done("test.change").on("thing", 7).before(json!({ "size": 1 })).after(json!({ "size": 2 }));
        record(&app.state.db, &member, vec![event]).await;
        let log = app.client(&app.people.tenant_admin).get_ok("/audit").await;
        let mut entry = log["entries"][0].clone();
        let hash = entry["hash"].take();
        assert_eq!(hash.as_str().unwrap().len(), 64);
        assert_eq!(entry, json!({
            "seq": 1, "at": "2023-11-14T22:13:20.000000Z", "tenant_id": app.people.member.tenant_id,
            "actor_id": app.people.member.user_id, "actor_email": "member@example.com",
            "actor_role": "org_member", "api_key_id": null, "action": "test.change", "outcome": "done",
            "target_type": "thing", "target_id": "7", "before": { "size": 1 }, "after": { "size": 2 },
            "request_id": "request-1", "address": "203.0.113.7", "hash": null,
        }));
        assert_eq!(log["pagination"], json!({ "total": 1, "page": 1, "size": 10, "pages": 1 }));
    }

    async fn a_tenant_admin_sees_the_own_tenant_and_a_super_admin_all(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for (actor, symbol) in [(&people.member, "AAA"), (&people.stranger, "BBB"), (&people.user, "CCC")] {
            let (status, body) = app.client(actor).post("/predictions/annual", &annual(symbol)).await;
            assert_eq!(status, StatusCode::OK, "{body}");
        }
        let symbols = |log: Value| -> Vec<String> {
            let entries = log["entries"].as_array().unwrap();
            entries.iter().map(|e| e["after"]["company_symbol"].as_str().unwrap().to_owned()).collect()
        };
        let first = people.member.tenant_id.unwrap();
        for (actor, query, expected) in [
            (&people.tenant_admin, String::new(), vec!["AAA"]),
            (&people.tenant_admin, format!("?tenant_id={first}"), vec!["AAA"]),
            (&people.foreign_tenant_admin, String::new(), vec!["BBB"]),
            (&people.super_admin, String::new(), vec!["CCC", "BBB", "AAA"]),
            (&people.super_admin, format!("?tenant_id={first}"), vec!["AAA"]),
        ] {
            let log = app.client(actor).get_ok(&format!("/audit{query}")).await;
            assert_eq!(log["pagination"]["total"], expected.len(), "{query}");
            assert_eq!(symbols(log), expected, "{query}");
        }
    }

    async fn another_tenants_entries_cannot_be_asked_for(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let foreign = app.people.stranger.tenant_id.unwrap();
        let tenant_admin = app.client(&app.people.tenant_admin);
        for path in ["/audit", "/audit/export"] {
            let (status, _) = tenant_admin.get(&format!("{path}?tenant_id={foreign}")).await;
            assert_eq!(status, StatusCode::FORBIDDEN, "{path}");
        }
    }

    async fn who_may_not_read_it_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for actor in [&app.people.user, &app.people.member, &app.people.org_admin] {
            for path in ["/audit", "/audit/export", "/audit/verify"] {
                assert_eq!(app.client(actor).get(path).await.0, StatusCode::FORBIDDEN, "{path}");
            }
        }
        assert_eq!(app.anonymous().get("/audit").await.0, StatusCode::UNAUTHORIZED);
    }

    async fn filters_narrow_it(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (member, admin) = (caller("member", &app.people.member), caller("org_admin", &app.people.org_admin));
        record(&app.state.db, &member, vec![
            Event::done("user.create").on("user", "u-1"),
            Event::denied("user.delete").on("user", "u-2"),
        ]).await;
        record(&app.state.db, &admin, vec![Event::done("users%").on("other", "u-1")]).await;
        let client = app.client(&app.people.tenant_admin);
        let of_member = format!("?actor_id={}", app.people.member.user_id);
        for (query, expected) in [
            ("?action=user.", vec!["user.delete", "user.create"]),
            ("?action=users%25", vec!["users%"]),
            ("?action=User", vec![]),
            (of_member.as_str(), vec!["user.delete", "user.create"]),
            ("?actor_email=ORG_admin@example.com", vec!["users%"]),
            ("?target_type=user", vec!["user.delete", "user.create"]),
            ("?target_id=u-1", vec!["users%", "user.create"]),
            ("?target_id=u-1&target_type=user", vec!["user.create"]),
            ("?outcome=denied", vec!["user.delete"]),
            ("?from=2023-11-14T22:13:20Z&outcome=denied", vec!["user.delete"]),
            ("?from=2023-11-14T23:13:20%2B01:00&outcome=denied", vec!["user.delete"]),
            ("?from=2023-11-14T22:13:21Z", vec![]),
            ("?to=2023-11-14T22:13:20Z", vec![]),
            ("?to=2023-11-14T22:13:20.000001Z&outcome=denied", vec!["user.delete"]),
        ] {
            assert_eq!(actions(&client, query).await, expected, "{query}");
        }
    }

    async fn pages_follow_each_other(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        chain_of_five(&app.state.db).await;
        let client = app.client(&app.people.super_admin);
        assert_eq!(actions(&client, "?size=2").await, ["test.5", "test.4"]);
        assert_eq!(actions(&client, "?size=2&page=3").await, ["test.1"]);
        let last = client.get_ok("/audit?size=2&page=3").await;
        assert_eq!(last["pagination"], json!({ "total": 5, "page": 3, "size": 2, "pages": 3 }));
    }

    async fn what_cannot_be_asked_for_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        for (query, field) in [
            ("size=0", "size"),
            ("page=0", "page"),
            ("outcome=maybe", "outcome"),
            ("from=yesterday", "from"),
            ("actor_id=7", "actor_id"),
            ("action=a%00b", "action"),
        ] {
            let (status, body) = client.get(&format!("/audit?{query}")).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {body}");
            assert_eq!(body["errors"][0]["field"], field, "{body}");
        }
    }

    async fn new_predictions_are_there(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (_, made) = app.client(&app.people.member).post("/predictions/quarterly", &quarterly("XMP")).await;
        let log = app.client(&app.people.tenant_admin).get_ok("/audit?action=prediction.").await;
        let entry = &log["entries"][0];
        assert_eq!((entry["action"].as_str(), entry["target_type"].as_str()), (Some("prediction.create"), Some("quarterly_prediction")));
        assert_eq!(entry["target_id"], made["prediction"]["id"]);
        assert_eq!(entry["after"]["probability"], made["prediction"]["ensemble_probability"]);
        assert_eq!(entry["after"]["reporting_quarter"], "Q3");
    }

    /// Its rows are not audited one by one; what became of it is, in the application's name.
    async fn an_upload_is_there_twice(test: TestDb) {
        let app = TestApp::new(test).await;
        let member = app.client(&app.people.member);
        let file = annual_file(&[annual_row("AAA", 2023), annual_row("AAA", 2023)]);
        let job = member.upload_and_wait("annual", "a.csv", &file).await;
        let log = app.client(&app.people.tenant_admin).get_ok("/audit").await;
        assert_eq!(log["pagination"]["total"], 2);
        let (ended, begun) = (&log["entries"][0], &log["entries"][1]);
        assert_eq!((begun["action"].as_str(), begun["actor_id"].as_str()),
                   (Some("upload.create"), Some(app.people.member.user_id.to_string().as_str())));
        assert_eq!((begun["target_id"].as_str(), begun["after"]["original_filename"].as_str()), (job["id"].as_str(), Some("a.csv")));
        assert_eq!((ended["action"].as_str(), &ended["actor_id"]), (Some("upload.complete"), &Value::Null));
        assert_eq!((ended["actor_email"].as_str(), &ended["target_id"]), (Some("member@example.com"), &job["id"]));
        assert_eq!(ended["after"]["successful_rows"], 1);
        assert_eq!(ended["after"]["failed_rows"], 1);
    }
}
