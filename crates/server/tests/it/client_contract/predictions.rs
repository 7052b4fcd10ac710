//! The prediction store of the client, the form that scores a company, and the two dialogs of a prediction.

use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{both_spellings, detail, has, ok, roles, with};
use crate::{
    app::{Limits, TestApp},
    routes::predictions::{body, changed},
};

const KINDS: [&str; 2] = ["annual", "quarterly"];

/// A row, wherever one is shown.
fn row(kind: &str) -> Value {
    let head = json!({
        "id": "id", "company_id": "id", "company_symbol": "text", "company_name": "text", "sector": "text",
        "market_cap": "number", "reporting_year": "text", "reporting_quarter": "text?", "risk_level": "text",
        "confidence": "share", "access_level": "text", "organization_id": "id?", "organization_name": "text?",
        "created_by": "id", "created_by_email": "text?", "created_at": "time", "updated_at": "time?",
        "predicted_at": "time"
    });
    let scores = if kind == "annual" {
        json!({ "long_term_debt_to_total_capital": "number?", "total_debt_to_ebitda": "number?", "net_income_margin": "number?",
                "ebit_to_interest_expense": "number?", "return_on_assets": "number?", "probability": "share" })
    } else {
        json!({ "total_debt_to_ebitda": "number?", "sga_margin": "number?", "long_term_debt_to_total_capital": "number?",
                "return_on_capital": "number?", "logistic_probability": "share", "gbm_probability": "share",
                "ensemble_probability": "share", "reporting_quarter": "text" })
    };
    with(head, &scores)
}

/// An answer with a prediction, of which these members are known.
fn answer(kind: &str, known: &Value) -> Value {
    json!({ "success": true, "message": "text", "prediction": with(row(kind), known) })
}

/// Where the predictions of a role belong.
fn scope(role: &str) -> &'static str {
    match role {
        "org_member" | "org_admin" => "organization",
        "super_admin" => "system",
        _ => "personal",
    }
}

/// The list that the store of a role reads what it has made from: a super_admin's reads the system's alone.
fn list(role: &str, kind: &str) -> String {
    format!("/predictions/{kind}{}", if role == "super_admin" { "/system" } else { "" })
}

/// What the client reads out of the refusal of a duplicate: kind, symbol, year, quarter and scope.
fn duplicate(text: &str) -> Option<(&str, &str, &str, Option<&str>, &str)> {
    let (kind, rest) = text.split_once(" prediction for ")?;
    let (symbol, rest) = rest.split_once(" in ")?;
    let (period, scope) = rest.split_once(" already exists in your ")?;
    let (year, quarter) =
        period.split_once(' ').map_or((period, None), |(year, quarter)| (year, Some(quarter)));
    let of_symbol = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || matches!(c, '.' | '-');
    let fits = symbol.chars().all(of_symbol) && year.len() == 4 && year.bytes().all(|b| b.is_ascii_digit());
    Some((kind, symbol, year, quarter, scope.strip_suffix(" scope")?)).filter(|_| fits)
}

on_both_engines! {
    async fn every_role_scores_lists_changes_and_deletes(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for kind in KINDS {
            // What is in the list of each role, in the order of [`roles`], once it has made its own.
            for ((role, actor), seen) in roles(&app).into_iter().zip([1, 1, 2, 3, 1]) {
                let client = app.client(actor);
                let typed = format!("{}.{}", &kind[..1], role.replace('_', ""));
                let form = body(kind, &typed);
                let made = ok(client.post(&format!("/predictions/{kind}"), &form).await);
                let symbol = format!("={}", typed.to_uppercase());
                let place = match scope(role) {
                    "organization" => json!({ "organization_id": "id", "organization_name": "=first" }),
                    _ => json!({ "organization_id": null }),
                };
                // Nobody is told the addresses of the platform's own team.
                let maker = if role == "super_admin" { Value::Null } else { json!(format!("={}", app.email(actor))) };
                let known = with(place, &json!({
                    "company_symbol": symbol, "company_name": "=Example Works", "market_cap": 1200.5, "sector": "=Industrials",
                    "reporting_year": "=2024", "access_level": format!("={}", scope(role)),
                    "created_by_email": maker, "total_debt_to_ebitda": form["total_debt_to_ebitda"]
                }));
                has(&made, &answer(kind, &known));
                let list = list(role, kind);
                let page = both_spellings(&client, &format!("{list}?page=1&size=1000")).await;
                has(&page, &json!({ "success": true, "predictions": [row(kind)], "total": seen, "page": 1, "size": 1000, "pages": 1,
                                    "pagination": { "total": seen, "page": 1, "size": 1000, "pages": 1 } }));
                let rows = page["predictions"].as_array().unwrap();
                assert_eq!((rows.len(), &rows[0]["id"]), (seen, &made["prediction"]["id"]), "{role}: newest first");
                // The dashboard may have promised one page more than there is.
                let behind = client.get_ok(&format!("{list}?page=2&size=1000")).await;
                assert_eq!((&behind["predictions"], &behind["total"]), (&json!([]), &json!(seen)), "{role}");

                let path = format!("/predictions/{kind}/{}", made["prediction"]["id"].as_str().unwrap());
                let edited = changed(form, &json!({ "total_debt_to_ebitda": 0, "reporting_year": "2023", "company_name": "New Name" }));
                let updated = ok(client.put(&path, &edited).await);
                let now = json!({ "total_debt_to_ebitda": 0.0, "reporting_year": "=2023", "company_name": "=New Name",
                                  "updated_at": "time", "created_by_email": maker });
                has(&updated, &answer(kind, &with(known, &now)));
                let stored = client.get_ok(&format!("{list}?page=1&size=1000")).await["predictions"][0].clone();
                has(&stored, &with(row(kind), &now));
            }
            for (role, actor) in roles(&app) {
                let client = app.client(actor);
                let page = client.get_ok(&format!("{}?page=1&size=1000", list(role, kind))).await;
                let own = page["predictions"].as_array().unwrap().iter().find(|r| r["created_by"] == json!(actor.user_id)).unwrap();
                let path = format!("/predictions/{kind}/{}", own["id"].as_str().unwrap());
                has(&ok(client.delete(&path).await), &json!({ "success": true, "message": "text" }));
                detail(client.delete(&path).await, StatusCode::NOT_FOUND);
            }
        }
    }

    async fn everybody_reads_the_systems(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for kind in KINDS {
            for symbol in ["SYS1", "SYS2", "SYS3"] {
                ok(app.client(&app.people.super_admin).post(&format!("/predictions/{kind}"), &body(kind, symbol)).await);
            }
            for (role, actor) in roles(&app) {
                let client = app.client(actor);
                let page = both_spellings(&client, &format!("/predictions/{kind}/system?page=1&size=1000")).await;
                let system = with(row(kind), &json!({ "access_level": "=system", "organization_id": null, "organization_name": "text?" }));
                has(&page, &json!({ "success": true, "predictions": [system], "total": 3, "pages": 1 }));
                assert_eq!(page["predictions"].as_array().unwrap().len(), 3, "{role}");
                // One page after the other, as the store reads more than fit into one.
                let mut ids = Vec::new();
                for number in 1..=3 {
                    let page = client.get_ok(&format!("/predictions/{kind}/system?page={number}&size=1")).await;
                    assert_eq!(page["pages"], 3);
                    ids.push(page["predictions"][0]["id"].clone());
                }
                let all: Vec<_> = page["predictions"].as_array().unwrap().iter().map(|row| row["id"].clone()).collect();
                assert_eq!(ids, all, "{role}");
                let own = client.get_ok(&format!("/predictions/{kind}?page=1&size=1000")).await;
                assert_eq!((&own["predictions"], &own["total"]), (&json!([]), &json!(0)), "{role}: not among the others");
            }
        }
    }

    async fn duplicates_are_refused_in_words_that_the_client_reads(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (kind, title) in KINDS.into_iter().zip(["Annual", "Quarterly"]) {
            for (role, actor) in roles(&app) {
                let (client, path) = (app.client(actor), format!("/predictions/{kind}"));
                for (quarter, read) in [(json!(null), None), (json!("Q2"), Some("Q2")), (json!("Q4"), Some("Q4"))] {
                    if kind == "quarterly" && quarter.is_null() {
                        continue;
                    }
                    let symbol = format!("dup-{}.x", role.replace('_', ""));
                    let form = changed(body(kind, &symbol), &json!({ "reporting_quarter": quarter }));
                    ok(client.post(&path, &form).await);
                    let text = detail(client.post(&path, &form).await, StatusCode::BAD_REQUEST);
                    assert_eq!(duplicate(&text), Some((title, symbol.to_uppercase().as_str(), "2024", read, scope(role))), "{text}");
                }
                // Nor is a prediction moved to where there is one.
                let page = client.get_ok(&format!("{}?page=1&size=1000", list(role, kind))).await;
                let mine = |row: &&Value| row["created_by"] == json!(actor.user_id) && row["reporting_quarter"] == "Q2";
                let q2 = page["predictions"].as_array().unwrap().iter().find(mine).unwrap();
                let moved = changed(body(kind, q2["company_symbol"].as_str().unwrap()), &json!({ "reporting_quarter": "Q4" }));
                let text = detail(client.put(&format!("{path}/{}", q2["id"].as_str().unwrap()), &moved).await, StatusCode::BAD_REQUEST);
                assert_eq!(duplicate(&text).map(|read| (read.3, read.4)), Some((Some("Q4"), scope(role))), "{text}");
            }
        }
    }

    async fn what_somebody_else_made_is_refused_in_a_sentence(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        for kind in KINDS {
            let form = body(kind, "OURS");
            let made = ok(app.client(&p.member).post(&format!("/predictions/{kind}"), &form).await);
            let path = format!("/predictions/{kind}/{}", made["prediction"]["id"].as_str().unwrap());
            let refused = async |actor: &Actor, status: StatusCode| {
                detail(app.client(actor).put(&path, &form).await, status);
                detail(app.client(actor).delete(&path).await, status);
            };
            for colleague in [&p.colleague, &p.tenant_admin] {
                refused(colleague, StatusCode::FORBIDDEN).await;
            }
            for outsider in [&p.user, &p.stranger] {
                refused(outsider, StatusCode::NOT_FOUND).await;
            }
            // Who runs the organization deletes what was made in it, and does not change it.
            detail(app.client(&p.org_admin).put(&path, &form).await, StatusCode::FORBIDDEN);
            ok(app.client(&p.org_admin).delete(&path).await);
        }
    }
}
