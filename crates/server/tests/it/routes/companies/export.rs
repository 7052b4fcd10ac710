use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use bytes::Bytes;
use http_body_util::BodyExt;
use serde_json::json;

use super::{added, one_each, see_the_systems, seen_by, stored};
use crate::app::{Client, Limits, TestApp};

async fn file(client: &Client, query: &str) -> (String, String, Bytes) {
    let request = Request::get(format!("/api/v1/companies/export{query}")).body(Body::empty()).unwrap();
    let response = client.raw(request).await;
    assert_eq!(response.status(), StatusCode::OK);
    let header = |name| response.headers()[name].to_str().unwrap().to_owned();
    let (kind, name) = (header(header::CONTENT_TYPE), header(header::CONTENT_DISPOSITION));
    (kind, name, response.into_body().collect().await.unwrap().to_bytes())
}

/// The symbols of a CSV file, as they come.
async fn listed(client: &Client, query: &str) -> Vec<String> {
    let (_, _, bytes) = file(client, query).await;
    let text = String::from_utf8(bytes.to_vec()).unwrap();
    text.lines().skip(1).map(|line| line.split(',').next().unwrap().to_owned()).collect()
}

on_both_engines! {
    async fn it_holds_what_the_list_shows_and_nothing_else(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        one_each(&app).await;
        see_the_systems(&app, true).await;
        for (name, actor) in app.people.all() {
            for query in ["", "?search=example%20works", "?search=ex", "?risk_level=LOW&format=csv"] {
                let mut found = listed(&app.client(actor), query).await;
                found.sort();
                assert_eq!(found, stored(&seen_by(&app, actor, true)), "{name} {query}");
            }
            assert_eq!(listed(&app.client(actor), "?search=nothing").await, [""; 0]);
            assert_eq!(listed(&app.client(actor), "?search=no").await, [""; 0]);
        }
    }

    async fn it_is_a_file_with_a_name_and_no_formulas(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let mut body = crate::routes::companies::company("XMP");
        body["name"] = json!("=HYPERLINK(1)");
        assert_eq!(member.post("/companies", &body).await.0, StatusCode::OK);
        let (kind, name, bytes) = file(&member, "").await;
        assert_eq!(kind, "text/csv; charset=utf-8");
        assert!(name.starts_with("attachment; filename=\"companies-") && name.ends_with(".csv\""), "{name}");
        let text = String::from_utf8(bytes.to_vec()).unwrap();
        assert!(text.starts_with("symbol,name,sector,market_cap,latest_kind,"), "{text}");
        assert!(text.contains("\nXMP,'=HYPERLINK(1),Industrials,12.5,"), "{text}");
        let (kind, name, bytes) = file(&member, "?format=xlsx").await;
        assert!(kind.contains("spreadsheetml") && name.ends_with(".xlsx\"") && bytes.starts_with(b"PK"), "{kind} {name}");
        let (status, body) = member.get("/companies/export?format=pdf").await;
        assert_eq!((status, body["errors"][0]["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some("format")), "{body}");
        let log = app.client(&app.people.tenant_admin).get_ok("/audit?action=company.export").await;
        assert_eq!((&log["pagination"]["total"], &log["entries"][0]["after"]["format"]), (&json!(2), &json!("xlsx")));
    }

    /// Several pages, and companies that were added at the same moment.
    async fn every_company_comes_once(test: TestDb) {
        let app = TestApp::with(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let mut text = String::from("company_symbol,company_name,sector,reporting_year,long_term_debt_to_total_capital,\
            total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,return_on_assets\n");
        for n in 0..2_300 {
            text.push_str(&format!("S{n:04},Name,Sector,2020,1,1,1,1,1\n"));
        }
        member.upload_and_wait("annual", "many.csv", text.as_bytes()).await;
        added(&member, "LAST").await;
        let mut found = listed(&member, "").await;
        assert_eq!(found[0], "LAST");
        found.sort();
        let mut expected: Vec<_> = (0..2_300).map(|n| format!("S{n:04}")).collect();
        expected.insert(0, "LAST".to_owned());
        assert_eq!(found, expected);
    }
}
