//! Registering, signing in and staying so, the own settings, joining an organization.

use std::time::Duration;

use accunode_db::{Clock, Timestamp};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::{detail, has, ok, roles, user, with};
use crate::{
    app::{Limits, TestApp},
    sessions::PASSWORD,
};

/// What the client keeps of a renewed session.
fn renewed() -> Value {
    json!({ "access_token": "text", "expires_in": "whole" })
}

/// What the client sends to renew a session: nothing but the refresh token.
async fn renew(app: &TestApp, refresh: &str) -> (StatusCode, Value) {
    app.with_token(refresh).post("/auth/refresh", &json!({})).await
}

/// The organization's slug is its token, too.
async fn join(app: &TestApp, token: &str) -> (StatusCode, Value) {
    let body = json!({ "email": "user@example.com", "join_token": token });
    app.client(&app.people.user).post("/auth/join", &body).await
}

on_both_engines! {
    async fn whoever_registers_signs_in_and_stays_signed_in(test: TestDb) {
        let clock = Clock::manual(Timestamp::from_unix_seconds(1_800_000_000));
        let app = TestApp::changed(test, |parts| parts.clock = clock.clone()).await;
        let new = json!({ "email": "New.Person@example.org", "username": "new_person", "full_name": "New Person", "password": PASSWORD });
        let (status, body) = app.anonymous().post("/auth/register", &new).await;
        assert_eq!(status, StatusCode::CREATED, "{body}");
        has(&body, &with(user(), &json!({ "username": "=new_person", "full_name": "=New Person", "role": "=user" })));
        // In the spelling of the form, or in another.
        app.sign_in_as("new.person@example.org", PASSWORD).await;
        let login = json!({ "email": "New.Person@example.org", "password": PASSWORD });
        let token = ok(app.anonymous().post("/auth/login", &login).await);
        has(&token, &with(renewed(), &json!({ "refresh_token": "text", "token_type": "=bearer", "expires_in": 3_600 })));
        // The timer renews two minutes before the end, always by the refresh token of the sign-in.
        let refresh = token["refresh_token"].as_str().unwrap();
        let mut access = token["access_token"].as_str().unwrap().to_owned();
        for _ in 0..5 {
            clock.advance(Duration::from_secs(3_600 - 120));
            assert!(app.admits(&access).await);
            let body = ok(renew(&app, refresh).await);
            has(&body, &renewed());
            body["access_token"].as_str().unwrap().clone_into(&mut access);
        }
        // A laptop that slept: one answer of 401, one renewal, and it goes on.
        clock.advance(Duration::from_secs(9 * 3_600));
        let text = detail(app.with_token(&access).get("/users/me").await, StatusCode::UNAUTHORIZED);
        assert_eq!(text, "Could not validate credentials");
        let body = ok(renew(&app, refresh).await);
        has(&app.with_token(body["access_token"].as_str().unwrap()).get_ok("/users/me").await, &user());
    }

    async fn every_role_learns_who_it_is(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let organization = json!({
            "id": "id", "name": "=first", "slug": "text", "domain": "text?", "description": "text?", "is_active": "flag",
            "join_enabled": "flag", "default_role": "text", "max_users": "whole", "current_users": "whole",
            "created_at": "time", "join_token": null
        });
        let tenant = json!({ "id": "id", "name": "=first", "domain": "text?" });
        let place = json!({ "id": "id", "name": "text", "slug": "text", "domain": "text?", "is_active": "flag", "member_count": "whole" });
        for (role, actor) in roles(&app) {
            let more = match role {
                "user" => json!({ "access_level": "=personal", "organization": null, "tenant": null }),
                "org_member" => json!({ "access_level": "=organization", "organization": organization, "tenant": tenant,
                                        "organization_members": null }),
                "org_admin" => json!({ "access_level": "=organization", "tenant": tenant,
                    "organization": with(organization.clone(), &json!({ "join_token": "text" })),
                    "organization_members": [{ "id": "id", "email": "text", "full_name": "text?", "role": "text",
                                               "is_active": "flag", "joined_at": "time" }] }),
                "tenant_admin" => json!({ "access_level": "=tenant", "organization": null,
                    "tenant": with(tenant.clone(), &json!({ "total_organizations": 2, "total_users": "whole" })),
                    "organizations": [with(place.clone(), &json!({ "admin_email": "text?" }))] }),
                _ => json!({ "access_level": "=global", "organization": null, "tenant": null,
                    "tenants": [with(tenant.clone(), &json!({ "name": "text", "organizations": [place] }))],
                    "total_tenants": 2, "total_organizations": 3 }),
            };
            let shape = with(with(user(), &more), &json!({ "role": format!("={role}"), "permissions": ["text"] }));
            has(&app.client(actor).get_ok("/users/me").await, &shape);
        }
    }

    async fn the_settings_are_saved_with_what_their_form_sends(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        for (role, actor) in roles(&app) {
            let client = app.client(actor);
            let form = json!({ "full_name": format!("Name of {role}"), "email": app.email(actor), "sector": "Banking" });
            let saved = ok(client.put("/users/me", &form).await);
            has(&saved, &with(user(), &json!({ "full_name": format!("=Name of {role}"), "role": format!("={role}") })));
            assert_eq!(client.get_ok("/users/me").await["full_name"], format!("Name of {role}"));
            // The one thing that the form offers and cannot have says so.
            let other = with(form, &json!({ "email": "elsewhere@example.org" }));
            let text = detail(client.put("/users/me", &other).await, StatusCode::BAD_REQUEST);
            assert_eq!(text, "The e-mail address cannot be changed");
            let mail = json!({ "email": app.email(actor) });
            has(&ok(client.post("/auth/forgot-password", &mail).await), &json!({ "success": true, "message": "text" }));
        }
    }

    async fn a_changed_password_asks_the_client_to_sign_in_again(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let session = app.sign_in(&app.people.member).await;
        let client = app.with_token(&session.access);
        let form = json!({ "current_password": PASSWORD, "new_password": "another horse 2" });
        let wrong = with(form.clone(), &json!({ "current_password": "wrong horse 1" }));
        detail(client.post("/auth/change-password", &wrong).await, StatusCode::BAD_REQUEST);
        let same = with(form.clone(), &json!({ "new_password": PASSWORD }));
        detail(client.post("/auth/change-password", &same).await, StatusCode::BAD_REQUEST);
        has(&ok(client.post("/auth/change-password", &form).await), &json!({ "success": true, "message": "text" }));
        // The next call is refused and so is the one attempt to renew: the client shows its sign-in.
        detail(client.get("/users/me").await, StatusCode::UNAUTHORIZED);
        detail(renew(&app, &session.refresh).await, StatusCode::UNAUTHORIZED);
        app.sign_in_as("member@example.com", "another horse 2").await;
    }

    async fn joining_has_an_answer_of_its_own_for_each_outcome(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let organization = app.people.organization();
        detail(join(&app, "unknown").await, StatusCode::NOT_FOUND);
        detail(join(&app, "first").await, StatusCode::FORBIDDEN);
        app.let_in(organization, "user@example.com").await;
        app.set("UPDATE organizations SET join_enabled = FALSE WHERE id = $1", organization).await;
        detail(join(&app, "first").await, StatusCode::BAD_REQUEST);
        app.set("UPDATE organizations SET join_enabled = TRUE WHERE id = $1", organization).await;
        let joined = ok(join(&app, "first").await);
        let expected = json!({ "success": true, "message": "text", "organization_id": "id", "organization_name": "=first",
                               "user_role": "=org_member" });
        has(&joined, &expected);
        detail(join(&app, "first").await, StatusCode::CONFLICT);
        let me = app.client(&app.people.user).get_ok("/users/me").await;
        assert_eq!((&me["role"], &me["organization"]["name"]), (&json!("org_member"), &json!("first")));
    }
}
