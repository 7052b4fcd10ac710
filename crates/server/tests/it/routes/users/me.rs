use accunode_db::on;
use accunode_domain::UserId;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

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

    async fn closed_accounts_and_archived_places_are_not_counted(test: TestDb) {
        const ORGANIZATION: &str = "UPDATE organizations SET archived_at = $1 WHERE name = 'other'";
        const TENANT: &str = "UPDATE tenants SET archived_at = $1 WHERE name = 'second'";
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        app.client(&p.org_admin).delete(&format!("/users/{}", p.colleague.user_id)).await;
        let mut tx = app.state.db.system("archive a test's places").await.unwrap();
        for sql in [ORGANIZATION, TENANT] {
            on!(tx, |c| sqlx::query(sql).bind(app.state.clock.now()).execute(c).await.map(drop)).unwrap();
        }
        tx.commit().await.unwrap();
        let me = app.client(&p.tenant_admin).get_ok("/users/me").await;
        assert_eq!((&me["tenant"]["total_organizations"], &me["tenant"]["total_users"]), (&json!(1), &json!(4)));
        assert_eq!(me["organizations"].as_array().unwrap().len(), 1);
        assert_eq!(me["organizations"][0]["member_count"], 2);
        let me = app.client(&p.super_admin).get_ok("/users/me").await;
        assert_eq!((&me["total_tenants"], me["tenants"].as_array().unwrap().len()), (&json!(1), 1));
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
