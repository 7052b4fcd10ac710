//! Keys that were made for companies alone.

use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::see_the_systems;
use crate::{
    app::{Client, Limits, TestApp},
    routes::predictions::made,
};

/// Whether a company is told with what came of its predictions; never a part of that.
fn tells(item: &Value) -> bool {
    let told = item["latest"].is_object();
    for (field, empty) in [
        ("annual_predictions", json!([])),
        ("quarterly_predictions", json!([])),
        ("annual_predictions_count", json!(0)),
        ("quarterly_predictions_count", json!(0)),
    ] {
        if let Some(value) = item.get(field) {
            assert_eq!(*value != empty, told, "{field} of {item}");
        }
    }
    told
}

/// The scores that a key finds in lists, single companies, searches and files: of the own company, and of the system's.
async fn told(key: &Client, own: &str, systems: &str) -> [bool; 2] {
    let list = key.get_ok("/companies?limit=100").await;
    let hits = key.get_ok("/companies/search?q=example").await;
    let (_, text) = key.text("/companies/export").await;
    let rows: Vec<&str> = text.lines().collect();
    let column = rows[0].split(',').position(|name| name == "probability").unwrap();
    let mut found = Vec::new();
    for (id, symbol) in [(own, "OWN"), (systems, "SYSTEMS")] {
        let of = |body: &Value| {
            let items = body["items"].as_array().unwrap();
            tells(items.iter().find(|item| item["id"] == id).unwrap())
        };
        let row = rows.iter().find(|row| row.starts_with(&format!("{symbol},"))).unwrap();
        let all = [
            of(&list),
            of(&hits),
            tells(&key.get_ok(&format!("/companies/{id}")).await["data"]),
            tells(&key.get_ok(&format!("/companies/search/{symbol}")).await["data"]),
            !row.split(',').nth(column).unwrap().is_empty(),
        ];
        assert!(all.iter().all(|told| *told == all[0]), "{symbol}: {all:?}");
        found.push(all[0]);
    }
    [found[0], found[1]]
}

on_both_engines! {
    async fn a_key_sees_of_companies_what_it_was_made_for(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        let mut ids = Vec::new();
        for (actor, symbol) in [(member, "OWN"), (&app.people.super_admin, "SYSTEMS")] {
            for kind in ["annual", "quarterly"] {
                made(&app, actor, kind, symbol).await;
            }
            let row = made(&app, actor, "annual", &format!("{symbol}X")).await;
            assert!(row["company_id"].is_string());
            ids.push(app.client(actor).get_ok(&format!("/companies/search/{symbol}")).await["data"]["id"].clone());
        }
        see_the_systems(&app, true).await;
        let (own, systems) = (ids[0].as_str().unwrap(), ids[1].as_str().unwrap());
        for (permissions, expected) in [
            (&["company.read"][..], [false, false]),
            (&["company.read", "prediction.read"], [true, false]),
            (&["company.read", "prediction.read_system"], [false, true]),
            (&["company.read", "prediction.read", "prediction.read_system"], [true, true]),
        ] {
            let key = app.with_token(&app.api_key(member, permissions).await);
            assert_eq!(told(&key, own, systems).await, expected, "{permissions:?}");
            let may = if expected == [true, true] { StatusCode::OK } else { StatusCode::FORBIDDEN };
            for query in ["risk_level=LOW", "grade=A", "sort_by=probability", "sort_by=change", "sort_by=period"] {
                assert_eq!(key.get(&format!("/companies?{query}")).await.0, may, "{permissions:?} {query}");
            }
            assert_eq!(key.text("/companies/export?risk_level=LOW").await.0, may, "{permissions:?}");
        }
        assert_eq!(told(&app.client(member), own, systems).await, [true, true]);
    }

    async fn a_key_that_changes_companies_is_told_no_scores(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        let id = made(&app, member, "annual", "OWN").await["company_id"].as_str().unwrap().to_owned();
        let key = app.with_token(&app.api_key(member, &["company.update"]).await);
        let (status, body) = key.put(&format!("/companies/{id}"), &json!({ "sector": "Energy" })).await;
        assert_eq!((status, &body["data"]["latest"]), (StatusCode::OK, &Value::Null), "{body}");
    }
}
