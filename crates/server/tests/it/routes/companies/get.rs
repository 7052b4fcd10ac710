use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use super::{one_each, see_the_systems, seen_by};
use crate::{
    app::{Limits, TestApp},
    routes::predictions::annual,
};

on_both_engines! {
    async fn what_is_out_of_sight_is_not_there(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        one_each(&app).await;
        let all = app.client(&app.people.super_admin).get_ok("/companies?limit=100").await;
        for global in [true, false] {
            see_the_systems(&app, global).await;
            for (name, actor) in app.people.all() {
                let seen = seen_by(&app, actor, global);
                for item in all["items"].as_array().unwrap() {
                    let path = format!("/companies/{}", item["id"].as_str().unwrap());
                    let (status, body) = app.client(actor).get(&path).await;
                    let symbol = item["symbol"].as_str().unwrap();
                    let expected = if seen.contains(&symbol.to_lowercase().as_str()) { StatusCode::OK } else { StatusCode::NOT_FOUND };
                    assert_eq!(status, expected, "{name} opens {symbol}: {body}");
                    assert!(status == StatusCode::OK || !body.to_string().contains(symbol), "{body}");
                }
            }
        }
        let member = app.client(&app.people.member);
        assert_eq!(member.get(&format!("/companies/{}", Uuid::new_v4())).await.0, StatusCode::NOT_FOUND);
        assert_eq!(member.get("/companies/no-id").await.0, StatusCode::NOT_FOUND);
    }

    async fn it_comes_with_all_its_predictions(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for year in 2001..=2015 {
            let mut body = annual("XMP");
            body["reporting_year"] = json!(year.to_string());
            assert_eq!(member.post("/predictions/annual", &body).await.0, StatusCode::OK);
        }
        let id = member.get_ok("/companies/search/XMP").await["data"]["id"].as_str().unwrap().to_owned();
        let body = member.get_ok(&format!("/companies/{id}")).await;
        assert_eq!(body["success"], true);
        assert_eq!((&body["data"]["symbol"], &body["data"]["market_cap"]), (&json!("XMP"), &json!(1200.5)));
        let predictions = body["data"]["annual_predictions"].as_array().unwrap();
        assert_eq!((predictions.len(), &predictions[14]["reporting_year"]), (15, &json!("2001")));
        assert_eq!(body["data"]["quarterly_predictions"], json!([]));
    }
}
