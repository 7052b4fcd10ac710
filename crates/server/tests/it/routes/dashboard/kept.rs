//! Figures that are kept for each owner in the database, beside what a server keeps for a minute.

use accunode_db::{Engine, on};
use accunode_domain::Actor;
use accunode_server::features::dashboard::service::keep_up;
use accunode_testkit::{TestDb, block_on, on_both_engines};
use futures_util::future::join_all;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{figures, stored};
use crate::{
    app::{Client, Limits, TestApp},
    routes::predictions::annual,
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
        stored(&app, &people.colleague, "annual", &annual("TWO")).await;
        assert!(has_renamed(&anew(&app, &people.member).await) && !has_renamed(&anew(&app, &people.neighbour).await));
        for actor in [&people.tenant_admin, &people.super_admin] {
            let body = anew(&app, actor).await;
            let sectors = &body["portfolio"]["by_sector"]["largest"];
            assert_eq!((&sectors[0]["sector"], &sectors[1]["sector"]), (&json!("Industrials"), &json!("Renamed")), "{body}");
            assert_eq!(body["user_dashboard"]["total_predictions"], 3);
        }
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

#[test]
fn the_second_wall_stands_around_figures() {
    block_on(async {
        let Some(test) = TestDb::postgres().await else { return };
        let app = TestApp::without_worker(test, Limits::default()).await;
        assert_eq!(app.test.engine(), Engine::Postgres);
        let p = &app.people;
        for (name, actor) in p.all() {
            stored(&app, actor, "annual", &annual(&name[..name.len().min(20)])).await;
        }
        run(&app, QUIETEN).await;
        keep_up(&app.state).await.unwrap();
        let [first, other, second] =
            [&p.member, &p.neighbour, &p.stranger].map(|a| a.organization_id.unwrap().0);
        for (name, actor) in p.all() {
            let own = actor.user_id.0;
            let mut expected = match name {
                "super_admin" => current(&app).await,
                "tenant_admin" => vec![Uuid::nil(), own, first, other],
                "foreign_tenant_admin" => vec![Uuid::nil(), own, second],
                "org_admin" | "member" | "colleague" => vec![Uuid::nil(), first],
                "neighbour" => vec![Uuid::nil(), other],
                "foreign_org_admin" | "stranger" => vec![Uuid::nil(), second],
                _ => vec![Uuid::nil(), own],
            };
            expected.sort_unstable();
            let mut tx = app.state.db.scoped(actor).await.unwrap();
            let seen: Vec<Uuid> =
                on!(tx, |c| sqlx::query_scalar("SELECT owner FROM owner_figures ORDER BY owner")
                    .fetch_all(c)
                    .await)
                .unwrap();
            assert_eq!(seen, expected, "{name}");
            const CHANGE: &str = "UPDATE owner_figures SET lines = '[]'";
            let changed = on!(tx, |c| sqlx::query(CHANGE).execute(c).await.map(|done| done.rows_affected()));
            let may = if name == "super_admin" { expected.len() as u64 } else { 0 };
            assert_eq!(changed.unwrap(), may, "{name}");
            const ADD: &str = "INSERT INTO owner_figures (owner, level, version, lines)
                               VALUES (gen_random_uuid(), 'personal', 1, '[]')";
            let added = on!(tx, |c| sqlx::query(ADD).execute(c).await.map(drop));
            assert_eq!(added.is_ok(), name == "super_admin", "{name}");
        }
    });
}
