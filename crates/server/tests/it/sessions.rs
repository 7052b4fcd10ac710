//! Signing in with real passwords, for the tests where sessions matter, and what is left behind of it.

use accunode_db::on;
use accunode_domain::Actor;
use axum::{
    body::Body,
    http::{Request, StatusCode, header},
};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Client, TestApp};

/// A password that everybody may have.
pub const PASSWORD: &str = "correct horse 1";

/// What a sign-in gave.
pub struct Session {
    pub access: String,
    pub refresh: String,
}

impl TestApp {
    /// Somebody's address.
    pub fn email(&self, actor: &Actor) -> String {
        let (name, _) = self.people.all().into_iter().find(|(_, a)| a.user_id == actor.user_id).unwrap();
        format!("{name}@example.com")
    }

    /// Gives somebody [`PASSWORD`], by its hash of any kind.
    pub async fn give_password(&self, actor: &Actor, hash: &str) {
        const SQL: &str = "UPDATE users SET password_hash = $2 WHERE id = $1";
        let mut tx = self.state.db.system("give a person of a test a password").await.unwrap();
        on!(tx, |c| sqlx::query(SQL).bind(actor.user_id.0).bind(hash).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
    }

    /// Signs somebody in who has no password yet.
    pub async fn sign_in(&self, actor: &Actor) -> Session {
        let hash = self.state.passwords.hash(PASSWORD).await.unwrap();
        self.give_password(actor, &hash).await;
        self.sign_in_as(&self.email(actor), PASSWORD).await
    }

    /// Signs in, which must succeed.
    pub async fn sign_in_as(&self, email: &str, password: &str) -> Session {
        let (status, body) = self.log_in(email, password).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        let text = |field: &str| body[field].as_str().unwrap().to_owned();
        Session { access: text("access_token"), refresh: text("refresh_token") }
    }

    /// Tries to sign in.
    pub async fn log_in(&self, email: &str, password: &str) -> (StatusCode, Value) {
        self.anonymous().post("/auth/login", &json!({ "email": email, "password": password })).await
    }

    /// Tries to sign in from an address; the wait in seconds, when one is demanded.
    pub async fn log_in_from(&self, address: &str, email: &str, password: &str) -> (StatusCode, Option<u64>) {
        let body = json!({ "email": email, "password": password }).to_string();
        let request = Request::post("/api/v1/auth/login").header("x-forwarded-for", address);
        let request = request.header(header::CONTENT_TYPE, "application/json");
        let response = self.anonymous().raw(request.body(Body::from(body)).unwrap()).await;
        let (status, headers) = (response.status(), response.headers().clone());
        let wait = headers.get(header::RETRY_AFTER).map(|v| v.to_str().unwrap().parse().unwrap());
        response.into_body().collect().await.unwrap();
        (status, wait)
    }

    /// POST without a body.
    pub async fn post_empty(&self, path: &str, bearer: &str) -> (StatusCode, Value) {
        self.with_token(bearer).post_text(path, Body::empty()).await
    }

    /// Whether a bearer is let in.
    pub async fn admits(&self, bearer: &str) -> bool {
        let (status, _) = self.with_token(bearer).get("/predictions/annual").await;
        assert!(matches!(status, StatusCode::OK | StatusCode::UNAUTHORIZED), "{status}");
        status == StatusCode::OK
    }

    /// Whether a refresh token still makes access tokens.
    pub async fn refreshes(&self, refresh: &str) -> bool {
        let (status, _) = self.post_empty("/auth/refresh", refresh).await;
        assert!(matches!(status, StatusCode::OK | StatusCode::UNAUTHORIZED), "{status}");
        status == StatusCode::OK
    }

    /// What was done, oldest first, with the address of the account concerned.
    pub async fn audited(&self) -> Vec<(String, Option<String>)> {
        const SQL: &str = "SELECT action, actor_email FROM audit_log ORDER BY at, chain, seq";
        let mut tx = self.state.db.system_read("read a test's audit log").await.unwrap();
        on!(tx, |c| sqlx::query_as(SQL).fetch_all(c).await).unwrap()
    }

    /// How often something was done.
    pub async fn times(&self, action: &str) -> usize {
        self.audited().await.iter().filter(|(a, _)| a == action).count()
    }

    /// Writes something that no operation of these tests does.
    pub async fn set(&self, sql: &'static str, id: Uuid) {
        let mut tx = self.state.db.system("change a test's world").await.unwrap();
        on!(tx, |c| sqlx::query(sql).bind(id).execute(c).await.map(drop)).unwrap();
        tx.commit().await.unwrap();
    }

    /// Puts an address on an organization's list.
    pub async fn let_in(&self, organization: Uuid, email: &str) {
        const SQL: &str = "INSERT INTO organization_member_whitelist (id, organization_id, email, added_at)
                           VALUES ($1, $2, $3, $4)";
        let now = self.state.clock.now();
        let mut tx = self.state.db.system("let somebody of a test in").await.unwrap();
        on!(tx, |c| sqlx::query(SQL)
            .bind(Uuid::now_v7())
            .bind(organization)
            .bind(email)
            .bind(now)
            .execute(c)
            .await
            .map(drop))
        .unwrap();
        tx.commit().await.unwrap();
    }

    /// An API key of somebody's.
    pub async fn api_key(&self, actor: &Actor, permissions: &[&str]) -> String {
        let body = json!({ "name": "a machine", "permissions": permissions });
        let (status, body) = self.client(actor).post("/api-keys", &body).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body["key"].as_str().unwrap().to_owned()
    }
}

/// Reads a token from the newest mail.
pub fn token_of(mails: &[String]) -> String {
    let mail = mails.last().unwrap().replace("=\r\n", "").replace("=3D", "=");
    let (_, rest) = mail.split_once("https://app.example.org/reset-password?token=").unwrap();
    rest.chars().take_while(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')).collect()
}

/// A client that must be refused with a status.
pub async fn refused(client: &Client, path: &str, body: &Value, expected: StatusCode) -> String {
    let (status, answer) = client.post(path, body).await;
    assert_eq!(status, expected, "{answer}");
    answer["detail"].as_str().unwrap_or_default().to_owned()
}
