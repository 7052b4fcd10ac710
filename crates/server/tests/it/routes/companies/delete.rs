use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use super::{added, count, see_the_systems};
use crate::{
    app::{Limits, TestApp},
    routes::predictions::{annual, quarterly},
};

on_both_engines! {
    async fn each_level_has_those_who_may(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        see_the_systems(&app, true).await;
        let (ok, no, gone) = (StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND);
        let cases: [(&Actor, [(&Actor, StatusCode); 8]); 3] = [
            (&people.member, [(&people.stranger, gone), (&people.neighbour, gone), (&people.user, gone),
                (&people.foreign_tenant_admin, gone), (&people.colleague, no), (&people.tenant_admin, no),
                (&people.foreign_org_admin, gone), (&people.org_admin, ok)]),
            (&people.tenant_admin, [(&people.stranger, gone), (&people.neighbour, gone), (&people.user, gone),
                (&people.foreign_tenant_admin, gone), (&people.colleague, gone), (&people.org_admin, gone),
                (&people.member, gone), (&people.tenant_admin, ok)]),
            (&people.super_admin, [(&people.stranger, gone), (&people.neighbour, gone), (&people.user, gone),
                (&people.foreign_tenant_admin, no), (&people.colleague, no), (&people.org_admin, no),
                (&people.tenant_admin, no), (&people.super_admin, ok)]),
        ];
        for (creator, attempts) in cases {
            let path = format!("/companies/{}", added(&app.client(creator), "XMP").await);
            for (actor, expected) in attempts {
                let (status, body) = app.client(actor).delete(&path).await;
                assert_eq!(status, expected, "{} deletes {}'s: {body}", actor.role, creator.role);
                assert_eq!(count(&app).await, i64::from(expected != ok));
            }
        }
    }

    async fn predictions_go_with_it_only_when_that_is_said(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        member.post("/predictions/annual", &annual("XMP")).await;
        member.post("/predictions/quarterly", &quarterly("XMP")).await;
        let id = member.get_ok("/companies/search/XMP").await["data"]["id"].as_str().unwrap().to_owned();
        let (status, body) = member.delete(&format!("/companies/{id}")).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(body["detail"].as_str().unwrap().contains("2 predictions"), "{body}");
        assert_eq!(member.get_ok("/predictions/annual").await["total"], 1);
        let (status, body) = member.delete(&format!("/companies/{id}?with_predictions=true")).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert!(body["message"].as_str().unwrap().contains("(2)"), "{body}");
        for kind in ["annual", "quarterly"] {
            assert_eq!(member.get_ok(&format!("/predictions/{kind}")).await["total"], 0);
        }
        let log = app.client(&app.people.tenant_admin).get_ok("/audit?action=company.delete").await;
        assert_eq!((&log["entries"][0]["before"]["symbol"], &log["entries"][0]["before"]["predictions"]), (&json!("XMP"), &json!(2)));
        // The symbol is free again.
        added(&member, "XMP").await;
        assert!(app.miscounted().await.is_empty());
    }

    async fn other_peoples_predictions_are_not_taken_along(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let id = added(&app.client(&people.member), "XMP").await;
        app.client(&people.colleague).post("/predictions/annual", &annual("XMP")).await;
        let path = format!("/companies/{id}?with_predictions=true");
        let (status, body) = app.client(&people.member).delete(&path).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
        assert_eq!(app.client(&people.member).get_ok("/predictions/annual").await["total"], 1);
        let (status, body) = app.client(&people.org_admin).delete(&path).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        assert_eq!(app.client(&people.member).get_ok("/predictions/annual").await["total"], 0);
    }
}
