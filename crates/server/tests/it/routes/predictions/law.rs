//! The laws of what is kept beside predictions: whatever is done to them, what is latest of their companies equals what
//! is worked out from scratch, totals are those of the rows, and every version is there as it was made.

use std::collections::BTreeMap;

use accunode_db::{Engine, Timestamp, on};
use axum::http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use super::{body, changed};
use crate::app::{Limits, TestApp};

/// One step: what is done, to which of the rows that there are, with what.
#[derive(Clone, Debug)]
struct Step {
    what: u8,
    which: usize,
    kind: &'static str,
    company: u8,
    year: u16,
    quarter: Option<u8>,
    ratio: Option<f64>,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let kind = prop_oneof![Just("annual"), Just("quarterly")];
    let quarter = prop::option::of(1..5_u8);
    let ratio = prop::option::of(-50.0..150.0_f64);
    let step = (0..8_u8, any::<usize>(), kind, 0..2_u8, 2020..2023_u16, quarter, ratio);
    let step = step.prop_map(|(what, which, kind, company, year, quarter, ratio)| {
        let quarter = if kind == "quarterly" { quarter.or(Some(1)) } else { quarter };
        Step { what, which, kind, company, year, quarter, ratio }
    });
    prop::collection::vec(step, 1..16)
}

/// A prediction that ought to be there: its kind, and its versions' numbers, oldest first.
type Known = BTreeMap<String, (&'static str, Vec<(i64, Value, Value)>)>;

fn numbers(row: &Value) -> (i64, Value, Value) {
    let probability = row.get("probability").or_else(|| row.get("ensemble_probability")).unwrap();
    (row["version"].as_i64().unwrap(), probability.clone(), row["reporting_year"].clone())
}

async fn take(app: &TestApp, case: usize, step: &Step, known: &mut Known) -> Result<(), TestCaseError> {
    let client = app.client(&app.people.member);
    let symbol = format!("L{case}C{}", step.company);
    let quarter = step.quarter.map_or(Value::Null, |q| json!(format!("Q{q}")));
    let body = changed(
        body(step.kind, &symbol),
        &json!({
            "reporting_year": step.year.to_string(), "reporting_quarter": quarter,
            "long_term_debt_to_total_capital": step.ratio
        }),
    );
    if step.what < 4 || known.is_empty() {
        let (status, answer) = client.post(&format!("/predictions/{}", step.kind), &body).await;
        prop_assert!(matches!(status, StatusCode::OK | StatusCode::BAD_REQUEST), "{}", answer);
        if status == StatusCode::OK {
            let row = &answer["prediction"];
            known.insert(row["id"].as_str().unwrap().to_owned(), (step.kind, vec![numbers(row)]));
        }
        return Ok(());
    }
    let id = known.keys().nth(step.which % known.len()).unwrap().clone();
    let (kind, versions) = known.get_mut(&id).unwrap();
    let path = format!("/predictions/{kind}/{id}");
    let (status, answer) = match step.what {
        4 | 5 => {
            let fitting =
                changed(super::body(kind, &symbol), &json!({ "reporting_year": step.year.to_string() }));
            client.put(&path, &fitting).await
        }
        6 => client.post(&format!("{path}/rescore"), &Value::Null).await,
        _ => client.delete(&path).await,
    };
    let duplicate = status == StatusCode::BAD_REQUEST && step.what < 6;
    prop_assert!(status == StatusCode::OK || duplicate, "{}", answer);
    if step.what == 7 {
        known.remove(&id);
    } else if status == StatusCode::OK {
        versions.push(numbers(&answer["prediction"]));
    }
    Ok(())
}

/// A stored prediction as the law looks at it.
#[derive(Clone, Debug, sqlx::FromRow)]
struct Stored {
    kind: String,
    id: Uuid,
    company_id: Uuid,
    year: i32,
    quarter: Option<String>,
    probability: f64,
    grade: Option<String>,
    risk_level: String,
    at: Timestamp,
}

#[derive(Debug, sqlx::FromRow)]
struct Company {
    id: Uuid,
    latest_kind: Option<String>,
    latest_prediction_id: Option<Uuid>,
    latest_year: Option<i32>,
    latest_quarter: Option<String>,
    latest_probability: Option<f64>,
    latest_risk_level: Option<String>,
    latest_grade: Option<String>,
    latest_at: Option<Timestamp>,
    previous_probability: Option<f64>,
    previous_grade: Option<String>,
    annual_count: i64,
    quarterly_count: i64,
}

async fn kept(app: &TestApp) -> (Vec<Company>, Vec<Stored>) {
    const COMPANIES: &str = "SELECT * FROM companies";
    const ROWS: &str = "SELECT 'annual' AS kind, id, company_id, reporting_year AS year, reporting_quarter AS quarter,
            probability, grade, risk_level, COALESCE(updated_at, created_at) AS at FROM annual_predictions
        UNION ALL SELECT 'quarterly', id, company_id, reporting_year, reporting_quarter, ensemble_probability, grade,
            risk_level, COALESCE(updated_at, created_at) FROM quarterly_predictions";
    let mut tx = app.state.db.system_read("look at a test's rows").await.unwrap();
    let companies = on!(tx, |c| sqlx::query_as(COMPANIES).fetch_all(c).await).unwrap();
    (companies, on!(tx, |c| sqlx::query_as(ROWS).fetch_all(c).await).unwrap())
}

/// What is latest comes first: an annual report without a quarter speaks of the whole year.
fn order(a: &Stored, b: &Stored) -> std::cmp::Ordering {
    let period = |s: &Stored| (s.year, s.quarter.as_ref().map_or(4, |q| q[1..].parse().unwrap_or(0)), s.at);
    period(b).cmp(&period(a)).then(a.kind.cmp(&b.kind)).then(a.id.cmp(&b.id))
}

fn equals_scratch(company: &Company, all: &[Stored]) -> Result<(), TestCaseError> {
    let mut own: Vec<&Stored> = all.iter().filter(|s| s.company_id == company.id).collect();
    own.sort_by(|a, b| order(a, b));
    let latest = own.first();
    let before = latest.and_then(|l| own.iter().filter(|s| s.kind == l.kind).nth(1));
    prop_assert_eq!(company.latest_prediction_id, latest.map(|l| l.id));
    prop_assert_eq!(company.latest_kind.as_ref(), latest.map(|l| &l.kind));
    prop_assert_eq!(company.latest_year, latest.map(|l| l.year));
    prop_assert_eq!(company.latest_quarter.as_ref(), latest.and_then(|l| l.quarter.as_ref()));
    prop_assert_eq!(company.latest_probability, latest.map(|l| l.probability));
    prop_assert_eq!(company.latest_risk_level.as_ref(), latest.map(|l| &l.risk_level));
    prop_assert_eq!(company.latest_grade.as_ref(), latest.and_then(|l| l.grade.as_ref()));
    prop_assert_eq!(company.latest_at, latest.map(|l| l.at));
    prop_assert_eq!(company.previous_probability, before.map(|b| b.probability));
    prop_assert_eq!(company.previous_grade.as_ref(), before.and_then(|b| b.grade.as_ref()));
    let count = |kind: &str| i64::try_from(own.iter().filter(|s| s.kind == kind).count()).unwrap_or(-1);
    prop_assert_eq!((company.annual_count, company.quarterly_count), (count("annual"), count("quarterly")));
    Ok(())
}

/// What is latest of every company is as worked out from scratch.
pub(crate) async fn nothing_is_stale(app: &TestApp) {
    let (companies, stored) = kept(app).await;
    for company in &companies {
        equals_scratch(company, &stored).unwrap();
    }
}

async fn holds(app: &TestApp, case: usize, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut known = Known::new();
    for step in steps {
        take(app, case, step, &mut known).await?;
    }
    let (companies, stored) = kept(app).await;
    for company in &companies {
        equals_scratch(company, &stored)?;
    }
    prop_assert!(app.miscounted().await.is_empty());
    let client = app.client(&app.people.colleague);
    for (id, (kind, made)) in &known {
        let answer = client.get_ok(&format!("/predictions/{kind}/{id}/versions")).await;
        let mut found: Vec<_> = answer["versions"].as_array().unwrap().iter().map(numbers).collect();
        found.reverse();
        prop_assert_eq!(&found, made);
    }
    Ok(())
}

fn law(engine: Engine) {
    accunode_testkit::law(
        engine,
        16,
        &steps(),
        async |test| TestApp::without_worker(test, Limits::default()).await,
        async |app, case, steps| holds(app, case, &steps).await,
    );
}

#[test]
fn nothing_is_lost_or_stale_on_sqlite() {
    law(Engine::Sqlite);
}

#[test]
fn nothing_is_lost_or_stale_on_postgres() {
    law(Engine::Postgres);
}
