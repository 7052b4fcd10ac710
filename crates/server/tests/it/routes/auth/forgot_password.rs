use std::time::Duration;

use accunode_db::{Clock, Timestamp, on};
use accunode_testkit::{TestDb, on_both_engines};
use axum::http::StatusCode;
use serde_json::{Value, json};

use crate::{
    app::TestApp,
    sessions::{PASSWORD, refused, token_of},
};

const NEW: &str = "another horse 2";

async fn with_clock(test: TestDb) -> (TestApp, Clock) {
    let clock = Clock::manual(Timestamp::from_unix_seconds(1_800_000_000));
    let app = TestApp::changed(test, |parts| parts.clock = clock.clone()).await;
    app.work();
    (app, clock)
}

async fn ask(app: &TestApp, email: &str) -> (StatusCode, Value) {
    app.anonymous().post("/auth/forgot-password", &json!({ "email": email })).await
}

/// Asks, and waits until the workers have nothing left to do; how many mails there are then.
async fn asked(app: &TestApp, email: &str) -> usize {
    const OPEN: &str =
        "SELECT COUNT(*) FROM job WHERE kind = 'mail.password_reset' AND status IN ('ready', 'running')";
    assert_eq!(ask(app, email).await.0, StatusCode::OK);
    for _ in 0..600 {
        let mut tx = app.state.db.system_read("look at the queue").await.unwrap();
        let open: i64 = on!(tx, |c| sqlx::query_scalar(OPEN).fetch_one(c).await).unwrap();
        drop(tx);
        if open == 0 {
            return app.mails().len();
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    panic!("the queue does not empty");
}

async fn reset(app: &TestApp, token: &str, new: &str) -> StatusCode {
    let body = json!({ "token": token, "new_password": new });
    app.anonymous().post("/auth/reset-password", &body).await.0
}

on_both_engines! {
    async fn the_mailed_link_sets_a_new_password_once(test: TestDb) {
        let (app, _) = with_clock(test).await;
        let session = app.sign_in(&app.people.member).await;
        let key = app.api_key(&app.people.member, &["prediction.read"]).await;
        assert_eq!(asked(&app, "MEMBER@example.com").await, 1);
        let mail = app.mails().pop().unwrap();
        assert!(mail.contains("To: member@example.com") && mail.contains("Subject: Set a new AccuNode password"));
        let token = token_of(&app.mails());
        assert_eq!(token.len(), 43);
        assert_eq!(reset(&app, &token, "short").await, StatusCode::UNPROCESSABLE_ENTITY);
        assert!(app.admits(&session.access).await, "nothing has happened yet");
        assert_eq!(reset(&app, &token, NEW).await, StatusCode::OK);
        assert!(!app.admits(&session.access).await && !app.refreshes(&session.refresh).await);
        assert!(app.admits(&key).await);
        assert_eq!(app.log_in("member@example.com", PASSWORD).await.0, StatusCode::UNAUTHORIZED);
        app.sign_in_as("member@example.com", NEW).await;
        assert_eq!(reset(&app, &token, PASSWORD).await, StatusCode::BAD_REQUEST, "used");
        assert_eq!((app.times("auth.password.reset_ask").await, app.times("auth.password.reset").await), (1, 1));
    }

    async fn the_token_stands_in_the_mail_alone(test: TestDb) {
        let (app, _) = with_clock(test).await;
        assert_eq!(asked(&app, "member@example.com").await, 1);
        let token = token_of(&app.mails());
        let mut tx = app.state.db.system_read("look for a token").await.unwrap();
        let payload: String =
            on!(tx, |c| sqlx::query_scalar("SELECT payload FROM job WHERE kind = 'mail.password_reset'").fetch_one(c).await).unwrap();
        let stored: String =
            on!(tx, |c| sqlx::query_scalar("SELECT token_hash FROM password_resets").fetch_one(c).await).unwrap();
        let keys: Value = serde_json::from_str(&payload).unwrap();
        assert_eq!(keys.as_object().unwrap().keys().collect::<Vec<_>>(), ["reset_id"]);
        assert!(stored.len() == 64 && stored != token && !payload.contains(&token));
    }

    async fn unknown_and_inactive_accounts_get_the_same_answer_and_no_mail(test: TestDb) {
        let (app, _) = with_clock(test).await;
        app.set("UPDATE users SET is_active = FALSE WHERE id = $1", app.people.colleague.user_id.0).await;
        assert_eq!(asked(&app, "nobody@example.org").await, 0);
        assert_eq!(asked(&app, "colleague@example.com").await, 0);
        assert_eq!(ask(&app, "nobody@example.org").await, ask(&app, "member@example.com").await);
        let (status, body) = ask(&app, "nobody").await;
        assert_eq!((status, &body["errors"][0]["field"]), (StatusCode::UNPROCESSABLE_ENTITY, &json!("email")));
    }

    async fn a_link_holds_for_an_hour(test: TestDb) {
        let (app, clock) = with_clock(test).await;
        asked(&app, "member@example.com").await;
        clock.advance(Duration::from_secs(3_600));
        assert_eq!(reset(&app, &token_of(&app.mails()), NEW).await, StatusCode::BAD_REQUEST);
        let body = json!({ "token": "made-up", "new_password": NEW });
        refused(&app.anonymous(), "/auth/reset-password", &body, StatusCode::BAD_REQUEST).await;
    }

    async fn one_mail_in_a_while_and_the_newest_link_counts(test: TestDb) {
        let (app, clock) = with_clock(test).await;
        assert_eq!(asked(&app, "member@example.com").await, 1);
        let first = token_of(&app.mails());
        let together = (0..5).map(|_| ask(&app, "member@example.com"));
        futures_util::future::join_all(together).await;
        assert_eq!(asked(&app, "member@example.com").await, 1);
        clock.advance(Duration::from_secs(301));
        assert_eq!(asked(&app, "member@example.com").await, 2);
        assert_eq!(reset(&app, &first, NEW).await, StatusCode::BAD_REQUEST);
        assert_eq!(reset(&app, &token_of(&app.mails()), NEW).await, StatusCode::OK);
    }

    async fn a_changed_password_voids_the_link(test: TestDb) {
        let (app, _) = with_clock(test).await;
        let session = app.sign_in(&app.people.member).await;
        asked(&app, "member@example.com").await;
        let body = json!({ "current_password": PASSWORD, "new_password": NEW });
        let (status, _) = app.with_token(&session.access).post("/auth/change-password", &body).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!(reset(&app, &token_of(&app.mails()), "third horse 3").await, StatusCode::BAD_REQUEST);
    }

    async fn a_reset_unlocks_the_account(test: TestDb) {
        let (app, _) = with_clock(test).await;
        app.sign_in(&app.people.member).await;
        for _ in 0..10 {
            app.log_in("member@example.com", "wrong horse 1").await;
        }
        assert_eq!(app.log_in("member@example.com", PASSWORD).await.0, StatusCode::TOO_MANY_REQUESTS);
        asked(&app, "member@example.com").await;
        assert_eq!(reset(&app, &token_of(&app.mails()), NEW).await, StatusCode::OK);
        app.sign_in_as("member@example.com", NEW).await;
    }

    /// Whoever changes the password holds the account and then ends its links: a link in use must not hold itself
    /// while it waits for the account.
    async fn a_link_in_use_waits_for_who_changes_the_password(test: TestDb) {
        let (app, _) = with_clock(test).await;
        asked(&app, "member@example.com").await;
        let (token, id) = (token_of(&app.mails()), app.people.member.user_id.0);
        let mut tx = app.state.db.system("change a password").await.unwrap();
        on!(tx, |c| sqlx::query("UPDATE users SET password_hash = 'x' WHERE id = $1").bind(id).execute(c).await.map(drop)).unwrap();
        let client = app.anonymous();
        let body = json!({ "token": token, "new_password": NEW });
        let redeemed = tokio::spawn(async move { client.post("/auth/reset-password", &body).await });
        tokio::time::sleep(Duration::from_millis(1_500)).await;
        on!(tx, |c| sqlx::query("UPDATE password_resets SET used_at = created_at WHERE user_id = $1").bind(id).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
        let (status, body) = redeemed.await.unwrap();
        assert_eq!(status, StatusCode::BAD_REQUEST, "{body}");
    }

    async fn who_was_switched_off_meanwhile_sets_no_password(test: TestDb) {
        let (app, _) = with_clock(test).await;
        asked(&app, "member@example.com").await;
        app.set("UPDATE users SET is_active = FALSE WHERE id = $1", app.people.member.user_id.0).await;
        assert_eq!(reset(&app, &token_of(&app.mails()), NEW).await, StatusCode::BAD_REQUEST);
    }
}
