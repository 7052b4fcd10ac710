//! The calls of the web client that this API was first made for, as its screens send them: what it reads of an answer
//! is there, of the type that it takes it for, for every role that has the screen.

mod dashboard;
mod organizations;
mod people;
mod predictions;
mod refusals;
mod session;
mod tenants;
mod uploads;

use accunode_db::Timestamp;
use accunode_domain::Actor;
use axum::http::StatusCode;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Client, TestApp};

/// Checks that a value has the members of a shape. A shape names a type: `text`, `id`, `time`, `number`, `whole`,
/// `share` (0 to 1) or `flag`, with `?` where null will do, or with `=` just this text. `[shape]` is a list that holds
/// something, and everything in it has the shape. Any other value stands for itself.
pub(crate) fn has(value: &Value, shape: &Value) {
    check("", value, shape);
}

fn check(at: &str, value: &Value, shape: &Value) {
    match shape {
        Value::Object(members) => {
            for (name, shape) in members {
                let member = value.get(name).unwrap_or_else(|| panic!("{at}.{name} is missing: {value}"));
                check(&format!("{at}.{name}"), member, shape);
            }
        }
        Value::Array(shapes) => {
            let list = value.as_array().unwrap_or_else(|| panic!("{at} is no list: {value}"));
            assert!(!list.is_empty(), "{at} holds nothing");
            for (i, item) in list.iter().enumerate() {
                check(&format!("{at}[{i}]"), item, &shapes[0]);
            }
        }
        Value::String(kind) => assert!(is(value, kind), "{at} is no {kind}: {value}"),
        other => assert_eq!(value, other, "{at}"),
    }
}

fn is(value: &Value, kind: &str) -> bool {
    if let Some(kind) = kind.strip_suffix('?') {
        return value.is_null() || is(value, kind);
    }
    if let Some(text) = kind.strip_prefix('=') {
        return value == text;
    }
    let text = value.as_str();
    match kind {
        "text" => text.is_some_and(|text| !text.is_empty()),
        "id" => text.is_some_and(|text| text.parse::<Uuid>().is_ok()),
        "time" => text.is_some_and(|text| text.ends_with('Z') && text.parse::<Timestamp>().is_ok()),
        "number" => value.is_number(),
        "whole" => value.is_i64() || value.is_u64(),
        "share" => value.as_f64().is_some_and(|number| (0.0..=1.0).contains(&number)),
        "flag" => value.is_boolean(),
        other => panic!("there is no type {other}"),
    }
}

/// A shape with other members.
fn with(mut shape: Value, members: &Value) -> Value {
    for (name, member) in members.as_object().unwrap() {
        shape[name] = member.clone();
    }
    shape
}

/// A person, wherever one is shown.
fn user() -> Value {
    json!({
        "id": "id", "email": "text", "username": "text?", "full_name": "text?", "role": "text",
        "organization_id": "id?", "tenant_id": "id?", "is_active": "flag", "created_at": "time", "last_login": "time?"
    })
}

/// The five roles, each with somebody who has it.
fn roles(app: &TestApp) -> [(&'static str, &Actor); 5] {
    let p = &app.people;
    [
        ("user", &p.user),
        ("org_member", &p.member),
        ("org_admin", &p.org_admin),
        ("tenant_admin", &p.tenant_admin),
        ("super_admin", &p.super_admin),
    ]
}

/// An answer that must be a success.
fn ok((status, body): (StatusCode, Value)) -> Value {
    assert_eq!(status, StatusCode::OK, "{body}");
    body
}

/// A refusal of which the client shows the one sentence.
fn detail((status, body): (StatusCode, Value), expected: StatusCode) -> String {
    assert_eq!(status, expected, "{body}");
    has(&body, &json!({ "detail": "text" }));
    body["detail"].as_str().unwrap().to_owned()
}

/// What is where a path leads, with a slash at its end or without: never by way of another address.
async fn both_spellings(client: &Client, path: &str) -> Value {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let plain = client.get_ok(&format!("{path}?{query}")).await;
    let slashed = client.get_ok(&format!("{path}/?{query}")).await;
    assert_eq!(plain, slashed, "{path}");
    slashed
}

#[test]
fn a_shape_names_what_is_not_of_it() {
    let good = json!({ "a": "x", "b": [{ "c": 0.5 }], "d": null });
    let shape = json!({ "a": "text", "b": [{ "c": "share" }], "d": "id?" });
    has(&good, &shape);
    for (bad, said) in [
        (json!({ "a": "x", "b": [{ "c": 0.5 }] }), ".d is missing"),
        (json!({ "a": "", "b": [{ "c": 0.5 }], "d": null }), ".a is no text"),
        (json!({ "a": "x", "b": [], "d": null }), ".b holds nothing"),
        (json!({ "a": "x", "b": [{ "c": 1.5 }], "d": null }), ".b[0].c is no share"),
        (json!({ "a": "x", "b": [{ "c": 0.5 }], "d": "1" }), ".d is no id"),
    ] {
        let panic = std::panic::catch_unwind(|| has(&bad, &shape)).unwrap_err();
        let text = panic.downcast_ref::<String>().cloned().unwrap_or_default();
        assert!(text.contains(said), "{text}");
    }
}
