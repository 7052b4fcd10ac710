use accunode_db::on;
use accunode_infra::Cache;
use accunode_testkit::{TestDb, block_on, on_both_engines, redis_url};
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{figures, rescored, stored};
use crate::{
    app::{Client, Limits, TestApp},
    routes::predictions::annual,
};

async fn total(client: &Client) -> (Value, Value) {
    let body = client.get_ok("/predictions/dashboard").await;
    (body["user_dashboard"]["total_predictions"].clone(), body["timestamp"].clone())
}

/// Changes a row behind the application's back, so that only what is worked out anew shows it.
async fn rename_sector(app: &TestApp) {
    let mut tx = app.state.db.system("go behind the back of a test's application").await.unwrap();
    on!(tx, |c| sqlx::query("UPDATE companies SET sector = 'Renamed'").execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
}

fn sector(body: &Value) -> &Value {
    &body["portfolio"]["by_sector"]["largest"][0]["sector"]
}

/// What one server keeps is fresh after a write through the other, and is nobody else's.
async fn kept_and_fresh(app: &TestApp, second: &axum::Router) {
    let people = &app.people;
    let token = app.token(people.member.user_id, 0);
    let (here, there) = (app.with_token(&token), Client::of(second, Some(&token)));
    stored(app, &people.member, "annual", &annual("ONE")).await;
    let first = total(&here).await;
    assert_eq!(first.0, 1);
    assert_eq!(total(&here).await, first, "the same answer, not one worked out anew");
    for (client, symbol, n) in [(&here, "TWO", 2), (&there, "THREE", 3), (&here, "FOUR", 4)] {
        let (status, body) = client.post("/predictions/annual", &annual(symbol)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!((total(&here).await.0, total(&there).await.0), (json!(n), json!(n)));
    }
    // Others have their own, whatever is kept.
    for (actor, n) in [
        (&people.stranger, 0),
        (&people.user, 0),
        (&people.neighbour, 0),
        (&people.tenant_admin, 4),
        (&people.foreign_tenant_admin, 0),
        (&people.super_admin, 4),
    ] {
        assert_eq!(figures(app, actor, "").await["user_dashboard"]["total_predictions"], n, "{}", actor.role);
        let there = Client::of(second, Some(&app.token(actor.user_id, 0)));
        assert_eq!(total(&there).await.0, n, "{}", actor.role);
    }
}

on_both_engines! {
    async fn answers_are_kept_until_something_in_sight_changes(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let second = app.second_server(|_| {});
        kept_and_fresh(&app, &second).await;
    }

    async fn what_is_kept_depends_on_what_was_asked(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        stored(&app, &people.member, "annual", &annual("ONE")).await;
        let admin = &people.tenant_admin;
        let filter = |id: accunode_domain::OrganizationId| format!("?organization_id={id}");
        for _ in 0..2 {
            for (query, total) in [
                (String::new(), 1), ("?scope=personal".to_owned(), 0), (filter(people.member.organization_id.unwrap()), 1),
                (filter(people.neighbour.organization_id.unwrap()), 0),
            ] {
                assert_eq!(figures(&app, admin, &query).await["user_dashboard"]["total_predictions"], total, "{query}");
            }
            assert_eq!(figures(&app, admin, "").await.get("platform_statistics"), None);
            assert!(figures(&app, admin, "?include_platform_stats=true").await["platform_statistics"].is_object());
        }
    }

    async fn a_foreign_write_leaves_what_is_kept_alone(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for actor in [&people.member, &people.stranger] {
            stored(&app, actor, "annual", &annual("ONE")).await;
        }
        let before = figures(&app, &people.member, "").await;
        rename_sector(&app).await;
        stored(&app, &people.stranger, "annual", &annual("TWO")).await;
        assert_eq!(figures(&app, &people.member, "").await, before, "kept: nothing in sight has changed");
        let two = stored(&app, &people.colleague, "annual", &annual("TWO")).await;
        rescored(&app, &people.colleague, &two).await;
        let after = figures(&app, &people.member, "").await;
        assert_ne!(sector(&before), "Renamed");
        assert!(after["portfolio"]["by_sector"].to_string().contains("Renamed"), "{after}");
    }

    async fn counts_are_fresh_after_a_write(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for n in 1..4 {
            stored(&app, &people.super_admin, "annual", &annual(&format!("S{n}"))).await;
            for actor in [&people.user, &people.member, &people.foreign_tenant_admin] {
                let body = app.client(actor).get_ok("/predictions/stats").await;
                assert_eq!(body["prediction_counts"]["accessible_total"]["total"], n, "{}", actor.role);
            }
        }
    }
}

#[test]
fn servers_share_what_they_keep_through_redis() {
    block_on(async {
        let (Some(test), Some(redis)) = (TestDb::postgres().await, redis_url()) else { return };
        let cache = || Cache::redis(&redis).unwrap();
        let app = TestApp::changed(test, |parts| parts.cache = cache()).await;
        let second = app.second_server(|parts| parts.cache = cache());
        kept_and_fresh(&app, &second).await;
        let token = app.token(app.people.member.user_id, 0);
        let here = total(&app.with_token(&token)).await;
        assert_eq!(
            total(&Client::of(&second, Some(&token))).await,
            here,
            "one server's answer is the other's"
        );
    });
}
