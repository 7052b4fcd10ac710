use accunode_testkit::{TestDb, on_both_engines};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{made, symbols};
use crate::app::{Client, Limits, TestApp};

const LIST: &str = "/predictions/annual?size=5";

/// The first page, which is kept the second time.
async fn page(client: &Client) -> Value {
    let page = client.get_ok(LIST).await;
    assert_eq!(client.get_ok(LIST).await, page);
    page
}

on_both_engines! {
    async fn a_kept_page_is_never_older_than_the_last_change_nor_anybody_elses(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let row = made(&app, &people.member, "annual", "FIRST").await;
        let [member, colleague, neighbour, admin] =
            [&people.member, &people.colleague, &people.neighbour, &people.tenant_admin].map(|p| app.client(p));
        for client in [&member, &colleague, &admin] {
            assert_eq!(symbols(&page(client).await), ["FIRST"]);
        }
        assert_eq!(symbols(&page(&neighbour).await), Vec::<&str>::new());
        made(&app, &people.colleague, "annual", "SECOND").await;
        for client in [&member, &colleague, &admin] {
            assert_eq!(symbols(&page(client).await), ["SECOND", "FIRST"]);
        }
        made(&app, &people.neighbour, "annual", "THEIRS").await;
        assert_eq!(symbols(&page(&member).await), ["SECOND", "FIRST"]);
        assert_eq!(symbols(&page(&neighbour).await), ["THEIRS"]);
        assert_eq!(symbols(&page(&admin).await), ["THEIRS", "SECOND", "FIRST"]);
        let (status, _) = member.delete(&format!("/predictions/annual/{}", row["id"].as_str().unwrap())).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(symbols(&page(&colleague).await), ["SECOND"]);
        assert_eq!(symbols(&page(&admin).await), ["THEIRS", "SECOND"]);
    }

    async fn names_beside_the_rows_are_those_of_now(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        made(&app, &people.member, "annual", "FIRST").await;
        let (colleague, admin) = (app.client(&people.colleague), app.client(&people.tenant_admin));
        let before = page(&colleague).await;
        assert!(before["predictions"][0]["created_by_email"].is_string(), "{before}");
        let organization = people.member.organization_id.unwrap();
        let (status, body) = admin.put(&format!("/organizations/{organization}"), &json!({ "name": "Renamed" })).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(page(&colleague).await["predictions"][0]["organization_name"], "Renamed");
        let (status, body) = admin.delete(&format!("/users/{}", people.member.user_id)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(page(&colleague).await["predictions"][0]["created_by_email"], Value::Null);
    }

    async fn pages_that_begin_elsewhere_are_made_anew(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        for symbol in ["A", "B", "C"] {
            made(&app, &app.people.user, "annual", symbol).await;
        }
        let first = user.get_ok("/predictions/annual?size=2").await;
        assert_eq!(symbols(&first), ["C", "B"]);
        made(&app, &app.people.user, "annual", "D").await;
        assert_eq!(symbols(&user.get_ok("/predictions/annual?size=2&page=2").await), ["A"]);
        assert_eq!(symbols(&user.get_ok("/predictions/annual?size=2").await), ["D", "C"]);
        assert_eq!(symbols(&user.get_ok("/predictions/annual?size=2&page=2").await), ["B", "A"]);
        let explained = user.get_ok("/predictions/annual?size=2&explain=true").await;
        assert!(explained["predictions"][0]["explanation"].is_object(), "{explained}");
    }
}
