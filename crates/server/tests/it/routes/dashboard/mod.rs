mod cache;
mod figures;
mod kept;
mod law;
mod naive;
mod peers;
mod stats;

use accunode_domain::Actor;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{app::TestApp, routes::predictions::annual};

/// A sound annual body of a year, the safer the smaller `debt`.
fn of_year(symbol: &str, year: u16, debt: f64) -> Value {
    let mut body = annual(symbol);
    body["reporting_year"] = json!(year.to_string());
    body["total_debt_to_ebitda"] = json!(debt);
    body
}

/// Stores a prediction; gives it back.
async fn stored(app: &TestApp, actor: &Actor, kind: &str, body: &Value) -> Value {
    let (status, body) = app.client(actor).post(&format!("/predictions/{kind}"), body).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["prediction"].clone()
}

/// Scores a prediction anew: a change that nobody adds to kept figures.
async fn rescored(app: &TestApp, actor: &Actor, prediction: &Value) {
    let path = format!("/predictions/annual/{}/rescore", prediction["id"].as_str().unwrap());
    let (status, body) = app.client(actor).post(&path, &Value::Null).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

/// Somebody's figures.
async fn figures(app: &TestApp, actor: &Actor, query: &str) -> Value {
    app.client(actor).get_ok(&format!("/predictions/dashboard{query}")).await
}
