use accunode_testkit::on_both_engines;
use serde_json::json;

use super::{ok, sound, sum, weak, with, wrong};
use crate::app::{Limits, TestApp};

const PATH: &str = "/score/what-if";

on_both_engines! {
    async fn both_scores_and_what_lies_between_them(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let changes = json!({ "total_debt_to_ebitda": 2, "return_on_assets": "NM" });
        let answer = ok(&client, PATH, &json!({ "kind": "annual", "base": weak(), "changes": changes })).await;
        let rows = [weak(), with(weak(), &changes)];
        let scores = ok(&client, "/score", &json!({ "kind": "annual", "rows": rows })).await;
        for (i, side) in ["before", "after"].into_iter().enumerate() {
            assert_eq!(scores["rows"][i], with(answer[side].clone(), &json!({ "row": i })));
        }
        let change = answer["after_log_odds"].as_f64().unwrap() - answer["before_log_odds"].as_f64().unwrap();
        assert!((sum(&answer["drivers"], "difference") - change).abs() < 1e-9, "{answer}");
        let drivers = answer["drivers"].as_array().unwrap();
        assert_eq!(drivers.len(), 5);
        assert!(drivers.is_sorted_by_key(|driver| -driver["difference"].as_f64().unwrap().abs()));
        let of = |ratio: &str| drivers.iter().find(|driver| driver["ratio"] == ratio).unwrap();
        let debt = of("total_debt_to_ebitda");
        assert_eq!((&debt["before"]["value"], &debt["after"]["value"]), (&json!(9.4), &json!(2.0)));
        assert!(debt["difference"].as_f64().unwrap() < 0.0);
        let returns = &of("return_on_assets")["after"];
        assert_eq!((&returns["value"], &returns["state"]), (&json!(null), &json!("not_meaningful")));
        assert_eq!(client.get_ok("/predictions/annual").await["total"], 0);
    }

    async fn a_change_of_nothing_drives_nothing(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = json!({ "kind": "annual", "base": sound(), "changes": { "net_income_margin": "15.0" } });
        let answer = ok(&app.client(&app.people.user), PATH, &body).await;
        assert_eq!(answer["before"], answer["after"]);
        assert!(answer["drivers"].as_array().unwrap().iter().all(|driver| driver["difference"] == 0.0), "{answer}");
    }

    async fn what_is_wrong_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let change = json!({ "net_income_margin": 1 });
        let mut short = sound();
        short.as_object_mut().unwrap().remove("return_on_assets");
        for (body, fields) in [
            (json!({ "base": sound(), "changes": change }), &["kind"][..]),
            (json!({ "kind": "annual" }), &["base", "changes"]),
            (json!({ "kind": "annual", "base": [], "changes": 1 }), &["base", "changes"]),
            (json!({ "kind": "annual", "base": sound(), "changes": {} }), &["changes"]),
            (json!({ "kind": "annual", "base": short, "changes": change }), &["base.return_on_assets"]),
            (json!({ "kind": "annual", "base": sound(), "changes": { "sga_margin": 1 } }), &["changes.sga_margin", "changes"]),
            (json!({ "kind": "annual", "base": sound(), "changes": { "net_income_margin": "x" } }), &["changes.net_income_margin"]),
        ] {
            assert_eq!(wrong(&client, PATH, &body).await, fields, "{body}");
        }
    }
}
