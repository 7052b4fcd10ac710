use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::app::{Limits, TestApp};

/// The statuses of reading and of renaming one person as another.
async fn read_and_rename(app: &TestApp, caller: &Actor, target: &Actor) -> (u16, u16) {
    let path = format!("/users/{}", target.user_id);
    let client = app.client(caller);
    let read = client.get(&path).await.0;
    (read.as_u16(), client.put(&path, &json!({ "full_name": "Another" })).await.0.as_u16())
}

on_both_engines! {
    async fn people_are_read_and_renamed_by_those_above_them(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        assert_eq!(read_and_rename(&app, &p.org_admin, &p.member).await, (200, 200));
        assert_eq!(read_and_rename(&app, &p.tenant_admin, &p.org_admin).await, (200, 200));
        assert_eq!(read_and_rename(&app, &p.super_admin, &p.foreign_tenant_admin).await, (200, 200));
        assert_eq!(read_and_rename(&app, &p.user, &p.user).await, (200, 200));
        let seen = app.client(&p.member).get_ok(&format!("/users/{}", p.member.user_id)).await;
        assert_eq!(seen["full_name"], "Another");
    }

    async fn peers_superiors_colleagues_and_strangers_are_not(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        // A colleague is visible, but not looked after by a member.
        assert_eq!(read_and_rename(&app, &p.member, &p.colleague).await, (403, 403));
        assert_eq!(read_and_rename(&app, &p.org_admin, &p.neighbour).await, (404, 404));
        assert_eq!(read_and_rename(&app, &p.org_admin, &p.tenant_admin).await, (404, 404));
        assert_eq!(read_and_rename(&app, &p.tenant_admin, &p.stranger).await, (404, 404));
        assert_eq!(read_and_rename(&app, &p.tenant_admin, &p.user).await, (404, 404));
        assert_eq!(read_and_rename(&app, &p.user, &p.other_user).await, (404, 404));
        let peer = json!({ "email": "peer@example.com", "password": "correct horse 1", "username": "peer", "role": "org_admin" });
        let (_, peer) = app.client(&p.org_admin).post("/users", &peer).await;
        let path = format!("/users/{}", peer["id"].as_str().unwrap());
        assert_eq!(app.client(&p.org_admin).get(&path).await.0, StatusCode::OK);
        let (status, body) = app.client(&p.org_admin).put(&path, &json!({ "full_name": "Another" })).await;
        assert_eq!(status, StatusCode::FORBIDDEN, "{body}");
    }

    async fn what_is_no_id_is_not_there(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let client = app.client(&app.people.super_admin);
        for id in ["x", "00000000-0000-0000-0000-000000000000"] {
            assert_eq!(client.get(&format!("/users/{id}")).await.0, StatusCode::NOT_FOUND);
            assert_eq!(client.put(&format!("/users/{id}"), &json!({})).await.0, StatusCode::NOT_FOUND);
            assert_eq!(client.delete(&format!("/users/{id}")).await.0, StatusCode::NOT_FOUND);
        }
    }
}
