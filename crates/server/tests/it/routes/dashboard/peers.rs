use accunode_db::{Timestamp, on};
use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use proptest::prelude::*;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Limits, TestApp};

/// A company of one annual prediction, as somebody would store it.
struct Peer<'a> {
    owner: &'a Actor,
    sector: &'a str,
    year: i32,
    quarter: Option<&'a str>,
    probability: f64,
    /// Debt to EBITDA.
    debt: Option<f64>,
}

impl<'a> Peer<'a> {
    fn of(owner: &'a Actor, probability: f64, debt: Option<f64>) -> Self {
        Self { owner, sector: "Energy", year: 2023, quarter: None, probability, debt }
    }

    /// Stores it with its company; gives both ids.
    async fn stored(&self, app: &TestApp) -> (Uuid, Uuid) {
        const COMPANY: &str =
            "INSERT INTO companies (id, symbol, name, sector, access_level, organization_id,
                                   created_by, created_at) VALUES ($1, $2, $2, $3, $4, $5, $6, $7)";
        let company = Uuid::now_v7();
        let (level, organization) = self.owner.creates_at();
        let mut tx = app.state.db.system("companies of a test").await.unwrap();
        let done = on!(tx, |c| {
            let query =
                sqlx::query(COMPANY).bind(company).bind(company.simple().to_string()).bind(self.sector);
            let query = query.bind(level.as_str()).bind(organization.map(|o| o.0)).bind(self.owner.user_id.0);
            query.bind(Timestamp::from_unix_seconds(1)).execute(c).await.map(drop)
        });
        done.unwrap();
        tx.commit().await.unwrap();
        (self.predicted(app, company).await, company)
    }

    /// Stores a prediction of a company that is there.
    async fn predicted(&self, app: &TestApp, company: Uuid) -> Uuid {
        const PREDICTION: &str = "INSERT INTO annual_predictions (id, company_id, access_level, organization_id,
                created_by, reporting_year, reporting_quarter, probability, total_debt_to_ebitda, raw_probability,
                risk_level, confidence, model_name, model_version, model_hash, created_at)
            VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, 0.5, 'LOW', 0.5, 'm', '1', 'h', $10)";
        let id = Uuid::now_v7();
        let (level, organization) = self.owner.creates_at();
        let mut tx = app.state.db.system("predictions of a test").await.unwrap();
        let done = on!(tx, |c| {
            let query = sqlx::query(PREDICTION).bind(id).bind(company).bind(level.as_str());
            let query = query.bind(organization.map(|o| o.0)).bind(self.owner.user_id.0).bind(self.year);
            let query = query.bind(self.quarter).bind(self.probability).bind(self.debt);
            query.bind(Timestamp::from_unix_seconds(1)).execute(c).await.map(drop)
        });
        done.unwrap();
        tx.commit().await.unwrap();
        id
    }
}

async fn peers(app: &TestApp, actor: &Actor, id: Uuid) -> Value {
    app.client(actor).get_ok(&format!("/predictions/annual/{id}/peers")).await
}

/// Percentile and quartiles worked out from the plain definition.
#[allow(clippy::cast_precision_loss, clippy::float_cmp)] // few rows; equal is equal
fn naive(own: Option<f64>, mut values: Vec<f64>) -> Value {
    let n = values.len();
    values.sort_by(f64::total_cmp);
    let percentile = own.map(|own| {
        let below = values.iter().filter(|v| **v < own).count() as f64;
        let equal = values.iter().filter(|v| **v == own).count() as f64;
        100.0 * (below + equal / 2.0) / n as f64
    });
    let quantile = |q: f64| {
        let at = q * (n - 1) as f64;
        let (low, high) = (values[at.floor() as usize], values[at.ceil() as usize]);
        low + (high - low) * at.fract()
    };
    if n < 10 {
        return json!({ "peers": n, "percentile": null, "lower_quartile": null, "median": null, "upper_quartile": null });
    }
    json!({ "peers": n, "percentile": percentile, "lower_quartile": quantile(0.25), "median": quantile(0.5),
            "upper_quartile": quantile(0.75) })
}

fn is_close(expected: &Value, found: &Value) {
    super::naive::close("peers", expected, found).unwrap();
}

on_both_engines! {
    async fn a_percentile_is_the_share_below_and_half_of_the_equal(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        let (id, _) = Peer::of(member, 0.3, Some(5.0)).stored(&app).await;
        for i in 0..8_u32 {
            Peer::of(member, f64::from(i) / 10.0, (i > 0).then_some(f64::from(i))).stored(&app).await;
        }
        let body = peers(&app, member, id).await;
        assert_eq!((&body["peers"], &body["probability"]["percentile"]), (&json!(8), &Value::Null));
        assert_eq!(body["probability"]["median"], Value::Null, "fewer than ten tell nothing");
        for _ in 0..4 {
            Peer::of(member, 0.3, None).stored(&app).await;
        }
        let body = peers(&app, member, id).await;
        // 0, 0.1, 0.2 below and five of 0.3 among twelve.
        is_close(&json!({ "peers": 12, "percentile": 100.0 * 5.5 / 12.0, "median": 0.3, "value": 0.3 }), &body["probability"]);
        let debt = &body["ratios"][1];
        assert_eq!((&debt["name"], &debt["value"], &debt["peers"]), (&json!("total_debt_to_ebitda"), &json!(5.0), &json!(7)));
        assert_eq!((&debt["percentile"], &debt["median"]), (&Value::Null, &Value::Null), "seven have the ratio");
        assert_eq!((&body["ratios"][0]["peers"], &body["ratios"][0]["value"]), (&json!(0), &Value::Null));
        assert_eq!(body["ratios"].as_array().unwrap().len(), 5);
        assert_eq!((&body["sector"], &body["reporting_year"]), (&json!("Energy"), &json!("2023")));
    }

    async fn a_company_counts_once_with_its_last_of_the_year_and_never_itself(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        let (id, own) = Peer::of(member, 0.5, None).stored(&app).await;
        let quarter = |quarter, probability| Peer { quarter: Some(quarter), ..Peer::of(member, probability, None) };
        // Neither another quarter of the company itself, nor another year or sector.
        quarter("Q1", 0.9).predicted(&app, own).await;
        Peer { year: 2022, ..Peer::of(member, 0.9, None) }.stored(&app).await;
        Peer { sector: "Energies", ..Peer::of(member, 0.9, None) }.stored(&app).await;
        for _ in 0..10 {
            let (_, company) = quarter("Q2", 0.8).stored(&app).await;
            quarter("Q1", 0.7).predicted(&app, company).await;
            quarter("Q3", 0.1).predicted(&app, company).await;
        }
        let body = peers(&app, member, id).await;
        is_close(&json!({ "peers": 10, "percentile": 100.0, "lower_quartile": 0.1, "upper_quartile": 0.1 }), &body["probability"]);
    }

    async fn strangers_rows_never_count(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let (ours, _) = Peer::of(&people.member, 0.5, Some(1.0)).stored(&app).await;
        let (mine, _) = Peer::of(&people.user, 0.5, Some(1.0)).stored(&app).await;
        let (systems, _) = Peer::of(&people.super_admin, 0.5, Some(1.0)).stored(&app).await;
        for (owner, n) in [(&people.colleague, 11), (&people.neighbour, 13), (&people.stranger, 17),
                           (&people.other_user, 19), (&people.tenant_admin, 3)] {
            for _ in 0..n {
                Peer::of(owner, 0.1, Some(2.0)).stored(&app).await;
            }
        }
        // Own, of the organization or tenant, and the system's.
        for (actor, id, n) in [
            (&people.member, ours, 12),
            (&people.org_admin, ours, 12),
            (&people.user, mine, 1),
            (&people.tenant_admin, ours, 11 + 13 + 3 + 1),
            (&people.super_admin, ours, 11 + 13 + 17 + 1),
            (&people.user, systems, 1),
            (&people.member, systems, 12),
            (&people.other_user, systems, 19),
        ] {
            let body = peers(&app, actor, id).await;
            assert_eq!(body["peers"], n, "{} {body}", actor.role);
            assert_eq!(body["probability"]["percentile"].is_null(), n < 10, "{body}");
        }
        for (actor, id) in [(&people.stranger, ours), (&people.neighbour, ours), (&people.foreign_tenant_admin, ours),
                            (&people.user, ours), (&people.other_user, mine), (&people.member, mine),
                            (&people.tenant_admin, mine), (&people.member, Uuid::now_v7())] {
            let (status, _) = app.client(actor).get(&format!("/predictions/annual/{id}/peers")).await;
            assert_eq!(status, StatusCode::NOT_FOUND, "{}", actor.role);
        }
        let client = app.client(&people.member);
        for path in [format!("/predictions/quarterly/{ours}/peers"), "/predictions/annual/x/peers".to_owned()] {
            assert_eq!(client.get(&path).await.0, StatusCode::NOT_FOUND);
        }
        let path = format!("/predictions/annual/{ours}/peers");
        assert_eq!(app.anonymous().get(&path).await.0, StatusCode::UNAUTHORIZED);
    }

    /// A key that is not made for the system's predictions neither compares with them nor finds one.
    async fn a_key_compares_with_what_it_may_read(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let (ours, _) = Peer::of(&people.member, 0.5, None).stored(&app).await;
        let (systems, _) = Peer::of(&people.super_admin, 0.5, None).stored(&app).await;
        Peer::of(&people.colleague, 0.1, None).stored(&app).await;
        let found = StatusCode::OK;
        for (owner, ours_n, systems_n) in [(&people.member, 1, 2), (&people.super_admin, 1, 2)] {
            for (permissions, status, n) in [
                (&["prediction.read"][..], StatusCode::NOT_FOUND, ours_n),
                (&["prediction.read", "prediction.read_system"], found, ours_n + 1),
            ] {
                let key = app.with_token(&app.api_key(owner, permissions).await);
                let body = key.get_ok(&format!("/predictions/annual/{ours}/peers")).await;
                assert_eq!(body["peers"], n, "{} {permissions:?}", owner.role);
                let (got, body) = key.get(&format!("/predictions/annual/{systems}/peers")).await;
                assert_eq!(got, status, "{} {permissions:?} {body}", owner.role);
                if got == found {
                    assert_eq!(body["peers"], systems_n);
                }
            }
        }
        let key = app.with_token(&app.api_key(&people.member, &["company.read", "prediction.read_system"]).await);
        assert_eq!(key.get(&format!("/predictions/annual/{ours}/peers")).await.0, StatusCode::FORBIDDEN);
    }

    async fn any_peers_give_the_figures_of_the_definition(test: TestDb) {
        use proptest::{strategy::ValueTree, test_runner::TestRunner};
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        // Coarse values, so that some are equal.
        let value = || (0..12_u32).prop_map(|x| f64::from(x) / 12.0);
        let row = (value(), prop::option::weighted(0.8, value()));
        let cases = prop::collection::vec(prop::collection::vec(row, 1..25), 6);
        let cases = cases.new_tree(&mut TestRunner::deterministic()).unwrap().current();
        for (i, rows) in (0..).zip(cases) {
            let year = 2000 + i;
            let mut ids = Vec::new();
            for (probability, debt) in &rows {
                ids.push(Peer { year, ..Peer::of(member, *probability, *debt) }.stored(&app).await.0);
            }
            let body = peers(&app, member, ids[0]).await;
            let others = &rows[1..];
            is_close(&naive(Some(rows[0].0), others.iter().map(|r| r.0).collect()), &body["probability"]);
            is_close(&naive(rows[0].1, others.iter().filter_map(|r| r.1).collect()), &body["ratios"][1]);
        }
    }
}
