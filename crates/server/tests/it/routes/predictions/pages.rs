//! The law of pages: whatever is added meanwhile, walking a list shows each row of before once, in order.

use accunode_db::Engine;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::{annual, changed, made, stored, symbols};
use crate::app::{Limits, TestApp};

/// One walk through a list.
#[derive(Clone, Debug)]
struct Walk {
    /// Who makes the rows that are there before, as positions among three people.
    before: Vec<usize>,
    size: usize,
    /// How many rows come after each page.
    meanwhile: Vec<usize>,
    /// By `cursor`, else by number.
    by_cursor: bool,
    /// Narrowed by the company, else by the year.
    by_company: bool,
}

fn walks() -> impl Strategy<Value = Walk> {
    let meanwhile = prop::collection::vec(0..3_usize, 4);
    (prop::collection::vec(0..3_usize, 1..14), 1..6_usize, meanwhile, any::<bool>(), any::<bool>()).prop_map(
        |(before, size, meanwhile, by_cursor, by_company)| Walk {
            before,
            size,
            meanwhile,
            by_cursor,
            by_company,
        },
    )
}

async fn add(app: &TestApp, who: usize, symbol: &str, year: &str) {
    let people = [&app.people.tenant_admin, &app.people.member, &app.people.neighbour];
    let body = changed(annual(symbol), &json!({ "reporting_year": year }));
    stored(app, people[who], "annual", &body).await;
}

/// The tenant_admin's list is the widest: own rows, and those of two organizations.
async fn shows_each_row_once(app: &TestApp, case: usize, walk: &Walk) -> Result<(), TestCaseError> {
    let (year, prefix) = ((1900 + case).to_string(), format!("C{case}X"));
    let mut expected = Vec::new();
    for (i, who) in walk.before.iter().enumerate() {
        let symbol = format!("{prefix}{i}");
        add(app, *who, &symbol, &year).await;
        expected.insert(0, symbol);
    }
    let narrowed =
        if walk.by_company { format!("company_symbol={prefix}") } else { format!("reporting_year={year}") };
    let client = app.client(&app.people.tenant_admin);
    let (mut shown, mut there, mut cursor, mut page) = (Vec::new(), walk.before.len(), None::<String>, 1);
    loop {
        let place = cursor.as_ref().map_or(format!("page={page}"), |cursor| format!("cursor={cursor}"));
        let answer =
            client.get_ok(&format!("/predictions/annual?{narrowed}&size={}&{place}", walk.size)).await;
        shown.extend(symbols(&answer).into_iter().map(str::to_owned));
        prop_assert_eq!(answer["total"].as_u64(), Some(there as u64));
        prop_assert_eq!(&answer["next_cursor"], &answer["pagination"]["next_cursor"]);
        let Some(next) = answer["next_cursor"].as_str() else { break };
        cursor = walk.by_cursor.then(|| next.to_owned());
        for i in 0..walk.meanwhile.get(page - 1).copied().unwrap_or(0) {
            add(app, i, &format!("{prefix}N{page}N{i}"), &year).await;
            there += 1;
        }
        page += 1;
    }
    prop_assert_eq!(shown, expected);
    Ok(())
}

fn law(engine: Engine) {
    accunode_testkit::law(
        engine,
        16,
        &walks(),
        async |test| TestApp::without_worker(test, Limits::default()).await,
        async |app, case, walk| shows_each_row_once(app, case, &walk).await,
    );
}

#[test]
fn each_row_is_shown_once_on_sqlite() {
    law(Engine::Sqlite);
}

#[test]
fn each_row_is_shown_once_on_postgres() {
    law(Engine::Postgres);
}

on_both_engines! {
    /// Who looks at the first page again begins again, wherever an earlier walk had come to.
    async fn a_second_walk_begins_at_the_top(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for i in 0..6 {
            made(&app, &app.people.member, "annual", &format!("R{i}")).await;
        }
        let page = async |n: i64| member.get_ok(&format!("/predictions/annual?size=2&page={n}")).await;
        assert_eq!((symbols(&page(1).await), symbols(&page(2).await)), (vec!["R5", "R4"], vec!["R3", "R2"]));
        made(&app, &app.people.member, "annual", "NEW").await;
        assert_eq!(symbols(&page(3).await), ["R1", "R0"]);
        assert_eq!(symbols(&page(1).await), ["NEW", "R5"]);
        // The second page of the walk before is no place to go on from.
        assert_eq!(symbols(&page(3).await), ["R2", "R1"]);
        assert_eq!(symbols(&page(2).await), ["R4", "R3"]);
        assert_eq!(symbols(&page(9).await), Vec::<&str>::new());
    }

    /// A walk by cursors moves nothing for the same person's walk by numbers.
    async fn walks_by_cursor_leave_walks_by_number_alone(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for i in 0..6 {
            made(&app, &app.people.member, "annual", &format!("R{i}")).await;
        }
        let first = member.get_ok("/predictions/annual?size=2").await;
        let cursor = first["next_cursor"].as_str().unwrap();
        let second = member.get_ok(&format!("/predictions/annual?size=2&cursor={cursor}")).await;
        assert_eq!((symbols(&first), symbols(&second)), (vec!["R5", "R4"], vec!["R3", "R2"]));
        assert_eq!(symbols(&member.get_ok("/predictions/annual?size=2&page=2").await), ["R3", "R2"]);
    }

    /// Somebody else's walk is none of one's own.
    async fn walks_are_ones_own(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for i in 0..4 {
            made(&app, &app.people.member, "annual", &format!("R{i}")).await;
        }
        let (member, colleague) = (app.client(&app.people.member), app.client(&app.people.colleague));
        assert_eq!(symbols(&member.get_ok("/predictions/annual?size=2").await), ["R3", "R2"]);
        made(&app, &app.people.member, "annual", "NEW").await;
        assert_eq!(symbols(&member.get_ok("/predictions/annual?size=2&page=2").await), ["R1", "R0"]);
        assert_eq!(symbols(&colleague.get_ok("/predictions/annual?size=2&page=2").await), ["R2", "R1"]);
        // A cursor is a place, and shows nobody more than they may see.
        let cursor = member.get_ok("/predictions/annual?size=1").await["next_cursor"].as_str().unwrap().to_owned();
        let stranger = app.client(&app.people.stranger);
        let page = stranger.get_ok(&format!("/predictions/annual?cursor={cursor}")).await;
        assert_eq!((symbols(&page), &page["total"]), (Vec::<&str>::new(), &json!(0)));
        let (status, body) = member.get("/predictions/annual?cursor=elsewhere").await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("cursor")));
    }

    /// Clients send parameters without a value where nothing is chosen.
    async fn what_is_not_chosen_narrows_nothing(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        made(&app, &app.people.member, "annual", "ROW").await;
        let client = app.client(&app.people.tenant_admin);
        let nothing = "company_symbol=&reporting_year=&reporting_quarter=&sector=&risk_level=&grade=&probability_min=\
                       &probability_max=&organization_id=&cursor=";
        assert_eq!(client.get_ok(&format!("/predictions/annual?{nothing}")).await["total"], 1);
        client.get_ok("/predictions/dashboard?scope=&organization_id=").await;
        for field in ["organization_id", "probability_min"] {
            let (status, body) = client.get(&format!("/predictions/annual?{field}=x")).await;
            assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!(field)), "{body}");
        }
    }

    async fn every_filter_narrows_both_lists(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for actor in [&app.people.member, &app.people.super_admin] {
            let risky = changed(annual("RISKY"), &json!({
                "long_term_debt_to_total_capital": 95, "total_debt_to_ebitda": 40, "net_income_margin": -60,
                "ebit_to_interest_expense": -3, "return_on_assets": -30, "sector": "Energy", "reporting_quarter": "Q2"
            }));
            let risky = stored(&app, actor, "annual", &risky).await;
            let safe = made(&app, actor, "annual", "SAFE").await;
            let list = if actor == &app.people.member { "/predictions/annual" } else { "/predictions/annual/system" };
            let client = app.client(actor);
            let between = (risky["probability"].as_f64().unwrap() + safe["probability"].as_f64().unwrap()) / 2.0;
            let of = |row: &Value, name: &str| row[name].as_str().unwrap().replace('+', "%2B");
            assert_ne!((&risky["grade"], &risky["risk_level"]), (&safe["grade"], &safe["risk_level"]));
            for (query, found) in [
                (format!("probability_min={between}"), "RISKY"),
                (format!("probability_max={between}"), "SAFE"),
                (format!("grade={}", of(&risky, "grade")), "RISKY"),
                (format!("risk_level={}", of(&safe, "risk_level")), "SAFE"),
                ("sector=ener".to_owned(), "RISKY"),
                ("company_symbol=af".to_owned(), "SAFE"),
                ("reporting_quarter=Q2".to_owned(), "RISKY"),
            ] {
                for _ in 0..2 {
                    let page = client.get_ok(&format!("{list}?{query}")).await;
                    assert_eq!((symbols(&page), &page["total"]), (vec![found], &json!(1)), "{list}?{query}");
                }
            }
            assert_eq!(client.get_ok(&format!("{list}?probability_min=0&probability_max=1")).await["total"], 2);
        }
        let (status, body) = app.client(&app.people.user).get("/predictions/annual?probability_min=0.5&probability_max=0.4").await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("probability_min")));
    }

    /// What is known of a total is forgotten with each change in sight, and with no other.
    async fn totals_are_exact_after_each_change(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let watching = [&people.member, &people.org_admin, &people.tenant_admin, &people.stranger, &people.user];
        let expect = async |expected: [u64; 5]| {
            for (actor, total) in watching.iter().zip(expected) {
                let page = app.client(actor).get_ok("/predictions/annual").await;
                assert_eq!(page["total"].as_u64(), Some(total), "{}", actor.role);
            }
        };
        expect([0; 5]).await;
        let row = made(&app, &people.colleague, "annual", "A").await;
        expect([1, 1, 1, 0, 0]).await;
        made(&app, &people.neighbour, "annual", "B").await;
        expect([1, 1, 2, 0, 0]).await;
        made(&app, &people.stranger, "annual", "C").await;
        made(&app, &people.user, "annual", "D").await;
        made(&app, &people.other_user, "annual", "E").await;
        expect([1, 1, 2, 1, 1]).await;
        let path = format!("/predictions/annual/{}", row["id"].as_str().unwrap());
        assert_eq!(app.client(&people.super_admin).delete(&path).await.0, StatusCode::OK);
        expect([0, 0, 1, 1, 1]).await;
    }
}
