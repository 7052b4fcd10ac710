use accunode_db::on;
use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::app::{Limits, TestApp};

/// The organization's slug is its token, too.
async fn join(app: &TestApp, actor: &Actor, token: &str) -> (StatusCode, Value) {
    let body = json!({ "join_token": token, "email": "somebody.else@example.com" });
    app.client(actor).post("/auth/join", &body).await
}

async fn with_list(test: accunode_testkit::TestDb) -> TestApp {
    let app = TestApp::without_worker(test, Limits::default()).await;
    app.let_in(app.people.organization(), "user@example.com").await;
    app
}

on_both_engines! {
    async fn whoever_is_on_the_list_becomes_an_analyst(test: TestDb) {
        let app = with_list(test).await;
        // What the organization gives by default is not for a token to give.
        app.set("UPDATE organizations SET default_role = 'org_admin' WHERE id = $1", app.people.organization()).await;
        let (status, joined) = join(&app, &app.people.user, "first").await;
        assert_eq!(status, StatusCode::OK, "{joined}");
        assert_eq!(joined["organization_id"], json!(app.people.organization()));
        assert_eq!((&joined["organization_name"], &joined["user_role"]), (&json!("first"), &json!("org_member")));
        assert_eq!(joined["success"], true);
        let me = app.client(&app.people.user).get_ok("/users/me").await;
        assert_eq!((&me["role"], &me["organization"]["name"]), (&json!("org_member"), &json!("first")));
        assert_eq!(me["tenant_id"], json!(app.people.member.tenant_id.unwrap().0));
        let mut tx = app.state.db.system_read("look at who joined").await.unwrap();
        let kept: (bool, String) = on!(tx, |c| sqlx::query_as(
            "SELECT joined_via_token, whitelist_email FROM users WHERE id = $1")
            .bind(app.people.user.user_id.0).fetch_one(c).await).unwrap();
        assert_eq!(kept, (true, "user@example.com".to_owned()));
        assert_eq!(app.times("organization.join").await, 1);
    }

    async fn whoever_is_in_an_organization_is_told_so(test: TestDb) {
        let app = with_list(test).await;
        for member in [&app.people.member, &app.people.org_admin, &app.people.stranger] {
            assert_eq!(join(&app, member, "first").await.0, StatusCode::CONFLICT);
        }
        for admin in [&app.people.tenant_admin, &app.people.super_admin] {
            assert_eq!(join(&app, admin, "first").await.0, StatusCode::FORBIDDEN);
        }
        assert_eq!(app.times("organization.join").await, 0);
    }

    async fn whoever_is_not_on_the_list_stays_out(test: TestDb) {
        let app = with_list(test).await;
        assert_eq!(join(&app, &app.people.other_user, "first").await.0, StatusCode::FORBIDDEN);
        assert_eq!(join(&app, &app.people.user, "second").await.0, StatusCode::FORBIDDEN);
        app.set("UPDATE organization_member_whitelist SET status = 'inactive' WHERE organization_id = $1",
                app.people.organization()).await;
        assert_eq!(join(&app, &app.people.user, "first").await.0, StatusCode::FORBIDDEN);
    }

    async fn a_token_must_be_known_and_hold(test: TestDb) {
        let app = with_list(test).await;
        assert_eq!(join(&app, &app.people.user, "unknown").await.0, StatusCode::NOT_FOUND);
        let (organization, tenant) = (app.people.organization(), app.people.member.tenant_id.unwrap().0);
        for (off, on, id) in [
            ("UPDATE organizations SET is_active = FALSE WHERE id = $1",
             "UPDATE organizations SET is_active = TRUE WHERE id = $1", organization),
            ("UPDATE organizations SET join_expires_at = created_at WHERE id = $1",
             "UPDATE organizations SET join_expires_at = NULL WHERE id = $1", organization),
            ("UPDATE tenants SET is_active = FALSE WHERE id = $1",
             "UPDATE tenants SET is_active = TRUE WHERE id = $1", tenant),
        ] {
            app.set(off, id).await;
            assert_eq!(join(&app, &app.people.user, "first").await.0, StatusCode::NOT_FOUND, "{off}");
            app.set(on, id).await;
        }
        app.set("UPDATE organizations SET join_enabled = FALSE WHERE id = $1", organization).await;
        assert_eq!(join(&app, &app.people.user, "first").await.0, StatusCode::BAD_REQUEST);
        app.set("UPDATE organizations SET join_enabled = TRUE, max_users = 3 WHERE id = $1", organization).await;
        let (status, full) = join(&app, &app.people.user, "first").await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
        assert!(full["detail"].as_str().unwrap().contains("full"), "{full}");
        app.set("UPDATE organizations SET max_users = 4 WHERE id = $1", organization).await;
        assert_eq!(join(&app, &app.people.user, "first").await.0, StatusCode::OK);
    }

    async fn nobody_leaves_their_tenant_by_joining(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let theirs = app.people.stranger.organization_id.unwrap().0;
        app.let_in(theirs, "neighbour@example.com").await;
        app.set("UPDATE users SET organization_id = NULL, role = 'user' WHERE id = $1",
                app.people.neighbour.user_id.0).await;
        assert_eq!(join(&app, &app.people.neighbour, "second").await.0, StatusCode::CONFLICT);
    }

    async fn a_blank_token_is_refused(test: TestDb) {
        let app = with_list(test).await;
        let (status, body) = join(&app, &app.people.user, " ").await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("join_token")));
        assert_eq!(app.anonymous().post("/auth/join", &json!({})).await.0, StatusCode::UNAUTHORIZED);
    }
}
