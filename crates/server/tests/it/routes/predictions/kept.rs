use accunode_testkit::on_both_engines;
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
    /// Who predicts holds their account first and their organization's counter then, and so does who moves them.
    async fn moving_somebody_and_what_they_do_wait_in_one_order(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (member, organization) = (app.people.member.user_id.0, app.people.organization());
        let mut tx = app.state.db.system("hold what a prediction holds").await.unwrap();
        // SQLite has one writer.
        if tx.engine() == accunode_db::Engine::Sqlite {
            return;
        }
        const HOLD: &str = "SELECT 1 FROM users WHERE id = $1 FOR KEY SHARE";
        const TOUCH: &str = "INSERT INTO data_versions (owner, version) VALUES ($1, 1)
                             ON CONFLICT (owner) DO UPDATE SET version = data_versions.version + 1";
        accunode_db::on!(tx, |c| sqlx::query(HOLD).bind(member).execute(c).await.map(drop)).unwrap();
        let client = app.client(&app.people.org_admin);
        let path = format!("/users/{member}?remove_from_org_only=true");
        let predicting = async {
            tokio::time::sleep(std::time::Duration::from_millis(700)).await;
            accunode_db::on!(tx, |c| sqlx::query(TOUCH).bind(organization).execute(c).await.map(drop)).unwrap();
            tx.commit().await.unwrap();
        };
        let (moved, ()) = tokio::join!(client.delete(&path), predicting);
        assert_eq!(moved.0, StatusCode::OK, "{}", moved.1);
    }

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

    /// Whoever is shown a kept first page has as long as anybody to ask for the second.
    async fn where_a_page_ended_is_known_longer_than_the_page_is_kept(test: TestDb) {
        let life = std::time::Duration::from_millis(200);
        let app = TestApp::changed(test, |parts| parts.cache = parts.cache.clone().with_usual(life)).await;
        let user = app.client(&app.people.user);
        for symbol in ["A", "B", "C"] {
            made(&app, &app.people.user, "annual", symbol).await;
        }
        assert_eq!(symbols(&user.get_ok("/predictions/annual?size=2").await), ["C", "B"]);
        tokio::time::sleep(life * 2).await;
        made(&app, &app.people.user, "annual", "D").await;
        assert_eq!(symbols(&user.get_ok("/predictions/annual?size=2&page=2").await), ["A"]);
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
