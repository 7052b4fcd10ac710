use accunode_domain::{Kind, Ratio};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{ok, sound, sum, weak, with, wrong};
use crate::app::{Limits, TestApp};

const PATH: &str = "/score";

fn request(rows: &[Value]) -> Value {
    json!({ "kind": "annual", "rows": rows, "explain": true })
}

on_both_engines! {
    async fn the_scores_are_the_models_and_nothing_is_stored(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let marked = with(weak(), &json!({ "id": "row 1", "company_symbol": " xmp " }));
        let answer = ok(&client, PATH, &json!({ "kind": "annual", "rows": [marked, sound()] })).await;
        let bundle = app.state.models.get(Kind::Annual);
        let score = bundle.score(&[65.0, 9.4, -12.5, 0.8, -8.0].map(Ratio::Value)).unwrap();
        let first = &answer["rows"][0];
        assert_eq!(first["probability"].as_f64(), Some(score.probability));
        assert_eq!(first["raw_probability"].as_f64(), Some(score.raw));
        assert_eq!(first["logistic_probability"].as_f64(), score.scorecard_probability());
        assert_eq!(first["gbm_probability"].as_f64(), score.lightgbm_probability());
        assert_eq!(first["risk_level"], score.risk_level.as_str());
        assert_eq!(first["grade"], accunode_domain::MasterScale::built_in().grade(score.probability));
        assert_eq!((&first["row"], &first["id"], &first["company_symbol"]), (&json!(0), &json!("row 1"), &json!("XMP")));
        assert_eq!(answer["model"]["hash"], bundle.hash());
        assert_eq!((&answer["model"]["kind"], &answer["model"]["version"]), (&json!("annual"), &json!(bundle.version())));
        let second = &answer["rows"][1];
        assert!(second["probability"].as_f64() < first["probability"].as_f64());
        assert!(second.get("explanation").is_none() && second.get("id").is_none());
        assert_eq!(client.get_ok("/predictions/annual").await["total"], 0);
        assert!(app.audited().await.iter().all(|(action, _)| !action.starts_with("prediction")));
    }

    async fn an_explanation_adds_up_and_says_why(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let answer = ok(&app.client(&app.people.user), PATH, &request(&[weak()])).await;
        let row = &answer["rows"][0];
        let why = &row["explanation"];
        let log_odds = |p: &Value| {
            let p = p.as_f64().unwrap();
            (p / (1.0 - p)).ln()
        };
        let moved = sum(&why["ratios"], "contribution");
        assert!((moved - (log_odds(&row["probability"]) - log_odds(&why["base_probability"]))).abs() < 1e-9);
        assert!((sum(&why["ratios"], "share") - 1.0).abs() < 1e-12);
        let debt = &why["ratios"][1];
        assert_eq!((&debt["ratio"], &debt["state"], &debt["value"]), (&json!("total_debt_to_ebitda"), &json!("value"), &json!(9.4)));
        assert_eq!((&debt["direction"], &debt["bins"][0]["hit"]), (&json!("raises"), &json!("bin")));
        let reasons = why["reasons"].as_array().unwrap();
        assert!((1..=4).contains(&reasons.len()));
        let text = "Debt is 9.4 × EBITDA; 19 of 20 companies are below 7.27";
        assert!(reasons.iter().any(|reason| reason["code"] == "DEBT_EBITDA_HIGH" && reason["text"] == text), "{why}");
    }

    async fn a_thousand_rows_are_explained_as_one_is(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let row = |i: usize| match i % 4 {
            0 => weak(),
            1 => sound(),
            2 => with(weak(), &json!({ "total_debt_to_ebitda": "NM", "return_on_assets": null })),
            _ => with(sound(), &json!({ "net_income_margin": 1e12, "ebit_to_interest_expense": "N/A" })),
        };
        let rows: Vec<Value> = (0..1000).map(row).collect();
        let answer = ok(&client, PATH, &request(&rows)).await;
        let scored = answer["rows"].as_array().unwrap();
        assert_eq!(scored.len(), 1000);
        for (i, many) in scored.iter().enumerate() {
            assert_eq!(many["row"], i);
            assert_eq!(many["explanation"], scored[i % 4]["explanation"]);
        }
        for (i, many) in scored.iter().enumerate().take(4) {
            let one = ok(&client, PATH, &request(&[row(i)])).await;
            assert_eq!(&with(one["rows"][0].clone(), &json!({ "row": i })), many);
        }
        assert_eq!(wrong(&client, PATH, &request(&vec![sound(); 1001])).await, ["rows"]);
    }

    async fn what_is_wrong_is_named_by_row_and_field(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.member);
        let rows = [
            sound(),
            with(sound(), &json!({ "total_debt_to_ebitda": "seven", "company_symbol": "x".repeat(21) })),
            json!("no row"),
            json!({ "total_debt_to_ebitda": true, "id": 7, "long_term_debt_to_total_capital": null,
                    "net_income_margin": "12 %", "return_on_assets": "inf" }),
        ];
        let mut fields = wrong(&client, PATH, &request(&rows)).await;
        fields.sort_unstable();
        assert_eq!(
            fields,
            [
                "rows[1].company_symbol",
                "rows[1].total_debt_to_ebitda",
                "rows[2]",
                "rows[3].ebit_to_interest_expense",
                "rows[3].id",
                "rows[3].net_income_margin",
                "rows[3].return_on_assets",
                "rows[3].total_debt_to_ebitda",
            ]
        );
        for (body, field) in [
            (json!({ "rows": [sound()] }), "kind"),
            (json!({ "kind": "monthly", "rows": [sound()] }), "kind"),
            (json!({ "kind": 1, "rows": [sound()] }), "kind"),
            (json!({ "kind": "annual" }), "rows"),
            (json!({ "kind": "annual", "rows": [] }), "rows"),
            (json!({ "kind": "annual", "rows": sound() }), "rows"),
            (json!({ "kind": "annual", "rows": [sound()], "explain": "yes" }), "explain"),
        ] {
            assert_eq!(wrong(&client, PATH, &body).await, [field], "{body}");
        }
        assert_eq!(wrong(&client, PATH, &json!({ "kind": "quarterly", "rows": [sound()] })).await.len(), 2);
    }

    async fn odd_inputs_are_flagged(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let changes = json!({ "long_term_debt_to_total_capital": 100_000_000, "total_debt_to_ebitda": "nm",
                              "net_income_margin": null, "return_on_assets": -1e9 });
        let answer = ok(&app.client(&app.people.member), PATH, &request(&[with(sound(), &changes)])).await;
        let flags: Vec<String> = answer["rows"][0]["quality"]
            .as_array()
            .unwrap()
            .iter()
            .map(|flag| format!("{} {}", flag["field"].as_str().unwrap(), flag["code"].as_str().unwrap()))
            .collect();
        assert_eq!(
            flags,
            [
                "long_term_debt_to_total_capital sentinel",
                "total_debt_to_ebitda not_meaningful",
                "net_income_margin missing",
                "return_on_assets out_of_bounds",
                "return_on_assets outside_training_range",
            ]
        );
        let codes: Vec<&Value> =
            answer["rows"][0]["explanation"]["ratios"].as_array().unwrap().iter().map(|r| &r["state"]).collect();
        assert_eq!(codes, ["missing", "not_meaningful", "missing", "value", "value"]);
    }

    /// Scoring belongs to no one's data: everybody may, but a key only for what it was made for.
    async fn everybody_may_but_not_every_key(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for actor in [&people.super_admin, &people.tenant_admin, &people.org_admin, &people.stranger, &people.user] {
            ok(&app.client(actor), PATH, &request(&[sound()])).await;
        }
        let other = app.api_key(&people.member, &["prediction.read"]).await;
        let own = app.api_key(&people.member, &["score.run"]).await;
        for path in ["/score", "/score/what-if", "/score/target"] {
            assert_eq!(app.with_token(&other).post(path, &json!({})).await.0, StatusCode::FORBIDDEN);
            assert_eq!(app.with_token(&own).post(path, &json!({})).await.0, StatusCode::UNPROCESSABLE_ENTITY);
            assert_eq!(app.anonymous().post(path, &json!({})).await.0, StatusCode::UNAUTHORIZED);
        }
    }

    /// Each tenant grades by its own scale, never by another's.
    async fn the_grade_is_that_of_the_own_tenants_scale(test: TestDb) {
        const SCALE: &str = r#"INSERT INTO master_scales (id, tenant_id, version, grades, created_at)
            SELECT id, id, 1, '[{"grade":"FINE","upper":0.9},{"grade":"POOR","upper":null}]', created_at
            FROM tenants WHERE id = $1"#;
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        app.set(SCALE, people.tenant_admin.tenant_id.unwrap().0).await;
        for (actor, own) in [
            (&people.member, true),
            (&people.tenant_admin, true),
            (&people.neighbour, true),
            (&people.stranger, false),
            (&people.foreign_tenant_admin, false),
            (&people.user, false),
        ] {
            let client = app.client(actor);
            let answer = ok(&client, PATH, &request(&[weak()])).await;
            assert_eq!(answer["rows"][0]["grade"] == "FINE", own, "{answer}");
            let goal = json!({ "kind": "annual", "base": weak(), "grade": "fine" });
            let (status, body) = client.post("/score/target", &goal).await;
            assert_eq!(status == StatusCode::OK, own, "{body}");
            assert!(own || !body.to_string().contains("FINE"), "{body}");
        }
    }
}
