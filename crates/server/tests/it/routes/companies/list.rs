use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{added, one_each, see_the_systems, seen_by, stored, symbols};
use crate::{
    app::{Limits, TestApp},
    routes::predictions::{annual, quarterly},
};

fn at(mut body: Value, year: &str) -> Value {
    body["reporting_year"] = json!(year);
    body
}

on_both_engines! {
    async fn everybody_sees_what_is_theirs_in_items_and_total(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        one_each(&app).await;
        for global in [false, true, false] {
            see_the_systems(&app, global).await;
            for (name, actor) in app.people.all() {
                for path in ["/companies?sort_by=symbol&limit=100", "/companies/?sort_by=symbol&limit=100"] {
                    let body = app.client(actor).get_ok(path).await;
                    let expected = stored(&seen_by(&app, actor, global));
                    assert_eq!(symbols(&body), expected, "{name} {global}");
                    assert_eq!(body["total"], expected.len(), "{name} {global}");
                }
            }
        }
    }

    async fn the_last_page_may_be_short(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for n in 0..5 {
            added(&member, &format!("C{n}")).await;
        }
        let page = member.get_ok("/companies?page=2&limit=3").await;
        assert_eq!(symbols(&page), ["C3", "C4"]);
        assert_eq!((&page["total"], &page["page"], &page["size"], &page["pages"]), (&json!(5), &json!(2), &json!(3), &json!(2)));
        assert_eq!(symbols(&member.get_ok("/companies?page=3&limit=3").await), [""; 0]);
        for query in ["page=0", "limit=0", "limit=101", "page=x"] {
            assert_eq!(member.get(&format!("/companies?{query}")).await.0, StatusCode::UNPROCESSABLE_ENTITY, "{query}");
        }
    }

    async fn an_item_holds_the_newest_predictions_and_what_is_latest(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for year in 2005..=2018 {
            let (status, body) = member.post("/predictions/annual", &at(annual("XMP"), &year.to_string())).await;
            assert_eq!(status, StatusCode::OK, "{body}");
        }
        member.post("/predictions/quarterly", &at(quarterly("XMP"), "2017")).await;
        added(&member, "BARE").await;
        let body = member.get_ok("/companies?sort_by=symbol").await;
        let (bare, item) = (&body["items"][0], &body["items"][1]);
        assert_eq!((&bare["latest"], &bare["annual_predictions"]), (&Value::Null, &json!([])));
        let years: Vec<_> = item["annual_predictions"].as_array().unwrap().iter().map(|p| p["reporting_year"].as_str().unwrap()).collect();
        let newest: Vec<_> = (2007..=2018).rev().map(|y| y.to_string()).collect();
        assert_eq!(years, newest);
        assert_eq!((&item["annual_predictions_count"], &item["quarterly_predictions_count"]), (&json!(14), &json!(1)));
        let first = &item["annual_predictions"][0];
        assert_eq!(first["probability"], first["primary_probability"]);
        assert_eq!((&first["net_income_margin"], &first["return_on_assets"]), (&json!(8.2), &json!(6.8)));
        assert_eq!(item["quarterly_predictions"][0]["sga_margin"], 15.3);
        let latest = &item["latest"];
        assert_eq!((&latest["kind"], &latest["period"]), (&json!("annual"), &json!("2018")));
        assert_eq!(latest["prediction_id"], first["id"]);
        assert_eq!(latest["probability"], first["probability"]);
        assert_eq!((&latest["change"], &latest["quality"]), (&json!(0.0), &json!([])));
        assert_eq!((&item["access_level"], &item["organization_id"]), (&json!("organization"), &json!(app.people.organization())));
    }

    async fn filters_narrow_and_what_is_none_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let mut weak = annual("WEAK");
        weak["sector"] = json!("Retail 100%");
        weak["net_income_margin"] = json!(-40.0);
        weak["return_on_assets"] = json!(-30.0);
        weak["long_term_debt_to_total_capital"] = json!(95.0);
        for body in [annual("STRONG"), weak] {
            assert_eq!(member.post("/predictions/annual", &body).await.0, StatusCode::OK);
        }
        let all = member.get_ok("/companies?sort_by=probability&sort_order=desc").await;
        assert_eq!(symbols(&all), ["WEAK", "STRONG"]);
        let latest = &all["items"][0]["latest"];
        let of = |field: &str| latest[field].as_str().unwrap().replace('+', "%2B");
        assert_ne!(latest["grade"], all["items"][1]["latest"]["grade"]);
        for (query, expected) in [
            ("sector=RETAIL".to_owned(), vec!["WEAK"]),
            ("sector=0%25".to_owned(), vec!["WEAK"]),
            ("sector=_".to_owned(), vec![]),
            (format!("grade={}", of("grade")), vec!["WEAK"]),
            (format!("risk_level={}&search=weak", of("risk_level").to_lowercase()), vec!["WEAK"]),
            ("search=STRONG&sector=retail".to_owned(), vec![]),
            ("access_level=organization&search=stro".to_owned(), vec!["STRONG"]),
            ("access_level=personal".to_owned(), vec![]),
        ] {
            let body = member.get_ok(&format!("/companies?{query}")).await;
            assert_eq!(symbols(&body), expected, "{query}");
            assert_eq!(body["total"], expected.len(), "{query}");
        }
        for (query, field) in [("risk_level=RED", "risk_level"), ("access_level=all", "access_level"),
                               ("grade=elevenchars", "grade"), ("search=a%00b", "search")] {
            let (status, body) = member.get(&format!("/companies?{query}")).await;
            assert_eq!((status, body["errors"][0]["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(field)));
        }
    }

    async fn every_order_is_stable_and_the_reverse_of_its_opposite(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        // Two without a score, two of the same name, and one that became riskier.
        for symbol in ["AA", "BB"] {
            let mut same = crate::routes::companies::company(symbol);
            same["name"] = json!("Same");
            assert_eq!(member.post("/companies", &same).await.0, StatusCode::OK);
        }
        let mut worse = at(annual("CC"), "2025");
        worse["net_income_margin"] = json!(-40.0);
        for body in [annual("CC"), worse, at(annual("DD"), "2023")] {
            assert_eq!(member.post("/predictions/annual", &body).await.0, StatusCode::OK);
        }
        for sort in ["name", "symbol", "market_cap", "created_at", "probability", "change", "period", "unknown"] {
            for search in ["", "&search=s", "&search=works"] {
                let order = async |way: &str| {
                    let mut all = Vec::new();
                    for page in 1..=4 {
                        let path = format!("/companies?sort_by={sort}&sort_order={way}&page={page}&limit=1{search}");
                        all.extend(symbols(&member.get_ok(&path).await));
                    }
                    all
                };
                let (rising, mut falling) = (order("asc").await, order("DESC").await);
                let expected = if search == "&search=works" { 2 } else { 4 };
                assert_eq!(rising.len(), expected, "{sort}{search}");
                if matches!(sort, "change" | "period" | "probability") && expected == 4 {
                    assert_eq!(&falling[0], "CC", "{sort}: {falling:?}");
                    assert!(["AA", "BB"].contains(&falling[3].as_str()), "{sort}: what has none comes last");
                }
                falling.reverse();
                assert_eq!(rising, falling, "{sort}{search}");
            }
        }
    }

    async fn a_total_follows_every_change(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (member, colleague) = (app.client(&app.people.member), app.client(&app.people.colleague));
        let total = async || colleague.get_ok("/companies?sector=industrials").await["total"].clone();
        assert_eq!(total().await, 0);
        let id = added(&member, "XMP").await;
        assert_eq!(total().await, 1);
        assert_eq!(member.put(&format!("/companies/{id}"), &json!({ "sector": "Other" })).await.0, StatusCode::OK);
        assert_eq!(total().await, 0);
        member.post("/predictions/annual", &annual("ANOTHER")).await;
        assert_eq!(total().await, 1);
        assert_eq!(member.delete(&format!("/companies/{id}")).await.0, StatusCode::OK);
        assert_eq!(colleague.get_ok("/companies").await["total"], 1);
    }
}
