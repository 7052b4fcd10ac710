use accunode_domain::UserId;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;

use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn each_role_sees_its_surroundings(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let me = app.client(&app.people.super_admin).get_ok("/users/me").await;
        assert_eq!((me["access_level"].as_str(), me["total_tenants"].as_i64()), (Some("global"), Some(2)));
        assert_eq!(me["tenants"][0]["organizations"].as_array().unwrap().len(), 2);
        let me = app.client(&app.people.tenant_admin).get_ok("/users/me").await;
        assert_eq!((me["access_level"].as_str(), me["organizations"].as_array().unwrap().len()), (Some("tenant"), 2));
        assert_eq!(me["tenant"]["total_organizations"], 2);
        let me = app.client(&app.people.org_admin).get_ok("/users/me").await;
        assert!(me["organization"]["join_token"].is_string());
        assert!(me["organization_members"].as_array().unwrap().len() >= 3);
        let me = app.client(&app.people.user).get_ok("/users/me").await;
        assert_eq!((me["access_level"].as_str(), &me["organization"]), (Some("personal"), &serde_json::Value::Null));
    }

    async fn members_see_neither_the_join_token_nor_the_tenants_size(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let me = app.client(&app.people.member).get_ok("/users/me").await;
        assert!(me["organization"]["join_token"].is_null() && me["organization_members"].is_null());
        assert!(me["tenant"]["name"].is_string() && me["tenant"]["total_users"].is_null());
    }

    async fn nobody_and_unknown_people_are_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (status, body) = app.anonymous().get("/users/me").await;
        assert_eq!((status, body["detail"].as_str()), (StatusCode::UNAUTHORIZED, Some("Not authenticated")));
        let stranger = app.with_token(&app.token(UserId::new(), 0));
        assert_eq!(stranger.get("/users/me").await.0, StatusCode::UNAUTHORIZED);
        let old = app.with_token(&app.token(app.people.user.user_id, 7));
        let (status, body) = old.get("/users/me").await;
        assert_eq!((status, body["detail"].as_str()), (StatusCode::UNAUTHORIZED, Some("Could not validate credentials")));
    }
}
