use accunode_db::on;
use accunode_domain::Role;
use accunode_server::features::auth::{
    service::{NewUser, bootstrap_admin, create_user},
    tokens::Tokens,
};
use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use crate::{
    app::{Limits, TestApp},
    sessions::PASSWORD,
};

async fn with_amy(test: accunode_testkit::TestDb) -> TestApp {
    let app = TestApp::without_worker(test, Limits::default()).await;
    let new = NewUser {
        email: "Amy.Lee@Example.org",
        password: "correct horse 1",
        full_name: None,
        role: Role::User,
        tenant_id: None,
        organization_id: None,
    };
    create_user(&app.state, &new).await.unwrap();
    app
}

on_both_engines! {
    async fn a_token_opens_the_own_account(test: TestDb) {
        let app = with_amy(test).await;
        let body = json!({ "email": "amy.lee@EXAMPLE.org", "password": "correct horse 1" });
        let (status, token) = app.anonymous().post("/auth/login", &body).await;
        assert_eq!(status, StatusCode::OK, "{token}");
        assert_eq!((token["token_type"].as_str(), token["expires_in"].as_i64()), (Some("bearer"), Some(3_600)));
        let me = app.with_token(token["access_token"].as_str().unwrap()).get_ok("/users/me").await;
        assert_eq!(me["email"], "amy.lee@example.org");
        assert!(me["last_login"].is_string());
    }

    async fn wrong_passwords_and_unknown_accounts_look_alike(test: TestDb) {
        let app = with_amy(test).await;
        let wrong = json!({ "email": "amy.lee@example.org", "password": "correct horse 2" });
        let unknown = json!({ "email": "nobody@example.org", "password": "correct horse 1" });
        let client = app.anonymous();
        let (first, second) = (client.post("/auth/login", &wrong).await, client.post("/auth/login", &unknown).await);
        assert_eq!(first.0, StatusCode::UNAUTHORIZED);
        assert_eq!(first, second);
    }

    async fn every_missing_field_is_named(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (status, body) = app.anonymous().post("/auth/login", &json!({})).await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert_eq!(body["error"], "Validation failed");
        assert_eq!(body["errors"][0], json!({ "field": "email", "message": "Email is required" }));
        assert_eq!(body["errors"][1]["field"], "password");
    }

    /// PostgreSQL holds no zero character in a text, so it must not get that far.
    async fn control_characters_are_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let body = json!({ "email": "a\0@example.org", "password": "correct horse 1" });
        let (status, body) = app.anonymous().post("/auth/login", &body).await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("email")));
    }

    async fn what_is_not_json_is_refused_with_its_place(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let (status, body) = app.anonymous().post_text("/auth/login", "{\n \"email\": oops }").await;
        assert_eq!(status, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(body["errors"][0]["message"].as_str().unwrap().contains("line 2"), "{body}");
    }

    /// The people of the test have one already.
    async fn a_second_super_admin_is_not_made(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        assert!(!bootstrap_admin(&app.state, "root@example.org", PASSWORD).await.unwrap());
    }

    async fn servers_that_start_together_make_one_super_admin_who_has_to_change_the_password(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        app.set("UPDATE users SET role = 'user' WHERE id = $1", app.people.super_admin.user_id.0).await;
        let make = |email| bootstrap_admin(&app.state, email, PASSWORD);
        let (one, other) = tokio::join!(make("root@example.org"), make("second@example.org"));
        assert!(one.as_ref().unwrap() != other.as_ref().unwrap(), "{one:?} {other:?}");
        let email = if one.unwrap() { "root@example.org" } else { "second@example.org" };
        let (_, token) = app.log_in(email, PASSWORD).await;
        assert_eq!(token["must_change_password"], true, "{token}");
        let client = app.with_token(token["access_token"].as_str().unwrap());
        assert_eq!(client.get("/users/me").await.0, StatusCode::OK);
        assert_eq!(client.get("/predictions/annual").await.0, StatusCode::FORBIDDEN);
        let change = json!({ "current_password": PASSWORD, "new_password": "another horse 2" });
        assert_eq!(client.post("/auth/change-password", &change).await.0, StatusCode::OK);
        let (_, token) = app.log_in(email, "another horse 2").await;
        assert!(token.get("must_change_password").is_none(), "{token}");
        assert!(app.admits(token["access_token"].as_str().unwrap()).await);
    }

    async fn who_is_switched_off_is_told_so_with_the_right_password_alone(test: TestDb) {
        let app = with_amy(test).await;
        app.set("UPDATE users SET is_active = FALSE WHERE email = 'amy.lee@example.org' AND id <> $1",
                uuid::Uuid::nil()).await;
        let (status, right) = app.log_in("amy.lee@example.org", PASSWORD).await;
        assert_eq!((status, &right["detail"]), (StatusCode::UNAUTHORIZED, &json!("User account is disabled")));
        let (status, wrong) = app.log_in("amy.lee@example.org", "wrong horse 1").await;
        assert_eq!((status, &wrong["detail"]), (StatusCode::UNAUTHORIZED, &json!("Incorrect email or password")));
    }

    async fn a_bcrypt_hash_is_taken_once_and_then_replaced(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = &app.people.member;
        // Of "correct horse 1", cost 5, as another program wrote it.
        let hash = "$2b$05$abcdefghijklmnopqrstuuEXhiyQmRggPHo/Jc2S7y8qHYKiOUBCm";
        app.give_password(member, hash).await;
        assert_eq!(app.log_in("member@example.com", "wrong horse 1").await.0, StatusCode::UNAUTHORIZED);
        app.sign_in_as("member@example.com", PASSWORD).await;
        let mut tx = app.state.db.system_read("look at a hash").await.unwrap();
        let stored: String = on!(tx, |c| sqlx::query_scalar("SELECT password_hash FROM users WHERE id = $1")
            .bind(member.user_id.0).fetch_one(c).await).unwrap();
        assert!(stored.starts_with("$argon2id$"), "{stored}");
        drop(tx);
        app.sign_in_as("member@example.com", PASSWORD).await;
    }

    async fn known_accounts_are_in_the_audit_log_and_unknown_ones_are_not(test: TestDb) {
        let app = with_amy(test).await;
        app.log_in("nobody@example.org", PASSWORD).await;
        app.log_in("amy.lee@example.org", "wrong horse 1").await;
        app.log_in("amy.lee@example.org", PASSWORD).await;
        let amy = || Some("amy.lee@example.org".to_owned());
        let expected = ["user.create", "auth.sign_in_failed", "auth.sign_in"].map(|a| (a.to_owned(), amy()));
        assert_eq!(app.audited().await, expected);
    }

    async fn tokens_of_the_key_before_are_taken(test: TestDb) {
        let (old, new) = ("the former secret, of 32 bytes or more", "the present secret, of 32 bytes or more");
        let keys = |key: &str, before: Option<&str>| {
            Tokens::new(&key.to_owned().into(), before.map(|k| k.to_owned().into()).as_ref(), 60)
        };
        let app = TestApp::changed(test, |parts| parts.tokens = keys(new, Some(old))).await;
        let now = app.state.clock.now();
        let of = |tokens: &Tokens| tokens.issue(app.people.member.user_id, 0, None, now).unwrap();
        assert!(app.admits(&of(&keys(old, None))).await);
        assert!(app.admits(&of(&keys(new, None))).await);
        assert!(!app.admits(&of(&keys("some other secret, of 32 bytes or more", None))).await);
        // What is made now is signed by the present key.
        let session = app.sign_in(&app.people.colleague).await;
        assert!(keys(new, None).check(&session.access, now).is_some());
    }
}
