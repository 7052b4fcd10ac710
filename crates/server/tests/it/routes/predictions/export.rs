use std::io::Cursor;

use accunode_domain::{Kind, Ratio};
use accunode_sheets::{Limits as SheetLimits, Reader};
use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use super::{annual, changed, made, stored};
use crate::app::{Client, Limits, TestApp};

/// A file with its content type.
async fn file(client: &Client, path: &str) -> (StatusCode, String, Vec<u8>) {
    let request = Request::get(format!("/api/v1{path}")).body(Body::empty()).unwrap();
    let response = client.raw(request).await;
    let kind = response.headers().get(header::CONTENT_TYPE).map(|v| v.to_str().unwrap().to_owned());
    let status = response.status();
    (status, kind.unwrap_or_default(), response.into_body().collect().await.unwrap().to_bytes().into())
}

async fn lines(client: &Client, path: &str) -> Vec<String> {
    let (status, kind, bytes) = file(client, path).await;
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!((status, kind.as_str()), (StatusCode::OK, "text/csv; charset=utf-8"), "{text}");
    text.lines().map(str::to_owned).collect()
}

on_both_engines! {
    /// What was given comes back as it was given, in a file that is accepted again.
    async fn a_file_can_be_uploaded_again(test: TestDb) {
        let app = TestApp::new(test).await;
        let odd = changed(annual("=ODD"), &json!({
            "company_name": "Quotes, \"and\" commas", "long_term_debt_to_total_capital": "NM", "total_debt_to_ebitda": null,
            "net_income_margin": -299.123_456_789_012_3, "reporting_quarter": "Q2"
        }));
        stored(&app, &app.people.member, "annual", &odd).await;
        made(&app, &app.people.member, "annual", "PLAIN").await;
        made(&app, &app.people.member, "quarterly", "QTR").await;
        let member = app.client(&app.people.member);
        for format in ["csv", "xlsx"] {
            let (status, _, bytes) = file(&member, &format!("/predictions/annual/export?format={format}")).await;
            assert_eq!(status, StatusCode::OK);
            let limits = SheetLimits::default();
            let reader = match format {
                "csv" => Reader::csv(Cursor::new(bytes.clone()), Kind::Annual, &limits),
                _ => Reader::xlsx(Cursor::new(bytes.clone()), Kind::Annual, &limits),
            };
            let rows: Vec<_> = reader.unwrap().map(|row| row.unwrap().record.unwrap()).collect();
            assert_eq!(rows.iter().map(|r| r.symbol.as_str()).collect::<Vec<_>>(), ["PLAIN", "=ODD"]);
            assert_eq!(rows[1].name, "Quotes, \"and\" commas");
            assert_eq!(rows[1].ratios, [
                Ratio::NotMeaningful, Ratio::Missing, Ratio::Value(-299.123_456_789_012_3), Ratio::Value(12.5), Ratio::Value(6.8)]);
            assert_eq!((rows[1].period.to_string(), rows[1].market_cap), ("2024 Q2".to_owned(), Some(1200.5)));
        }
        let (_, _, bytes) = file(&member, "/predictions/quarterly/export").await;
        let job = app.client(&app.people.user).upload_and_wait("quarterly", "again.csv", &bytes).await;
        assert_eq!(job["successful_rows"], 1, "{job}");
    }

    async fn it_holds_what_the_list_shows_and_the_log_says_so(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for (actor, symbol) in [(&people.member, "MEMBER"), (&people.colleague, "COLLEAGUE"), (&people.stranger, "STRANGER"),
                                (&people.user, "USER"), (&people.super_admin, "SYSTEM")] {
            made(&app, actor, "annual", symbol).await;
        }
        let member = app.client(&people.member);
        let all = lines(&member, "/predictions/annual/export").await;
        assert_eq!(all.len(), 3);
        assert!(all[1].starts_with("COLLEAGUE,") && all[2].starts_with("MEMBER,"), "{all:?}");
        assert!(all[0].starts_with("company_symbol,company_name,market_cap,sector,reporting_year,reporting_quarter,"));
        assert_eq!(lines(&member, "/predictions/annual/export?company_symbol=coll&risk_level=low&reporting_year=2024").await.len(), 2);
        assert_eq!(lines(&member, "/predictions/annual/export?sector=none").await.len(), 1);
        let system = lines(&member, "/predictions/annual/system/export").await;
        assert!(system.len() == 2 && system[1].starts_with("SYSTEM,"), "{system:?}");
        assert_eq!(lines(&member, "/predictions/quarterly/system/export").await.len(), 1);
        let log = app.client(&people.tenant_admin).get_ok("/audit?action=prediction.export").await;
        let entries = log["entries"].as_array().unwrap();
        assert_eq!(entries.len(), 5);
        let filtered = &entries[3]["after"];
        assert_eq!(*filtered, json!({
            "list": "own", "format": "csv", "rows": 1,
            "filter": { "company_symbol": "coll", "risk_level": "low", "reporting_year": "2024" }
        }));
        assert_eq!((&entries[1]["after"]["list"], &entries[1]["after"]["rows"]), (&json!("system"), &json!(1)));
    }

    async fn what_does_not_fit_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let place = format!("/predictions/annual/export?organization_id={}", app.people.stranger.organization_id.unwrap());
        assert_eq!(member.get(&place).await.0, StatusCode::FORBIDDEN);
        assert_eq!(lines(&app.client(&app.people.tenant_admin), &place).await.len(), 1);
        for (query, field) in [("format=pdf", "format"), ("probability_min=2", "probability_min")] {
            let (status, body) = member.get(&format!("/predictions/quarterly/export?{query}")).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{body}");
            assert_eq!(body["errors"][0]["field"], field, "{body}");
        }
        for path in ["annual/export", "quarterly/system/export"] {
            assert_eq!(app.anonymous().get(&format!("/predictions/{path}")).await.0, StatusCode::UNAUTHORIZED);
        }
    }

    /// More rows than are read at once; some come and go while the file is read.
    async fn a_long_list_is_read_in_parts(test: TestDb) {
        let app = TestApp::new(test).await;
        let rows: Vec<_> = (0..2_300).map(|i| format!("S{i:05},Works,1,Energy,2024,,1,2,3,4,5")).collect();
        let file_in = crate::files::annual_file(&rows);
        app.client(&app.people.member).upload_and_wait("annual", "many.csv", &file_in).await;
        let request = Request::get("/api/v1/predictions/annual/export").body(Body::empty()).unwrap();
        let mut body = app.client(&app.people.member).raw(request).await.into_body();
        let first = body.frame().await.unwrap().unwrap().into_data().unwrap();
        made(&app, &app.people.colleague, "annual", "LATE").await;
        let rest = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8([first.to_vec(), rest.to_vec()].concat()).unwrap();
        let mut symbols: Vec<_> = text.lines().skip(1).map(|line| line.split(',').next().unwrap()).collect();
        assert_eq!(symbols.len(), 2_300);
        symbols.sort_unstable();
        symbols.dedup();
        assert_eq!((symbols.len(), symbols.contains(&"LATE")), (2_300, false));
        assert!(matches!(app.client(&app.people.member).get_ok("/predictions/annual").await["total"], Value::Number(ref n) if n.as_i64() == Some(2_301)));
    }
}
