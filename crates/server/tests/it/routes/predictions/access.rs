//! Who may do what to a prediction: level of the row, who asks, what for.

use accunode_domain::Actor;
use accunode_testkit::{People, on_both_engines};
use axum::http::StatusCode;
use serde_json::Value;

use super::{body, made};
use crate::app::{Limits, TestApp};

const OK: u16 = 200;
const NO: u16 = 403;
const OUT: u16 = 404;

/// What is asked: looking (get, versions), scoring again (update, rescore), taking away.
type Expected = [u16; 3];

fn personal(people: &People) -> Vec<(&'static str, &Actor, Expected)> {
    let strange = [OUT, OUT, OUT];
    vec![
        ("creator", &people.user, [OK, OK, OK]),
        ("other user", &people.other_user, strange),
        ("member", &people.member, strange),
        ("org_admin", &people.org_admin, strange),
        ("tenant_admin", &people.tenant_admin, strange),
        ("super_admin", &people.super_admin, [OK, OK, OK]),
    ]
}

fn organization(people: &People) -> Vec<(&'static str, &Actor, Expected)> {
    let strange = [OUT, OUT, OUT];
    vec![
        ("creator", &people.member, [OK, OK, OK]),
        ("colleague", &people.colleague, [OK, NO, NO]),
        ("org_admin", &people.org_admin, [OK, NO, OK]),
        ("tenant_admin", &people.tenant_admin, [OK, NO, NO]),
        ("super_admin", &people.super_admin, [OK, OK, OK]),
        ("neighbour", &people.neighbour, strange),
        ("stranger", &people.stranger, strange),
        ("foreign org_admin", &people.foreign_org_admin, strange),
        ("foreign tenant_admin", &people.foreign_tenant_admin, strange),
        ("user", &people.user, strange),
    ]
}

fn system(people: &People) -> Vec<(&'static str, &Actor, Expected)> {
    let look = [OK, NO, NO];
    vec![
        ("super_admin", &people.super_admin, [OK, OK, OK]),
        ("tenant_admin", &people.tenant_admin, look),
        ("org_admin", &people.org_admin, look),
        ("member", &people.member, look),
        ("user", &people.user, look),
    ]
}

const OPERATIONS: [(&str, usize); 5] =
    [("get", 0), ("versions", 0), ("update", 1), ("rescore", 1), ("delete", 2)];

async fn attempt(app: &TestApp, actor: &Actor, kind: &str, operation: &str, id: &str) -> (StatusCode, Value) {
    let (client, path) = (app.client(actor), format!("/predictions/{kind}/{id}"));
    match operation {
        "get" => client.get(&path).await,
        "versions" => client.get(&format!("{path}/versions")).await,
        "update" => client.put(&path, &body(kind, "IGNORED")).await,
        "rescore" => client.post(&format!("{path}/rescore"), &Value::Null).await,
        _ => client.delete(&path).await,
    }
}

async fn table(app: &TestApp, kind: &str) {
    let people = &app.people;
    let levels = [
        ("personal", &people.user, personal(people)),
        ("organization", &people.member, organization(people)),
        ("system", &people.super_admin, system(people)),
    ];
    let mut wrong = Vec::new();
    for (level, creator, callers) in levels {
        for (who, caller, expected) in callers {
            for (operation, column) in OPERATIONS {
                let case = format!("{operation} of {kind} at {level} level by {who}");
                let symbol = format!("{:016X}", uuid::Uuid::new_v4().as_u128() as u64);
                let row = made(app, creator, kind, &symbol).await;
                let id = row["id"].as_str().unwrap();
                assert_eq!(row["access_level"], level);
                let (status, answer) = attempt(app, caller, kind, operation, id).await;
                let wanted = expected[column];
                if status != wanted {
                    wrong.push(format!("{case}: {status} instead of {wanted}: {answer}"));
                }
                // Whoever was refused has changed nothing; who was not has done it.
                let left = app.client(creator).get(&format!("/predictions/{kind}/{id}")).await;
                let untouched = left.0 == StatusCode::OK && left.1["prediction"] == row;
                let unchanging = wanted != OK || column == 0;
                if untouched != unchanging {
                    wrong.push(format!("{case}: left {}", left.1));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

on_both_engines! {
    async fn annual_rows_obey_their_level(test: TestDb) {
        table(&TestApp::without_worker(test, Limits::default()).await, "annual").await;
    }

    async fn quarterly_rows_obey_their_level(test: TestDb) {
        table(&TestApp::without_worker(test, Limits::default()).await, "quarterly").await;
    }

    async fn what_names_nothing_is_not_found(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let row = made(&app, &app.people.user, "annual", "KIND").await;
        let other = format!("/predictions/quarterly/{}", row["id"].as_str().unwrap());
        let unknown = format!("/predictions/annual/{}", uuid::Uuid::now_v7());
        let user = app.client(&app.people.user);
        for path in [other.as_str(), unknown.as_str(), "/predictions/annual/1"] {
            assert_eq!(user.get(path).await.0, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(user.delete(path).await.0, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(user.get(&format!("{path}/versions")).await.0, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(app.anonymous().get(path).await.0, StatusCode::UNAUTHORIZED, "{path}");
        }
    }
}
