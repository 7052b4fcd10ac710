//! Figures that are kept for each owner in the database, beside what a server keeps for a minute.

use accunode_db::{Engine, on};
use accunode_domain::Actor;
use accunode_server::features::dashboard::service::keep_up;
use accunode_testkit::{TestDb, block_on, on_both_engines};
use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{figures, of_year, rescored, stored};
use crate::{
    app::{Client, Limits, TestApp},
    routes::predictions::{annual, quarterly},
};

/// Owners whose figures are kept at the count of changes that there is, in order.
async fn current(app: &TestApp) -> Vec<Uuid> {
    const CURRENT: &str = "SELECT f.owner FROM owner_figures f JOIN data_versions v ON v.owner = f.owner
                           WHERE v.version = f.version ORDER BY f.owner";
    let mut tx = app.state.db.system_read("look at the figures of a test").await.unwrap();
    on!(tx, |c| sqlx::query_scalar(CURRENT).fetch_all(c).await).unwrap()
}

/// Waits until figures are kept for so many owners; they are written after the answer.
async fn kept(app: &TestApp, owners: usize) {
    for _ in 0..1_000 {
        if current(app).await.len() >= owners {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("{:?}", current(app).await);
}

async fn run(app: &TestApp, sql: &'static str) {
    let mut tx = app.state.db.system("go behind the back of a test's application").await.unwrap();
    on!(tx, |c| sqlx::query(sql).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
}

/// Somebody's dashboard by a server that keeps nothing yet.
async fn anew(app: &TestApp, actor: &Actor) -> Value {
    let server = app.second_server(|_| {});
    Client::of(&server, Some(&app.token(actor.user_id, 0))).get_ok("/predictions/dashboard").await
}

fn has_renamed(body: &Value) -> bool {
    body["portfolio"]["by_sector"].to_string().contains("Renamed")
}

/// How many steps are noted that no kept figures hold.
async fn steps(app: &TestApp) -> i64 {
    let mut tx = app.state.db.system_read("count the steps of a test").await.unwrap();
    on!(tx, |c| sqlx::query_scalar("SELECT COUNT(*) FROM figure_changes").fetch_one(c).await).unwrap()
}

const RENAME: &str = "UPDATE companies SET sector = 'Renamed'";
/// Counters of 2026: nothing was changed for a while.
const QUIETEN: &str = "UPDATE data_versions SET version = version - 1000000";

on_both_engines! {
    /// Another server adds up what is kept, and works out anew only what has changed.
    async fn figures_are_worked_out_once_for_each_owner_and_change(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for actor in [&people.member, &people.neighbour] {
            stored(&app, actor, "annual", &annual("ONE")).await;
        }
        for actor in [&people.tenant_admin, &people.super_admin] {
            assert_eq!(figures(&app, actor, "").await["user_dashboard"]["total_predictions"], 2);
        }
        kept(&app, 2).await;
        run(&app, RENAME).await;
        for actor in [&people.member, &people.neighbour, &people.tenant_admin, &people.super_admin] {
            let body = anew(&app, actor).await;
            assert!(!has_renamed(&body), "kept: {body}");
        }
        let two = stored(&app, &people.colleague, "annual", &annual("TWO")).await;
        rescored(&app, &people.colleague, &two).await;
        assert!(has_renamed(&anew(&app, &people.member).await) && !has_renamed(&anew(&app, &people.neighbour).await));
        for actor in [&people.tenant_admin, &people.super_admin] {
            let body = anew(&app, actor).await;
            let sectors = &body["portfolio"]["by_sector"]["largest"];
            assert_eq!((&sectors[0]["sector"], &sectors[1]["sector"]), (&json!("Industrials"), &json!("Renamed")), "{body}");
            assert_eq!(body["user_dashboard"]["total_predictions"], 3);
        }
    }

    /// New rows are added to what is kept: the others are not looked at again. What was noted of them is forgotten once
    /// the figures that hold it are kept.
    async fn new_rows_are_added_to_figures_that_are_kept(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        stored(&app, &people.member, "annual", &of_year("ONE", 2022, 3.0)).await;
        let before = figures(&app, &people.member, "").await;
        assert_eq!(before["portfolio"]["movers"]["up"], json!([]));
        kept(&app, 1).await;
        run(&app, RENAME).await;
        stored(&app, &people.colleague, "annual", &annual("TWO")).await;
        stored(&app, &people.member, "quarterly", &quarterly("TWO")).await;
        let body = anew(&app, &people.member).await;
        assert!(!has_renamed(&body), "worked out anew: {body}");
        let dashboard = &body["user_dashboard"];
        assert_eq!((&dashboard["total_companies"], &dashboard["annual_predictions"]), (&json!(2), &json!(2)), "{body}");
        assert_eq!(dashboard["quarterly_predictions"], 1, "{body}");
        kept(&app, 1).await;
        assert_eq!(steps(&app).await, 0);
        // A known company is counted once, as it is now, and moves.
        run(&app, "UPDATE companies SET sector = 'Industrials'").await;
        stored(&app, &people.colleague, "annual", &of_year("ONE", 2023, 12.0)).await;
        let body = anew(&app, &people.member).await;
        assert_eq!(body["user_dashboard"]["total_companies"], 2, "{body}");
        let moved = [&body["portfolio"]["movers"]["up"], &body["portfolio"]["movers"]["down"]];
        let moved: Vec<_> = moved.iter().flat_map(|list| list.as_array().unwrap()).collect();
        assert!(moved.iter().any(|company| company["company_symbol"] == "ONE"), "{body}");
    }

    /// A change of another kind leaves a gap: then all rows are looked at.
    async fn what_is_not_noted_is_not_passed_over(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        let one = stored(&app, member, "annual", &annual("ONE")).await;
        figures(&app, member, "").await;
        kept(&app, 1).await;
        stored(&app, member, "annual", &annual("TWO")).await;
        let (status, body) =
            app.client(member).delete(&format!("/predictions/annual/{}", one["id"].as_str().unwrap())).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        stored(&app, member, "annual", &annual("THREE")).await;
        let body = anew(&app, member).await;
        assert_eq!(body["user_dashboard"]["total_predictions"], 2, "{body}");
        assert_eq!(body["portfolio"]["rated_companies"], 2, "{body}");
    }

    /// What people are called stands beside rows; figures are as they were.
    async fn a_new_name_leaves_figures_as_they_are(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        stored(&app, &people.member, "annual", &annual("ONE")).await;
        figures(&app, &people.member, "").await;
        kept(&app, 1).await;
        run(&app, RENAME).await;
        let path = format!("/organizations/{}", people.organization());
        let (status, body) = app.client(&people.tenant_admin).put(&path, &json!({"name": "Another name"})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let body = anew(&app, &people.member).await;
        assert!(!has_renamed(&body), "worked out anew: {body}");
        assert_eq!(body["user_dashboard"]["organization_name"], "Another name", "{body}");
    }

    /// What is kept for another count of changes, an earlier or a later one, is not looked at.
    async fn only_figures_of_the_present_count_are_used(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        stored(&app, member, "annual", &annual("ONE")).await;
        let before = figures(&app, member, "").await;
        kept(&app, 1).await;
        for wrong in ["UPDATE owner_figures SET lines = '[]', version = version - 1",
                      "UPDATE owner_figures SET lines = '[]', version = version + 1000000"] {
            run(&app, wrong).await;
            assert_eq!(anew(&app, member).await["user_dashboard"], before["user_dashboard"]);
        }
        // The later ones stay: somebody has seen more.
        assert_eq!(current(&app).await, Vec::<Uuid>::new());
    }

    async fn what_is_left_alone_is_worked_out_without_being_asked_for(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for actor in [&people.member, &people.stranger, &people.user, &people.super_admin] {
            stored(&app, actor, "annual", &annual("ONE")).await;
        }
        assert_eq!(keep_up(&app.state).await.unwrap(), 0, "it may change again at once");
        run(&app, QUIETEN).await;
        assert!(keep_up(&app.state).await.unwrap() >= 4);
        assert_eq!(keep_up(&app.state).await.unwrap(), 0);
        let owners = [Uuid::nil(), people.organization(), people.stranger.organization_id.unwrap().0,
                      people.user.user_id.0];
        let all = current(&app).await;
        assert!(owners.iter().all(|owner| all.contains(owner)), "{all:?}");
        run(&app, RENAME).await;
        assert!(!has_renamed(&anew(&app, &people.super_admin).await));
        assert_eq!(anew(&app, &people.super_admin).await["user_dashboard"]["total_predictions"], 4);
    }

    /// Of several who ask at once for what is not kept, one has it worked out.
    async fn several_who_ask_at_once_get_one_answer(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        stored(&app, &app.people.member, "annual", &annual("ONE")).await;
        let client = app.client(&app.people.member);
        let all = join_all((0..8).map(|_| client.get_ok("/predictions/dashboard"))).await;
        assert!(all.iter().all(|body| body == &all[0]), "with one time: {all:?}");
    }
}

/// Owners of whom each of these people sees something in a table.
async fn seen(app: &TestApp, sql: &'static str) {
    let p = &app.people;
    let [first, other, second] = [&p.member, &p.neighbour, &p.stranger].map(|a| a.organization_id.unwrap().0);
    let everybodys = {
        let mut tx = app.state.db.system_read("look at the figures of a test").await.unwrap();
        on!(tx, |c| sqlx::query_scalar(sql).fetch_all(c).await).unwrap()
    };
    for (name, actor) in p.all() {
        let own = actor.user_id.0;
        let mut expected: Vec<Uuid> = match name {
            "super_admin" => everybodys.clone(),
            "tenant_admin" => vec![Uuid::nil(), own, first, other],
            "foreign_tenant_admin" => vec![Uuid::nil(), own, second],
            "org_admin" | "member" | "colleague" => vec![Uuid::nil(), first],
            "neighbour" => vec![Uuid::nil(), other],
            "foreign_org_admin" | "stranger" => vec![Uuid::nil(), second],
            _ => vec![Uuid::nil(), own],
        };
        expected.sort_unstable();
        let mut tx = app.state.db.scoped(actor).await.unwrap();
        let found: Vec<Uuid> = on!(tx, |c| sqlx::query_scalar(sql).fetch_all(c).await).unwrap();
        assert_eq!(found, expected, "{name}: {sql}");
    }
}

/// Which of these people may do something: the platform's alone.
async fn for_the_platform_alone(app: &TestApp, sql: &'static str) {
    for (name, actor) in app.people.all() {
        let mut tx = app.state.db.scoped(actor).await.unwrap();
        let done = on!(tx, |c| sqlx::query(sql).execute(c).await.map(|done| done.rows_affected()));
        assert_eq!(done.is_ok_and(|rows| rows > 0), name == "super_admin", "{name}: {sql}");
    }
}

#[test]
fn the_second_wall_stands_around_figures() {
    block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let app = TestApp::without_worker(test, Limits::default()).await;
        assert_eq!(app.test.engine(), Engine::Postgres);
        for (name, actor) in app.people.all() {
            stored(&app, actor, "annual", &annual(&name[..name.len().min(20)])).await;
        }
        seen(&app, "SELECT DISTINCT owner FROM figure_changes ORDER BY owner").await;
        for forbidden in [
            "INSERT INTO figure_changes (owner, version, before, level, lines)
             VALUES (gen_random_uuid(), 2, 1, 'personal', '[]')",
            "INSERT INTO figure_changes (owner, version, before, level, lines)
             VALUES ('00000000-0000-0000-0000-000000000000', 2, 1, 'system', '[]')",
            "DELETE FROM figure_changes",
        ] {
            for_the_platform_alone(&app, forbidden).await;
        }
        run(&app, QUIETEN).await;
        keep_up(&app.state).await.unwrap();
        seen(&app, "SELECT owner FROM owner_figures ORDER BY owner").await;
        for forbidden in [
            "UPDATE owner_figures SET lines = '[]'",
            "INSERT INTO owner_figures (owner, level, version, lines)
             VALUES (gen_random_uuid(), 'personal', 1, '[]')",
        ] {
            for_the_platform_alone(&app, forbidden).await;
        }
    });
}
