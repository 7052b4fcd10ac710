mod change;
mod read;

use serde_json::{Value, json};

/// Two grades, divided at a probability.
fn halves(at: f64) -> Value {
    json!({ "grades": [{ "grade": "good", "upper": at }, { "grade": "bad", "upper": null }] })
}

/// The same with further members.
fn with(mut body: Value, members: Value) -> Value {
    for (name, value) in members.as_object().unwrap() {
        body[name] = value.clone();
    }
    body
}
