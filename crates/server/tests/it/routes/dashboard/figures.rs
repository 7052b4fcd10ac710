use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{figures, of_year, stored};
use crate::{
    app::{Limits, TestApp},
    routes::predictions::{annual, quarterly},
};

/// A prediction of everybody who has something to themselves.
async fn filled(test: accunode_testkit::TestDb) -> TestApp {
    let app = TestApp::without_worker(test, Limits::default()).await;
    let people = &app.people;
    for (actor, symbol) in [
        (&people.member, "MEMBER"),
        (&people.colleague, "COLLEAGUE"),
        (&people.neighbour, "NEIGHBOUR"),
        (&people.stranger, "STRANGER"),
        (&people.user, "USER"),
        (&people.tenant_admin, "TENANT"),
        (&people.super_admin, "SYSTEM"),
    ] {
        stored(&app, actor, "annual", &annual(symbol)).await;
    }
    app
}

fn brief(body: &Value) -> (&str, &str, i64) {
    let dash = &body["user_dashboard"];
    assert_eq!(body["scope"], dash["scope"]);
    let text = |field: &str| dash[field].as_str().unwrap();
    (text("scope"), text("organization_name"), dash["total_predictions"].as_i64().unwrap())
}

on_both_engines! {
    async fn everybody_has_the_figures_of_their_place(test: TestDb) {
        let app = filled(test).await;
        let people = &app.people;
        for (actor, expected) in [
            (&people.member, ("organization", "first", 2)),
            (&people.org_admin, ("organization", "first", 2)),
            (&people.neighbour, ("organization", "other", 1)),
            (&people.stranger, ("organization", "second", 1)),
            (&people.tenant_admin, ("tenant", "first", 3)),
            (&people.foreign_tenant_admin, ("tenant", "second", 1)),
            (&people.user, ("personal", "Personal Data", 1)),
            (&people.other_user, ("personal", "Personal Data", 0)),
            (&people.super_admin, ("system", "System Administrator", 7)),
        ] {
            assert_eq!(brief(&figures(&app, actor, "").await), expected, "{}", actor.role);
            let (status, posted) = app.client(actor).post("/predictions/dashboard", &json!({})).await;
            assert_eq!((status, brief(&posted)), (StatusCode::OK, expected));
            assert_eq!(posted.get("platform_statistics"), None);
        }
        assert_eq!(app.anonymous().get("/predictions/dashboard").await.0, StatusCode::UNAUTHORIZED);
    }

    async fn the_platforms_own_figures_are_for_everybody(test: TestDb) {
        let app = filled(test).await;
        let people = &app.people;
        stored(&app, &people.super_admin, "quarterly", &quarterly("SYSTEM")).await;
        let mut seen = Vec::new();
        for actor in [&people.user, &people.member, &people.tenant_admin, &people.super_admin] {
            let body = json!({ "include_platform_stats": true });
            let (_, body) = app.client(actor).post("/predictions/dashboard", &body).await;
            let platform = &body["platform_statistics"];
            assert_eq!((&platform["total_companies"], &platform["total_predictions"]), (&json!(1), &json!(2)));
            assert_eq!((&platform["annual_predictions"], &platform["quarterly_predictions"]), (&json!(1), &json!(1)));
            assert_eq!(platform["sectors_covered"], 1);
            assert!(platform["last_updated_times"]["system_last_updated"].is_string());
            seen.push(platform.clone());
            let asked = figures(&app, actor, "?include_platform_stats=true").await;
            assert_eq!(asked["platform_statistics"], *platform);
        }
        seen.dedup();
        assert_eq!(seen.len(), 1, "{seen:?}");
    }

    async fn a_scope_may_be_asked_for_as_far_as_the_role_goes(test: TestDb) {
        let app = filled(test).await;
        let people = &app.people;
        let (ours, theirs) = (people.organization(), people.stranger.organization_id.unwrap().0);
        let nowhere = uuid::Uuid::now_v7();
        let (ok, forbidden, invalid) = (StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::UNPROCESSABLE_ENTITY);
        for (actor, scope, organization, status, total) in [
            (&people.member, Some("organization"), None, ok, 2),
            (&people.member, Some("personal"), None, ok, 0),
            (&people.member, Some("tenant"), None, forbidden, 0),
            (&people.member, Some("system"), None, forbidden, 0),
            (&people.member, None, Some(ours), forbidden, 0),
            (&people.user, Some("personal"), None, ok, 1),
            (&people.user, Some("organization"), None, forbidden, 0),
            (&people.tenant_admin, Some("tenant"), None, ok, 3),
            (&people.tenant_admin, Some("personal"), None, ok, 1),
            (&people.tenant_admin, Some("system"), None, forbidden, 0),
            (&people.tenant_admin, None, Some(ours), ok, 2),
            (&people.tenant_admin, Some("organization"), Some(ours), ok, 2),
            (&people.tenant_admin, Some("organization"), None, invalid, 0),
            (&people.tenant_admin, Some("personal"), Some(ours), invalid, 0),
            (&people.tenant_admin, None, Some(theirs), StatusCode::NOT_FOUND, 0),
            (&people.super_admin, None, Some(theirs), ok, 1),
            (&people.super_admin, Some("system"), None, ok, 7),
            (&people.super_admin, Some("tenant"), None, forbidden, 0),
            (&people.super_admin, None, Some(nowhere), StatusCode::NOT_FOUND, 0),
            (&people.user, Some("galaxy"), None, invalid, 0),
        ] {
            let case = format!("{} {scope:?} {organization:?}", actor.role);
            let body = json!({ "custom_scope": scope, "organization_filter": organization });
            let (posted, answer) = app.client(actor).post("/predictions/dashboard", &body).await;
            assert_eq!(posted, status, "{case}: {answer}");
            let mut query = String::from("?");
            if let Some(scope) = scope { query += &format!("scope={scope}&"); }
            if let Some(id) = organization { query += &format!("organization_id={id}"); }
            let (got, same) = app.client(actor).get(&format!("/predictions/dashboard{query}")).await;
            assert_eq!(got, status, "{case}: {same}");
            if status == ok {
                assert_eq!((brief(&answer).2, brief(&same).2), (total, total), "{case}");
            }
        }
    }

    async fn what_moved_most_comes_first(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        for (symbol, before, after) in [("WORSE", 1.0, 3.0), ("WORST", 0.5, 30.0), ("BETTER", 9.0, 1.0), ("SAME", 2.0, 2.0)] {
            stored(&app, member, "annual", &of_year(symbol, 2022, before)).await;
            stored(&app, member, "annual", &of_year(symbol, 2023, after)).await;
        }
        let body = figures(&app, member, "").await;
        let movers = &body["portfolio"]["movers"];
        let symbols = |direction: &str| -> Vec<String> {
            movers[direction].as_array().unwrap().iter()
                .map(|m| m["company_symbol"].as_str().unwrap().to_owned()).collect()
        };
        assert_eq!((symbols("up"), symbols("down")), (vec!["WORST".to_owned(), "WORSE".to_owned()], vec!["BETTER".to_owned()]));
        let worst = &movers["up"][0];
        let odds = |field: &str| { let p = worst[field].as_f64().unwrap(); (p / (1.0 - p)).ln() };
        let change = odds("probability") - odds("previous_probability");
        assert!((worst["log_odds_change"].as_f64().unwrap() - change).abs() < 1e-9);
        assert_eq!((&worst["reporting_year"], &worst["kind"]), (&json!(2023), &json!("annual")));
        assert!(body["description"]["user_last_updated"].is_string() && body["timestamp"].is_string());
    }

    async fn nobodys_personal_companies_are_named_to_the_platform(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for (actor, symbol) in [(&people.user, "PRIVATE"), (&people.member, "OFFICIAL")] {
            stored(&app, actor, "annual", &of_year(symbol, 2022, 1.0)).await;
            stored(&app, actor, "annual", &of_year(symbol, 2023, 30.0)).await;
        }
        let body = figures(&app, &people.super_admin, "").await;
        assert_eq!(body["user_dashboard"]["total_companies"], 2);
        assert!(!body.to_string().contains("PRIVATE") && body.to_string().contains("OFFICIAL"), "{body}");
        assert!(figures(&app, &people.user, "").await.to_string().contains("PRIVATE"));
    }
}
