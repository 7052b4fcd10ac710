use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::{
    app::{Limits, TestApp},
    files::{annual_file, annual_row},
};

on_both_engines! {
    async fn everybody_sees_the_jobs_that_concern_them(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        let file = annual_file(&[annual_row("AAA", 2023)]);
        for actor in [&people.member, &people.stranger, &people.user, &people.tenant_admin] {
            assert_eq!(app.client(actor).upload("annual", "a.csv", &file).await.0, StatusCode::OK);
        }
        for (actor, seen) in [
            (&people.member, 1),
            (&people.colleague, 1),
            (&people.org_admin, 1),
            (&people.stranger, 1),
            (&people.user, 1),
            (&people.other_user, 0),
            (&people.tenant_admin, 2),
            (&people.foreign_tenant_admin, 1),
            (&people.super_admin, 4),
        ] {
            let body = app.client(actor).get_ok("/predictions/jobs").await;
            assert_eq!(body["pagination"]["total"], seen, "{:?}", actor.role);
        }
    }

    async fn pages_and_states(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let user = app.client(&app.people.user);
        for year in [2021, 2022, 2023] {
            user.upload("annual", &format!("{year}.csv"), &annual_file(&[annual_row("AAA", year)])).await;
        }
        let body = user.get_ok("/predictions/jobs?limit=2&offset=0").await;
        let names: Vec<_> = body["jobs"].as_array().unwrap().iter().map(|j| j["original_filename"].clone()).collect();
        assert_eq!(names, ["2023.csv", "2022.csv"]);
        assert_eq!(body["pagination"]["has_more"], true);
        assert_eq!(user.get_ok("/predictions/jobs?limit=2&offset=2").await["pagination"]["has_more"], false);
        assert_eq!(user.get_ok("/predictions/jobs?status=completed").await["pagination"]["total"], 0);
        assert_eq!(user.get_ok("/predictions/jobs?status=queued").await["pagination"]["total"], 3);
        for (query, field) in [("limit=0", "limit"), ("offset=-1", "offset"), ("status=done", "status")] {
            let (status, body) = user.get(&format!("/predictions/jobs?{query}")).await;
            assert_eq!((status, body["errors"][0]["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(field)));
        }
    }

    async fn nobody_is_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        assert_eq!(app.anonymous().get("/predictions/jobs").await.0, StatusCode::UNAUTHORIZED);
    }
}
