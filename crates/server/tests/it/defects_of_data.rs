//! Faults that platforms of this kind are known for, in what they show of data and of themselves.

use accunode_infra::Wake;
use accunode_testkit::on_both_engines;
use axum::{
    body::Body,
    http::{Request, StatusCode},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};

use crate::{
    app::{Limits, TestApp},
    routes::{
        companies::{added, company},
        predictions::{annual, quarterly},
    },
};

/// The symbols of the annual predictions that somebody lists, and how many there are said to be.
async fn listed(app: &TestApp, actor: &accunode_domain::Actor) -> (Vec<String>, i64) {
    let body = app.client(actor).get_ok("/predictions/annual?size=1000").await;
    let rows = body["predictions"].as_array().unwrap();
    let mut symbols: Vec<_> = rows.iter().map(|r| r["company_symbol"].as_str().unwrap().to_owned()).collect();
    symbols.sort();
    (symbols, body["total"].as_i64().unwrap())
}

on_both_engines! {
    async fn defect_04_what_is_personal_is_nobody_elses(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for (actor, symbol) in [(&people.user, "MINE"), (&people.tenant_admin, "ADMINS"), (&people.member, "OURS")] {
            let (status, body) = app.client(actor).post("/predictions/annual", &annual(symbol)).await;
            assert_eq!(status, StatusCode::OK, "{body}");
        }
        // The switch for the system's companies shows nobody's personal rows.
        let path = format!("/organizations/{}/global-data-access?allow_access=true", people.organization());
        let (status, body) = app.client(&people.tenant_admin).patch(&path, &json!({})).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(listed(&app, &people.member).await, (vec!["OURS".to_owned()], 1));
        assert_eq!(listed(&app, &people.org_admin).await, (vec!["OURS".to_owned()], 1));
        assert_eq!(listed(&app, &people.tenant_admin).await, (vec!["ADMINS".to_owned(), "OURS".to_owned()], 2));
        assert_eq!(listed(&app, &people.user).await, (vec!["MINE".to_owned()], 1));
        assert_eq!(listed(&app, &people.other_user).await, (Vec::new(), 0));
    }

    async fn defect_05_a_job_is_shown_to_its_own_people_alone(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let file = b"company_symbol,company_name,market_cap,sector,reporting_year,long_term_debt_to_total_capital,\
            total_debt_to_ebitda,net_income_margin,ebit_to_interest_expense,return_on_assets\nA,A,1,S,2020,1,1,1,1,1\n";
        let (status, accepted) = app.client(&people.member).upload("annual", "secret-name.csv", file).await;
        assert_eq!(status, StatusCode::OK, "{accepted}");
        let job = accepted["job_id"].as_str().unwrap();
        let (status_path, results) =
            (format!("/predictions/jobs/{job}/status"), format!("/predictions/jobs/{job}/results"));
        for actor in [&people.stranger, &people.foreign_org_admin, &people.foreign_tenant_admin, &people.neighbour,
                      &people.user] {
            let client = app.client(actor);
            for (status, body) in [client.get(&status_path).await, client.post(&results, &json!({})).await] {
                assert_eq!(status, StatusCode::NOT_FOUND, "{}", actor.role);
                assert!(!body.to_string().contains("secret-name"), "{body}");
            }
            assert_eq!(client.get_ok("/predictions/jobs").await["pagination"]["total"], 0, "{}", actor.role);
        }
        for actor in [&people.member, &people.colleague, &people.org_admin, &people.tenant_admin] {
            app.client(actor).get_ok(&status_path).await;
        }
    }

    async fn defect_06_nothing_of_the_platform_is_done_by_nobody(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (method, path) in [
            ("GET", "status"), ("GET", "metrics"), ("GET", "recommendation"), ("POST", "execute"), ("POST", "manual"),
            ("GET", "config"), ("PUT", "config"), ("GET", "history"), ("DELETE", "history"),
        ] {
            let request = Request::builder().method(method).uri(format!("/api/v1/scaling/{path}"));
            let response = app.anonymous().raw(request.body(Body::from("{}")).unwrap()).await;
            let status = response.status();
            // Either there is no such operation, or it asks who is there.
            assert!(matches!(status, StatusCode::NOT_FOUND | StatusCode::UNAUTHORIZED), "{method} {path}: {status}");
        }
        for path in ["/contact/test-email", "/audit", "/audit/verify", "/tenants", "/users"] {
            assert_eq!(app.anonymous().get(path).await.0, StatusCode::UNAUTHORIZED, "{path}");
        }
    }

    async fn defect_07_nobody_learns_addresses_or_passwords_of_services(test: TestDb) {
        let wake = Wake::redis("redis://keeper:hidden-password@hidden-host.invalid:1/0").unwrap();
        let app = TestApp::changed(test, |parts| parts.wake = wake).await;
        let response = app.anonymous().raw(Request::get("/health").body(Body::empty()).unwrap()).await;
        assert_eq!(response.status(), StatusCode::OK);
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let health: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(health["services"]["redis"]["connected"], false, "{health}");
        let text = health.to_string();
        for secret in ["hidden", "keeper", "redis://", "sqlite:", "postgres:"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }
        let debug = "/predictions/debug/prediction/00000000-0000-0000-0000-000000000000";
        for path in ["/predictions/health/redis", "/predictions/debug/worker-health", debug] {
            assert_eq!(app.anonymous().get(path).await.0, StatusCode::NOT_FOUND, "{path}");
            assert_eq!(app.client(&app.people.user).get(path).await.0, StatusCode::NOT_FOUND, "{path}");
        }
    }

    async fn defect_10_figures_of_a_tenant_admin_are_the_own_tenants(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        for (actor, symbol) in [(&people.member, "OURS"), (&people.neighbour, "NEXT"), (&people.stranger, "THEIRS")] {
            app.client(actor).post("/predictions/annual", &annual(symbol)).await;
        }
        let (symbols, total) = listed(&app, &people.tenant_admin).await;
        assert_eq!((symbols, total), (vec!["NEXT".to_owned(), "OURS".to_owned()], 2));
        let client = app.client(&people.tenant_admin);
        let me = client.get_ok("/users/me").await;
        assert_eq!((&me["tenant"]["total_organizations"], &me["tenant"]["total_users"]), (&json!(2), &json!(5)));
        let tenants = client.get_ok("/tenants").await;
        assert_eq!((&tenants["total"], &tenants["total_organizations"]), (&json!(1), &json!(2)));
        let stats = client.get_ok(&format!("/tenants/{}/stats", people.tenant_admin.tenant_id.unwrap())).await;
        assert_eq!((&stats["total_organizations"], &stats["total_users"]), (&json!(2), &json!(4)));
        assert_eq!(client.get_ok("/organizations").await["total"], 2);
        assert_eq!(client.get_ok("/users").await["total"], 5);
        let dashboard = client.get_ok("/predictions/dashboard").await;
        let dash = &dashboard["user_dashboard"];
        assert_eq!((&dash["total_companies"], &dash["total_predictions"]), (&json!(2), &json!(2)));
        assert_eq!(client.get_ok("/predictions/stats").await["prediction_counts"]["organization"]["total"], 2);
    }

    async fn defect_26_risk_is_counted_by_level_and_averages_are_taken_over_rows(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        // The same probability many times in one kind and another once in the other; all far below 0.7.
        const SET: &str = "UPDATE annual_predictions SET probability = 0.02";
        const SET_QUARTERLY: &str = "UPDATE quarterly_predictions SET logistic_probability = 0.1";
        const LATEST: &str = "UPDATE companies SET latest_risk_level = CASE symbol WHEN 'C1' THEN 'HIGH'
            WHEN 'C2' THEN 'CRITICAL' ELSE 'MEDIUM' END";
        // Figures are to be those of the rows, not what was noted when these were stored.
        const FORGET: &str = "DELETE FROM figure_changes";
        let people = &app.people;
        for symbol in ["C1", "C2", "C3"] {
            app.client(&people.member).post("/predictions/annual", &annual(symbol)).await;
        }
        app.client(&people.member).post("/predictions/quarterly", &quarterly("C1")).await;
        let mut tx = app.state.db.system("set probabilities of a test").await.unwrap();
        for sql in [SET, SET_QUARTERLY, LATEST, FORGET] {
            accunode_db::on!(tx, |c| sqlx::query(sql).execute(c).await.map(drop)).unwrap();
        }
        tx.commit().await.unwrap();
        for actor in [&people.member, &people.tenant_admin, &people.super_admin] {
            let dashboard = app.client(actor).get_ok("/predictions/dashboard").await;
            let dash = &dashboard["user_dashboard"];
            // Not the mean of the two kinds' means, 0.06; one company has two predictions and counts once.
            assert_eq!((&dash["average_default_rate"], &dash["high_risk_companies"]), (&json!(0.04), &json!(2)));
        }
        // A half that is not there does not count as 0.
        app.client(&people.user).post("/predictions/annual", &annual("LONE")).await;
        let alone = app.client(&people.user).get_ok("/predictions/annual").await["predictions"][0]["probability"].clone();
        let dashboard = app.client(&people.user).get_ok("/predictions/dashboard").await;
        let rate = dashboard["user_dashboard"]["average_default_rate"].as_f64().unwrap();
        assert!((rate - alone.as_f64().unwrap()).abs() < 5.1e-5, "{dashboard}");
    }

    async fn defect_03_nobody_shares_nothing_with_somebody_else_of_nowhere(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let (user, other) = (app.client(&people.user), app.client(&people.other_user));
        assert_eq!(user.post("/predictions/annual", &annual("MINE")).await.0, StatusCode::OK);
        let id = user.get_ok("/companies/search/MINE").await["data"]["id"].as_str().unwrap().to_owned();
        let path = format!("/companies/{id}");
        assert_eq!(other.get(&path).await.0, StatusCode::NOT_FOUND);
        assert_eq!(other.put(&path, &json!({ "name": "Theirs" })).await.0, StatusCode::NOT_FOUND);
        assert_eq!(other.delete(&format!("{path}?with_predictions=true")).await.0, StatusCode::NOT_FOUND);
        assert_eq!(other.get_ok("/companies").await["total"], 0);
        assert_eq!(user.get_ok("/companies").await["total"], 1);
    }

    async fn defect_04_strangers_personal_companies_are_not_global(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        assert_eq!(app.client(&people.user).post("/predictions/annual", &annual("PRIVATE")).await.0, StatusCode::OK);
        added(&app.client(&people.super_admin), "SYSTEM").await;
        let path = format!("/organizations/{}/global-data-access?allow_access=true", people.organization());
        assert_eq!(app.client(&people.tenant_admin).patch(&path, &json!({})).await.0, StatusCode::OK);
        for actor in [&people.member, &people.org_admin, &people.tenant_admin] {
            for path in ["/companies", "/companies?search=e", "/companies?search=PRIVATE%20ex", "/companies/search?q=private"] {
                let body = app.client(actor).get_ok(path).await;
                assert!(!body.to_string().contains("PRIVATE"), "{} {path}: {body}", actor.role);
            }
            assert_eq!(app.client(actor).get_ok("/companies").await["total"], 1, "{}", actor.role);
        }
    }

    async fn defect_20_companies_can_be_added_and_foreign_ones_are_not_there(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let (status, body) = app.client(&people.member).post("/companies", &company("XMP")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let path = format!("/companies/{}", body["data"]["id"].as_str().unwrap());
        for actor in [&people.stranger, &people.foreign_tenant_admin, &people.user] {
            assert_eq!(app.client(actor).get(&path).await.0, StatusCode::NOT_FOUND);
            assert_eq!(app.client(actor).get("/companies/search/XMP").await.0, StatusCode::NOT_FOUND);
        }
    }

    /// With both kinds of predictions joined at once a company would come once for each pair of them.
    async fn defect_35_companies_come_once_with_a_few_of_their_predictions(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        for year in 2001..=2015 {
            for (kind, mut body) in [("annual", annual("XMP")), ("quarterly", quarterly("XMP"))] {
                body["reporting_year"] = json!(year.to_string());
                assert_eq!(member.post(&format!("/predictions/{kind}"), &body).await.0, StatusCode::OK);
            }
        }
        let body = member.get_ok("/companies?limit=100").await;
        assert_eq!((body["items"].as_array().unwrap().len(), &body["total"]), (1, &json!(1)));
        for kind in ["annual_predictions", "quarterly_predictions"] {
            let item = &body["items"][0];
            assert_eq!((item[kind].as_array().unwrap().len(), &item[format!("{kind}_count")]), (12, &json!(15)));
        }
    }
}
