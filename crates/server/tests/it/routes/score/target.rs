use accunode_testkit::on_both_engines;
use serde_json::{Value, json};

use super::{ok, sound, weak, with, wrong};
use crate::app::{Client, Limits, TestApp};

const PATH: &str = "/score/target";

fn request(base: &Value, goal: &Value) -> Value {
    with(json!({ "kind": "annual", "base": base }), goal)
}

/// Tries every step that an answer gives: it must lead where it says.
async fn check(
    client: &Client,
    base: &Value,
    answer: &Value,
    mut there: impl FnMut(&Value) -> bool,
) -> usize {
    let mut steps = 0;
    for target in answer["targets"].as_array().unwrap() {
        assert_eq!(target["reachable"].as_bool(), Some(!target["to"].is_null()));
        if target["to"].is_null() {
            continue;
        }
        let (ratio, to) = (target["ratio"].as_str().unwrap(), &target["to"]);
        let row = with(base.clone(), &json!({ ratio: to["value"] }));
        let score = ok(client, "/score", &json!({ "kind": "annual", "rows": [row] })).await;
        let score = &score["rows"][0];
        for member in ["probability", "risk_level", "grade"] {
            assert_eq!(score[member], to[member], "{target}");
        }
        assert!(there(score), "{target}");
        if let Some(from) = target["from"].as_f64() {
            assert_eq!(to["change"].as_f64(), Some(to["value"].as_f64().unwrap() - from));
        }
        steps += 1;
    }
    steps
}

on_both_engines! {
    async fn a_weak_company_finds_the_way_to_a_better_level(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let base = with(weak(), &json!({ "long_term_debt_to_total_capital": 80 }));
        let now = ok(&client, PATH, &request(&base, &json!({ "risk_level": "critical" }))).await;
        assert_eq!(now["current"]["risk_level"], "CRITICAL", "{now}");
        assert_eq!((&now["direction"], &now["targets"], &now["wanted"]), (&json!("reached"), &json!([]), &json!("CRITICAL")));
        let answer = ok(&client, PATH, &request(&base, &json!({ "risk_level": "HIGH" }))).await;
        assert_eq!((&answer["direction"], answer["targets"].as_array().unwrap().len()), (&json!("better"), 5));
        assert!(check(&client, &base, &answer, |score| score["risk_level"] != "CRITICAL").await > 0, "{answer}");
        // One ratio alone does not make such a company safe.
        let answer = ok(&client, PATH, &request(&base, &json!({ "grade": "A+" }))).await;
        assert_eq!(check(&client, &base, &answer, |_| true).await, 0, "{answer}");
    }

    async fn a_sound_company_learns_what_it_takes_to_get_worse(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.user);
        let answer = ok(&client, PATH, &request(&sound(), &json!({ "grade": "b" }))).await;
        assert_eq!((&answer["direction"], &answer["wanted"]), (&json!("worse"), &json!("B")), "{answer}");
        let grades = ["B", "B-", "C+", "C", "C-", "D"];
        assert!(check(&client, &sound(), &answer, |score| grades.contains(&score["grade"].as_str().unwrap())).await > 0);
        for target in answer["targets"].as_array().unwrap().iter().filter(|target| target["reachable"] == true) {
            let rises = target["to"]["change"].as_f64().unwrap() > 0.0;
            assert_eq!(rises, target["ratio"].as_str().unwrap().contains("debt"), "{target}");
        }
    }

    async fn a_blank_gets_a_value_that_is_not_extreme(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.user);
        let base = with(sound(), &json!({ "total_debt_to_ebitda": null, "return_on_assets": "NM" }));
        let now = ok(&client, "/score", &json!({ "kind": "annual", "rows": [base] })).await;
        let grade = now["rows"][0]["grade"].as_str().unwrap();
        let scale = accunode_domain::MasterScale::built_in();
        let better = &scale.grades()[scale.position(grade).unwrap().checked_sub(1).unwrap()].grade;
        let answer = ok(&client, PATH, &request(&base, &json!({ "grade": better }))).await;
        let targets = answer["targets"].as_array().unwrap();
        assert_eq!((&targets[1]["state"], &targets[4]["state"]), (&json!("missing"), &json!("not_meaningful")));
        assert!(check(&client, &base, &answer, |_| true).await > 0, "{answer}");
        for target in [&targets[1], &targets[4]].into_iter().filter(|target| target["reachable"] == true) {
            assert_eq!((&target["from"], &target["to"]["change"]), (&json!(null), &json!(null)));
            assert!(target["to"]["value"].as_f64().unwrap().abs() < 100.0, "{target}");
        }
    }

    async fn what_is_wrong_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        for (goal, fields) in [
            (json!({}), &["grade"][..]),
            (json!({ "grade": "A", "risk_level": "LOW" }), &["grade"]),
            (json!({ "risk_level": "RED" }), &["risk_level"]),
            (json!({ "risk_level": 3 }), &["risk_level"]),
            (json!({ "grade": "Z" }), &["grade"]),
            (json!({ "grade": null, "risk_level": "" }), &["grade"]),
            (json!({ "kind": "x", "grade": "A" }), &["kind"]),
            (json!({ "base": {}, "kind": "quarterly", "grade": "A" }), &[
                "base.total_debt_to_ebitda", "base.sga_margin", "base.long_term_debt_to_total_capital",
                "base.return_on_capital",
            ]),
        ] {
            assert_eq!(wrong(&client, PATH, &request(&weak(), &goal)).await, fields, "{goal}");
        }
        let (_, body) = client.post(PATH, &request(&weak(), &json!({ "grade": "Z" }))).await;
        assert_eq!(body["errors"][0]["message"], "Invalid grade: one of A+, A, A-, B+, B, B-, C+, C, C-, D is expected");
    }
}
