//! The law of figures: whatever is stored, everybody's are those of the rows that they may see, and of no others.

use accunode_db::Engine;
use accunode_domain::Actor;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::naive::{All, close};
use crate::{
    app::{Limits, TestApp},
    files::{QUARTERLY, annual_file},
};

/// A row of a file: few symbols, so that companies have several periods; many sectors, so that not all are named.
fn row(quarterly: bool) -> impl Strategy<Value = String> {
    let quarter = if quarterly { "Q[1-4]" } else { "(Q[1-4])?" };
    let ratios = prop::collection::vec(-20.0..60.0_f64, if quarterly { 4 } else { 5 });
    ("[A-F][A-H]", "[a-eA-Eé]{1,2}", 2019..2024_u16, quarter, ratios).prop_map(
        |(symbol, sector, year, quarter, ratios)| {
            let ratios: Vec<String> = ratios.iter().map(f64::to_string).collect();
            format!("{symbol},{symbol} Works,100,Sector {sector},{year},{quarter},{}", ratios.join(","))
        },
    )
}

type Files = Vec<(usize, bool, Vec<String>)>;

fn files() -> impl Strategy<Value = Files> {
    let file = (0..7_usize, any::<bool>()).prop_flat_map(|(who, quarterly)| {
        (Just(who), Just(quarterly), prop::collection::vec(row(quarterly), 1..30))
    });
    prop::collection::vec(file, 1..5)
}

/// The dashboard's members in the shape of the naive figures.
fn flat(body: &Value) -> Value {
    let mut flat = body["user_dashboard"].clone();
    for part in [&body["user_dashboard"]["last_updated_times"], &body["portfolio"]] {
        for (name, value) in part.as_object().unwrap() {
            flat[name] = value.clone();
        }
    }
    flat
}

async fn holds_for(app: &TestApp, all: &All, name: &str, actor: &Actor) -> Result<(), TestCaseError> {
    let client = app.client(actor);
    for personal in [false, true] {
        let query = if personal { "?scope=personal" } else { "" };
        let body = flat(&client.get_ok(&format!("/predictions/dashboard{query}")).await);
        let mut expected = all.dashboard(actor, personal);
        if actor.role == accunode_domain::Role::SuperAdmin {
            // Personal companies are counted and not named; that has a test of its own.
            expected["movers"] = json!({});
        }
        close(name, &expected, &body).map_err(TestCaseError::fail)?;
        let sum = |part: &Value| {
            part.as_array().unwrap().iter().map(|x| x["companies"].as_i64().unwrap()).sum::<i64>()
        };
        let others = body["by_sector"]["others"]["companies"].as_i64().unwrap_or(0);
        let rated = body["rated_companies"].as_i64().unwrap();
        prop_assert_eq!(sum(&body["by_risk_level"]), rated);
        prop_assert_eq!(sum(&body["by_grade"]), rated);
        prop_assert_eq!(sum(&body["by_sector"]["largest"]) + others, rated);
    }
    let stats = client.get_ok("/predictions/stats").await;
    let total = &stats["prediction_counts"]["accessible_total"];
    prop_assert_eq!(&total["annual"], &json!(all.readable(actor, "annual")), "{}", name);
    prop_assert_eq!(&total["quarterly"], &json!(all.readable(actor, "quarterly")), "{}", name);
    Ok(())
}

async fn figures_are_those_of_the_rows(app: &TestApp, files: &Files) -> Result<(), TestCaseError> {
    let p = &app.people;
    let uploaders =
        [&p.member, &p.colleague, &p.neighbour, &p.stranger, &p.user, &p.tenant_admin, &p.super_admin];
    for (who, quarterly, rows) in files {
        let client = app.client(uploaders[*who]);
        let (kind, file) = if *quarterly {
            ("quarterly", format!("{QUARTERLY}\n{}\n", rows.join("\n")).into_bytes())
        } else {
            ("annual", annual_file(rows))
        };
        let job = client.upload_and_wait(kind, "any.csv", &file).await;
        prop_assert_eq!(job["status"].as_str(), Some("completed"), "{}", job);
    }
    prop_assert!(app.miscounted().await.is_empty());
    let all = All::read(app).await;
    for (name, actor) in p.all() {
        holds_for(app, &all, name, actor).await?;
    }
    Ok(())
}

/// Every case on one application: each adds to what the earlier ones stored.
fn law(engine: Engine) {
    accunode_testkit::law(
        engine,
        12,
        &files(),
        async |test| TestApp::with(test, Limits::default()).await,
        async |app, _, files| figures_are_those_of_the_rows(app, &files).await,
    );
}

#[test]
fn figures_are_those_of_the_rows_on_sqlite() {
    law(Engine::Sqlite);
}

#[test]
fn figures_are_those_of_the_rows_on_postgres() {
    law(Engine::Postgres);
}
