use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use super::{annual, rescore::scale_of};
use crate::app::{Limits, TestApp};

async fn filled(test: accunode_testkit::TestDb) -> TestApp {
    let app = TestApp::without_worker(test, Limits::default()).await;
    let people = &app.people;
    for (actor, symbol) in [
        (&people.member, "MEMBER"),
        (&people.colleague, "COLLEAGUE"),
        (&people.stranger, "STRANGER"),
        (&people.user, "USER"),
        (&people.other_user, "OTHER"),
        (&people.tenant_admin, "TENANT"),
        (&people.super_admin, "SYSTEM"),
    ] {
        assert_eq!(app.client(actor).post("/predictions/annual", &annual(symbol)).await.0, StatusCode::OK);
    }
    app
}

fn symbols(body: &serde_json::Value) -> Vec<&str> {
    body["predictions"].as_array().unwrap().iter().map(|p| p["company_symbol"].as_str().unwrap()).collect()
}

on_both_engines! {
    async fn everybody_sees_their_own_and_their_organizations(test: TestDb) {
        let app = filled(test).await;
        let people = &app.people;
        for (actor, seen) in [
            (&people.member, vec!["COLLEAGUE", "MEMBER"]),
            (&people.org_admin, vec!["COLLEAGUE", "MEMBER"]),
            (&people.stranger, vec!["STRANGER"]),
            (&people.tenant_admin, vec!["TENANT", "COLLEAGUE", "MEMBER"]),
            (&people.foreign_tenant_admin, vec!["STRANGER"]),
            (&people.user, vec!["USER"]),
            (&people.other_user, vec!["OTHER"]),
            (&people.super_admin, vec![]),
        ] {
            let body = app.client(actor).get_ok("/predictions/annual?size=1000").await;
            assert_eq!(symbols(&body), seen, "{:?}", actor.role);
            assert_eq!(body["total"].as_u64(), Some(seen.len() as u64));
        }
    }

    async fn an_organization_may_be_asked_for_by_whoever_runs_it(test: TestDb) {
        let app = filled(test).await;
        let people = &app.people;
        let path = format!("/predictions/annual?organization_id={}", people.member.organization_id.unwrap());
        assert_eq!(symbols(&app.client(&people.super_admin).get_ok(&path).await), ["COLLEAGUE", "MEMBER"]);
        assert_eq!(symbols(&app.client(&people.tenant_admin).get_ok(&path).await), ["TENANT", "COLLEAGUE", "MEMBER"]);
        assert_eq!(symbols(&app.client(&people.foreign_tenant_admin).get_ok(&path).await), Vec::<&str>::new());
        assert_eq!(app.client(&people.member).get(&path).await.0, StatusCode::FORBIDDEN);
    }

    async fn filters_and_pages(test: TestDb) {
        let app = filled(test).await;
        let member = app.client(&app.people.member);
        assert_eq!(symbols(&member.get_ok("/predictions/annual?company_symbol=olle").await), ["COLLEAGUE"]);
        assert_eq!(symbols(&member.get_ok("/predictions/annual/?company_symbol=%25").await), Vec::<&str>::new());
        assert_eq!(member.get_ok("/predictions/annual?reporting_year=2023").await["total"], 0);
        let body = member.get_ok("/predictions/annual?page=2&size=1").await;
        assert_eq!(symbols(&body), ["MEMBER"]);
        assert_eq!(body["pagination"], serde_json::json!({ "total": 2, "page": 2, "size": 1, "pages": 2 }));
        assert_eq!(member.get_ok("/predictions/quarterly").await["total"], 0);
    }

    async fn what_does_not_fit_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        // SQLite refuses patterns of this length.
        let long = format!("company_symbol={}", "A".repeat(60_000));
        for (query, field) in [
            (long.as_str(), "company_symbol"),
            // PostgreSQL holds no such character in a text.
            ("company_symbol=A%00", "company_symbol"),
            ("page=0", "page"),
            ("size=0", "size"),
            ("size=1001", "size"),
            ("page=x", "page"),
            ("reporting_year=20", "reporting_year"),
            ("reporting_quarter=Q7", "reporting_quarter"),
            ("organization_id=1", "organization_id"),
        ] {
            let (status, body) = user.get(&format!("/predictions/annual?{query}")).await;
            assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY, "{query}: {body}");
            assert_eq!(body["errors"][0]["field"], field, "{query}: {body}");
        }
    }

    /// In a query an unwritten plus is a blank: a grade is found either way.
    async fn a_plus_may_be_written_as_it_is(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        let grades = serde_json::json!([{ "grade": "A+", "upper": 0.999 }, { "grade": "A", "upper": null }]);
        scale_of(&app, member.tenant_id.unwrap().0, &grades).await;
        let client = app.client(member);
        assert_eq!(client.post("/predictions/annual", &annual("PLUS")).await.0, StatusCode::OK);
        for (grade, n) in [("A%2B", 1), ("A+", 1), ("A%20", 1), ("A", 0), ("A%2B%2B", 0)] {
            for list in ["/predictions/annual", "/companies"] {
                assert_eq!(client.get_ok(&format!("{list}?grade={grade}")).await["total"], n, "{list} {grade}");
            }
        }
    }

    async fn nobody_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        assert_eq!(app.anonymous().get("/predictions/annual").await.0, StatusCode::UNAUTHORIZED);
        assert_eq!(app.anonymous().get("/predictions/quarterly").await.0, StatusCode::UNAUTHORIZED);
    }

    /// `user` is no analyst, whatever organization the account belongs to.
    async fn who_is_demoted_sees_the_own_alone(test: TestDb) {
        let app = filled(test).await;
        let people = &app.people;
        let path = format!("/users/{}/role", people.colleague.user_id);
        let user = serde_json::json!({ "role": "user" });
        assert_eq!(app.client(&people.org_admin).put(&path, &user).await.0, StatusCode::OK);
        assert_eq!(app.client(&people.colleague).get_ok("/predictions/annual").await["total"], 0);
        assert_eq!(app.client(&people.member).get_ok("/predictions/annual").await["total"], 2);
    }
}
