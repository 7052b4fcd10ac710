mod rows;
mod target;
mod what_if;

use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::Client;

/// A weak company's year.
fn weak() -> Value {
    json!({
        "long_term_debt_to_total_capital": 65.0, "total_debt_to_ebitda": 9.4, "net_income_margin": -12.5,
        "ebit_to_interest_expense": 0.8, "return_on_assets": -8.0
    })
}

/// A sound company's year.
fn sound() -> Value {
    json!({
        "long_term_debt_to_total_capital": 5, "total_debt_to_ebitda": "0.3", "net_income_margin": 15.0,
        "ebit_to_interest_expense": 40.0, "return_on_assets": 12.0
    })
}

/// A value with some members set.
fn with(mut value: Value, members: &Value) -> Value {
    for (name, member) in members.as_object().unwrap() {
        value[name] = member.clone();
    }
    value
}

async fn ok(client: &Client, path: &str, body: &Value) -> Value {
    let (status, answer) = client.post(path, body).await;
    assert_eq!(status, StatusCode::OK, "{answer}");
    answer
}

/// The fields that an answer calls wrong.
async fn wrong(client: &Client, path: &str, body: &Value) -> Vec<String> {
    let (status, answer) = client.post(path, body).await;
    assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{answer}");
    let errors = answer["errors"].as_array().unwrap();
    errors.iter().map(|error| error["field"].as_str().unwrap().to_owned()).collect()
}

/// The sum of a member of the objects of a list.
fn sum(list: &Value, member: &str) -> f64 {
    list.as_array().unwrap().iter().map(|item| item[member].as_f64().unwrap()).sum()
}
