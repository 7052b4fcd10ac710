//! Predictions that many ask for at the same moment: stored together, and each with its own outcome.

use std::collections::BTreeMap;

use accunode_db::{Engine, on};
use accunode_domain::Actor;
use accunode_server::features::audit_log::service::verify;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::{body, changed, law};
use crate::app::{Client, Limits, TestApp};

/// What somebody asks for, and what they were told.
struct Asked {
    who: &'static str,
    kind: &'static str,
    symbol: String,
    year: String,
    outcome: (StatusCode, Value),
}

/// Everybody who may create asks for the same few companies and years, all at once.
async fn ask(app: &TestApp, rounds: usize) -> Vec<Asked> {
    let mut wanted = Vec::new();
    for n in 0..rounds {
        for (who, actor) in app.people.all() {
            let kind = if n.is_multiple_of(3) { "quarterly" } else { "annual" };
            wanted.push((who, actor, kind, format!("S{}", n % 4), (2020 + n % 5).to_string()));
        }
    }
    join_all(wanted.into_iter().map(async |(who, actor, kind, symbol, year)| {
        let asked = changed(body(kind, &symbol), &json!({ "reporting_year": year, "company_name": who }));
        let outcome = app.client(actor).post(&format!("/predictions/{kind}"), &asked).await;
        Asked { who, kind, symbol, year, outcome }
    }))
    .await
}

/// To whom the rows of somebody belong.
fn owner(app: &TestApp, who: &str) -> String {
    let (_, actor) = app.people.all().into_iter().find(|(name, _)| *name == who).unwrap();
    let (level, organization) = actor.creates_at();
    match organization {
        Some(organization) => organization.to_string(),
        None if level.as_str() == "system" => "system".to_owned(),
        None => actor.user_id.to_string(),
    }
}

fn actor<'a>(app: &'a TestApp, who: &str) -> &'a Actor {
    app.people.all().into_iter().find(|(name, _)| *name == who).unwrap().1
}

async fn number(app: &TestApp, sql: &'static str) -> i64 {
    let mut tx = app.state.db.system_read("count a test's rows").await.unwrap();
    on!(tx, |c| sqlx::query_scalar(sql).fetch_one(c).await).unwrap()
}

const PREDICTIONS: &str =
    "SELECT (SELECT COUNT(*) FROM annual_predictions) + (SELECT COUNT(*) FROM quarterly_predictions)";
const ENTRIES: &str = "SELECT COUNT(*) FROM audit_log WHERE action = 'prediction.create'";

/// Of equal ones one is stored, and everything that is kept beside agrees with what was answered.
async fn adds_up(app: &TestApp, asked: &[Asked]) {
    let mut stored: BTreeMap<_, usize> = BTreeMap::new();
    for one in asked {
        let won = stored.entry((owner(app, one.who), one.kind, &one.symbol, &one.year)).or_default();
        let (status, answer) = &one.outcome;
        if *status == StatusCode::OK {
            *won += 1;
            // What was answered from what was written is what is read.
            let path = format!("/predictions/{}/{}", one.kind, answer["prediction"]["id"].as_str().unwrap());
            let read = app.client(actor(app, one.who)).get_ok(&path).await;
            assert_eq!(read["prediction"], answer["prediction"]);
        } else {
            assert_eq!(*status, StatusCode::BAD_REQUEST, "{answer}");
            let text = answer["detail"].as_str().unwrap();
            assert!(text.contains(&format!("prediction for {} in {}", one.symbol, one.year)), "{text}");
            assert!(text.contains("already exists in your"), "{text}");
        }
    }
    assert!(stored.values().all(|won| *won == 1), "{stored:?}");
    let all = i64::try_from(stored.len()).unwrap();
    assert_eq!(number(app, PREDICTIONS).await, all);
    assert_eq!(number(app, ENTRIES).await, all);
    let chains = verify::all(&app.state.db).await.unwrap();
    assert!(chains.len() >= 3 && chains.iter().all(|chain| chain.intact), "{chains:?}");
    law::nothing_is_stale(app).await;
}

on_both_engines! {
    async fn of_equal_ones_at_once_one_is_stored(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let asked = ask(&app, 12).await;
        adds_up(&app, &asked).await;
        // A second time there is nothing left to store.
        let again = ask(&app, 12).await;
        assert!(again.iter().all(|one| one.outcome.0 == StatusCode::BAD_REQUEST));
        adds_up(&app, &asked).await;
    }

    /// Two servers store at the same time and hold what they share in one order.
    async fn two_servers_do_not_stand_in_each_others_way(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let router = app.second_server(|_| {});
        let people = [&app.people.member, &app.people.stranger, &app.people.user, &app.people.neighbour];
        let wanted = (0..60).map(async |n: usize| {
            let actor = people[n % people.len()];
            let asked = body("annual", &format!("S{}", n % 20));
            let token = app.token(actor.user_id, 0);
            if n.is_multiple_of(3) {
                Client::of(&router, Some(&token)).post("/predictions/annual", &asked).await.0
            } else {
                app.client(actor).post("/predictions/annual", &asked).await.0
            }
        });
        let answers = join_all(wanted).await;
        let stored = answers.iter().filter(|status| **status == StatusCode::OK).count();
        assert!(answers.iter().all(|s| matches!(*s, StatusCode::OK | StatusCode::BAD_REQUEST)), "{answers:?}");
        assert_eq!(number(&app, PREDICTIONS).await, i64::try_from(stored).unwrap());
        assert_eq!(stored, 20, "each of the four asks for five companies, three times each");
        assert!(verify::all(&app.state.db).await.unwrap().iter().all(|chain| chain.intact));
        law::nothing_is_stale(&app).await;
    }

    async fn those_who_go_away_harm_nobody(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let create = async |n: usize| client.post("/predictions/annual", &body("annual", &format!("S{n}"))).await.0;
        let staying = join_all((0..20).map(create));
        let leaving = (100..120).map(|n| tokio::time::timeout(std::time::Duration::from_millis(n % 7), create(n as usize)));
        let (stayed, _) = tokio::join!(staying, join_all(leaving));
        assert!(stayed.iter().all(|status| *status == StatusCode::OK), "{stayed:?}");
        // What was begun for those who left is there as a whole or not at all.
        assert_eq!(number(&app, PREDICTIONS).await, number(&app, ENTRIES).await);
        assert!(verify::all(&app.state.db).await.unwrap().iter().all(|chain| chain.intact));
        law::nothing_is_stale(&app).await;
    }

    async fn what_fails_together_is_stored_one_by_one(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        if app.state.db.engine() == Engine::Sqlite {
            return; // there several people are not told apart, so nothing can fail for them alone
        }
        app.test.as_owner("REVOKE INSERT ON companies FROM accunode_batch").await.unwrap();
        let asked = ask(&app, 3).await;
        adds_up(&app, &asked).await;
    }
}
