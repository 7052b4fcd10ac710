mod create;
mod delete;
mod export;
mod get;
mod keys;
mod list;
mod plans;
mod search;
mod update;

use accunode_db::on;
use accunode_domain::Actor;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Client, TestApp};

/// A sound body of a new company.
pub(crate) fn company(symbol: &str) -> Value {
    json!({ "symbol": symbol, "name": format!("{symbol} Works"), "market_cap": 12.5, "sector": "Industrials" })
}

/// Adds a company; gives its id.
pub(crate) async fn added(client: &Client, symbol: &str) -> String {
    let (status, body) = client.post("/companies", &company(symbol)).await;
    assert_eq!(status, StatusCode::OK, "{body}");
    body["data"]["id"].as_str().unwrap().to_owned()
}

/// One company of everybody, at each one's own level, by a prediction: a plain user may make these, but no companies.
async fn one_each(app: &TestApp) {
    for (name, actor) in app.people.all() {
        let body = crate::routes::predictions::annual(&name[..name.len().min(20)]);
        let (status, body) = app.client(actor).post("/predictions/annual", &body).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    }
}

/// Lets the people of the first organization see the system's companies, or no longer.
async fn see_the_systems(app: &TestApp, on_or_off: bool) {
    let path =
        format!("/organizations/{}/global-data-access?allow_access={on_or_off}", app.people.organization());
    let (status, body) = app.client(&app.people.tenant_admin).patch(&path, &json!({})).await;
    assert_eq!(status, StatusCode::OK, "{body}");
}

/// The symbols of a list's items, in order.
fn symbols(body: &Value) -> Vec<String> {
    let items = body["items"].as_array().unwrap();
    items.iter().map(|item| item["symbol"].as_str().unwrap().to_owned()).collect()
}

/// Those whom somebody may see, as the symbols of [`one_each`].
fn seen_by(app: &TestApp, actor: &Actor, global: bool) -> Vec<&'static str> {
    let p = &app.people;
    let mut seen = if actor == &p.super_admin {
        return sorted(p.all().map(|(name, _)| name).to_vec());
    } else if actor == &p.tenant_admin {
        vec!["tenant_admin", "org_admin", "member", "colleague", "neighbour", "super_admin"]
    } else if actor == &p.foreign_tenant_admin {
        vec!["foreign_tenant_admin", "stranger", "foreign_org_admin", "super_admin"]
    } else if [&p.org_admin, &p.member, &p.colleague].contains(&actor) {
        let mut seen = vec!["org_admin", "member", "colleague"];
        seen.extend(global.then_some("super_admin"));
        seen
    } else if [&p.stranger, &p.foreign_org_admin].contains(&actor) {
        vec!["stranger", "foreign_org_admin"]
    } else {
        p.all().iter().filter(|(_, a)| *a == actor).map(|(name, _)| *name).collect()
    };
    seen.sort_unstable();
    seen
}

fn sorted(mut names: Vec<&'static str>) -> Vec<&'static str> {
    names.sort_unstable();
    names
}

/// How those symbols are stored.
fn stored(names: &[&str]) -> Vec<String> {
    names.iter().map(|name| name.to_uppercase()).collect()
}

/// The number of companies that there are.
async fn count(app: &TestApp) -> i64 {
    let mut tx = app.state.db.system_read("count the companies of a test").await.unwrap();
    on!(tx, |c| sqlx::query_scalar("SELECT COUNT(*) FROM companies").fetch_one(c).await).unwrap()
}
