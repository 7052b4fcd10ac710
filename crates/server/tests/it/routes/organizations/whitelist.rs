use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn addresses_are_added_listed_and_taken_away_in_any_case(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.org_admin);
        let path = format!("/organizations/{}/whitelist", app.people.organization());
        for email in ["Amy+Lee@Example.ORG", "bob@example.org"] {
            let (status, added) = client.post(&path, &json!({ "email": email })).await;
            assert_eq!((status, &added["email"]), (StatusCode::OK, &json!(email.to_lowercase())), "{added}");
            assert_eq!((&added["status"], &added["added_by"]), (&json!("active"), &json!(app.people.org_admin.user_id)));
        }
        let (status, body) = client.post(&path, &json!({ "email": "amy+lee@EXAMPLE.org" })).await;
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
        let page = client.get_ok(&format!("{path}?limit=1")).await;
        assert_eq!((&page["total"], &page["limit"]), (&json!(2), &json!(1)));
        assert_eq!(page["whitelist"][0]["email"], "bob@example.org");
        // The address in the path may be encoded, and in any case.
        let (status, body) = client.delete(&format!("{path}/AMY%2Blee%40example.org")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(client.get_ok(&path).await["total"], 1);
        for gone in ["amy+lee@example.org", "nonsense", "a%00@example.org"] {
            assert_eq!(client.delete(&format!("{path}/{gone}")).await.0, StatusCode::NOT_FOUND, "{gone}");
        }
    }

    async fn what_is_no_address_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let path = format!("/organizations/{}/whitelist", app.people.organization());
        for body in [json!({}), json!({ "email": "nonsense" }), json!({ "email": 1 })] {
            let (status, body) = app.client(&app.people.tenant_admin).post(&path, &body).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("email")));
        }
    }

    async fn not_for_members_and_not_from_outside(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let path = format!("/organizations/{}/whitelist", people.organization());
        for (actor, expected) in [
            (&people.member, StatusCode::FORBIDDEN),
            (&people.foreign_org_admin, StatusCode::NOT_FOUND),
            (&people.foreign_tenant_admin, StatusCode::NOT_FOUND),
        ] {
            let client = app.client(actor);
            assert_eq!(client.get(&path).await.0, expected);
            assert_eq!(client.post(&path, &json!({ "email": "a@example.org" })).await.0, expected);
            assert_eq!(client.delete(&format!("{path}/a@example.org")).await.0, expected);
        }
        assert_eq!(app.client(&people.super_admin).get_ok(&path).await["total"], 0);
    }
}
