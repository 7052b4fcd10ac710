//! The application under test: a fresh database, people in every role, a client for each, and a worker.

use std::{
    path::{Path, PathBuf},
    time::Duration,
};

use accunode_db::{Clock, Db};
use accunode_domain::{Actor, UserId};
use accunode_infra::{Blobs, Cache, Mail, RateLimits, Scaler, Wake};
use accunode_queue::Runner;
use accunode_server::{
    config::{ScalingConfig, ServerConfig},
    features::{
        auth::{passwords::Passwords, tokens::Tokens},
        grades::service::Scales,
        scaling::decision::Thresholds,
        uploads::service::events::Streams,
    },
    http::limits::Limits as RateLimitTable,
    models::Models,
    router::router,
    state::{AppState, Parts},
    workers::{handlers, runner},
};
use accunode_testkit::{People, TestDb};
use axum::{
    Router,
    body::Body,
    http::{Method, Request, Response, StatusCode, header},
};
use http_body_util::BodyExt;
use secrecy::SecretString;
use serde_json::Value;
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;

/// The application with its people.
pub struct TestApp {
    pub state: AppState,
    pub people: People,
    router: Router,
    stop: CancellationToken,
    pub test: TestDb,
    files: TempDir,
}

/// What tests change of the settings.
#[derive(Clone, Copy)]
pub struct Limits {
    pub bytes: u64,
    pub rows: u64,
    pub chunk: usize,
    /// As in `ACCUNODE_RATE_LIMITS`.
    pub rates: &'static str,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes: 10 << 20, rows: 10_000, chunk: 500, rates: "off" }
    }
}

impl TestApp {
    /// The application on a database, with one worker.
    pub async fn new(test: TestDb) -> Self {
        Self::with(test, Limits::default()).await
    }

    /// The application with other limits.
    pub async fn with(test: TestDb, limits: Limits) -> Self {
        let app = Self::without_worker(test, limits).await;
        app.work();
        app
    }

    /// The application without a worker: uploads stay queued.
    pub async fn without_worker(test: TestDb, limits: Limits) -> Self {
        let db = test.db().clone();
        Self::on(test, db, limits, |_| {}).await
    }

    /// The application with the first wall taken away, see [`Db::with_widened_predicates`].
    pub async fn with_widened_predicates(test: TestDb) -> Self {
        let db = test.db().with_widened_predicates();
        Self::on(test, db, Limits::default(), |_| {}).await
    }

    /// The application with other parts, such as a clock that stands still, and without a worker.
    pub async fn changed(test: TestDb, change: impl FnOnce(&mut Parts)) -> Self {
        let db = test.db().clone();
        Self::on(test, db, Limits::default(), change).await
    }

    async fn on(test: TestDb, db: Db, limits: Limits, change: impl FnOnce(&mut Parts)) -> Self {
        let files = tempfile::tempdir().unwrap();
        let mut parts = parts(db, files.path(), limits);
        change(&mut parts);
        let state = AppState::new(parts);
        let people = People::stored(test.db()).await;
        let router = router(&state);
        Self { state, people, router, stop: CancellationToken::new(), test, files }
    }

    /// Another server in front of the same database and files.
    pub fn second_server(&self, change: impl FnOnce(&mut Parts)) -> Router {
        router(&self.second_state(change))
    }

    /// What another server in front of the same database and files is made of.
    pub fn second_state(&self, change: impl FnOnce(&mut Parts)) -> AppState {
        let mut parts = parts(self.state.db.clone(), self.files.path(), Limits::default());
        change(&mut parts);
        AppState::new(parts)
    }

    /// Where files are kept.
    pub fn files(&self) -> &Path {
        self.files.path()
    }

    /// Owners whose totals, as they are kept, are not those of their rows: there must be none, whatever was done.
    pub async fn miscounted(&self) -> Vec<uuid::Uuid> {
        accunode_testkit::miscounted(&mut self.state.db.system_read("totals").await.unwrap()).await
    }

    /// How many files a folder of the store holds; the store removes a folder with its last file.
    pub fn stored(&self, folder: &str) -> usize {
        std::fs::read_dir(self.files().join(folder)).map_or(0, Iterator::count)
    }

    /// Where mails are put.
    pub fn mail_folder(&self) -> PathBuf {
        self.files.path().join("mail")
    }

    /// The mails that were sent, oldest first.
    pub fn mails(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.mail_folder()) else { return Vec::new() };
        let mut paths: Vec<_> = entries.map(|e| e.unwrap().path()).collect();
        paths.retain(|p| p.extension().is_some_and(|e| e == "eml"));
        paths.sort();
        paths.iter().map(|p| std::fs::read_to_string(p).unwrap()).collect()
    }

    /// Starts a worker that ends with the application.
    pub fn work(&self) {
        self.work_until(self.stop.clone());
    }

    /// Starts a worker that stops gracefully when the token is cancelled.
    pub fn work_until(&self, stop: CancellationToken) {
        let runner = runner(&self.state, 2);
        tokio::spawn(runner.run(stop));
    }

    /// Starts a worker that ends with the application and does what waits alone: nothing comes round by itself.
    pub fn work_on_what_waits(&self) {
        let runner = Runner::new(self.state.db.clone(), self.state.wake.clone());
        let runner = runner.clock(self.state.clock.clone()).handlers(handlers(&self.state));
        tokio::spawn(runner.run(self.stop.clone()));
    }

    /// Starts a worker that is killed after a while: nothing is said or written, its leases run out.
    pub fn work_and_die(&self, after: Duration) {
        let task = tokio::spawn(hasty(runner(&self.state, 2)).run(CancellationToken::new()));
        tokio::spawn(async move {
            tokio::time::sleep(after).await;
            task.abort();
        });
    }

    /// Starts a worker that ends with the application and soon takes over what others leave.
    pub fn take_over(&self) {
        tokio::spawn(hasty(runner(&self.state, 2)).run(self.stop.clone()));
    }

    /// A client that nobody has signed in with.
    pub fn anonymous(&self) -> Client {
        Client { router: self.router.clone(), token: None }
    }

    /// A client of this person.
    pub fn client(&self, actor: &Actor) -> Client {
        let token = self.state.tokens.issue(actor.user_id, 0, None, self.state.clock.now()).unwrap();
        Client { router: self.router.clone(), token: Some(token) }
    }

    /// A client with any token.
    pub fn with_token(&self, token: &str) -> Client {
        Client { router: self.router.clone(), token: Some(token.to_owned()) }
    }

    /// A token that its owner was given, whoever that is.
    pub fn token(&self, user: UserId, version: i64) -> String {
        self.state.tokens.issue(user, version, None, self.state.clock.now()).unwrap()
    }
}

/// A worker whose leases are short and that looks for work all the time.
fn hasty(runner: Runner) -> Runner {
    runner.lease(Duration::from_millis(400)).poll_interval(Duration::from_millis(20))
}

/// What an application is made of.
fn parts(db: Db, files: &Path, limits: Limits) -> Parts {
    let secret = SecretString::from("a secret for tests, of 32 bytes or more");
    let config = ServerConfig {
        environment: "test".to_owned(),
        secret_key: secret.clone(),
        previous_secret_key: None,
        access_token_minutes: 60,
        session_days: 30,
        trusted_proxies: 1,
        public_url: "https://app.example.org".to_owned(),
        contact_to: "contact@example.org".to_owned(),
        contact_subject_prefix: "[AccuNode Contact]".to_owned(),
        max_upload_bytes: limits.bytes,
        max_upload_rows: limits.rows,
        cors_origins: vec!["https://app.example.org".to_owned()],
        worker_concurrency: 2,
        chunk_rows: limits.chunk,
        scaling: ScalingConfig { automatic: true, thresholds: Thresholds::default() },
    };
    Parts {
        db,
        blobs: Blobs::local(files).unwrap(),
        wake: Wake::in_process(),
        clock: Clock::system(),
        models: Models::shipped().unwrap(),
        scales: Scales::default(),
        cache: Cache::in_process(),
        tokens: Tokens::new(&secret, None, 60),
        passwords: Passwords::new(2),
        mail: Mail::folder(files.join("mail"), "AccuNode <no-reply@example.org>").unwrap(),
        streams: Streams::default(),
        scaler: Scaler::None,
        limits: RateLimitTable::new(RateLimits::in_process(), limits.rates).unwrap(),
        config,
    }
}

impl Drop for TestApp {
    fn drop(&mut self) {
        self.stop.cancel();
    }
}

/// Sends requests as one person.
pub struct Client {
    router: Router,
    token: Option<String>,
}

impl Client {
    /// A client of any server, with any token.
    pub fn of(router: &Router, token: Option<&str>) -> Self {
        Self { router: router.clone(), token: token.map(str::to_owned) }
    }
}

const BOUNDARY: &str = "boundary-of-a-test-form";

impl Client {
    /// Sends a request to a path below `/api/v1`, or to any path with `full`.
    pub async fn raw(&self, mut request: Request<Body>) -> Response<Body> {
        if let Some(token) = &self.token {
            let value = format!("Bearer {token}").parse().unwrap();
            request.headers_mut().insert(header::AUTHORIZATION, value);
        }
        self.router.clone().oneshot(request).await.unwrap()
    }

    async fn json(&self, request: Request<Body>) -> (StatusCode, Value) {
        let response = self.raw(request).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes);
        (status, serde_json::from_slice(&bytes).unwrap_or_else(|_| panic!("not JSON: {text}")))
    }

    /// GET.
    pub async fn get(&self, path: &str) -> (StatusCode, Value) {
        self.json(Request::get(format!("/api/v1{path}")).body(Body::empty()).unwrap()).await
    }

    /// GET that must succeed.
    pub async fn get_ok(&self, path: &str) -> Value {
        let (status, body) = self.get(path).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }

    /// GET of what is not JSON.
    pub async fn text(&self, path: &str) -> (StatusCode, String) {
        let response = self.raw(Request::get(format!("/api/v1{path}")).body(Body::empty()).unwrap()).await;
        let status = response.status();
        let bytes = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8(bytes.to_vec()).unwrap())
    }

    /// POST of a JSON body.
    pub async fn post(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.post_text(path, body.to_string()).await
    }

    /// PUT of a JSON body.
    pub async fn put(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.with_body(Method::PUT, path, body.to_string()).await
    }

    /// PATCH of a JSON body.
    pub async fn patch(&self, path: &str, body: &Value) -> (StatusCode, Value) {
        self.with_body(Method::PATCH, path, body.to_string()).await
    }

    /// DELETE.
    pub async fn delete(&self, path: &str) -> (StatusCode, Value) {
        self.json(Request::delete(format!("/api/v1{path}")).body(Body::empty()).unwrap()).await
    }

    /// POST of any text as JSON.
    pub async fn post_text(&self, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        self.with_body(Method::POST, path, body).await
    }

    async fn with_body(&self, method: Method, path: &str, body: impl Into<Body>) -> (StatusCode, Value) {
        let request = Request::builder().method(method).uri(format!("/api/v1{path}"));
        let request = request.header(header::CONTENT_TYPE, "application/json").body(body.into()).unwrap();
        self.json(request).await
    }

    /// Hands in a file.
    pub async fn upload(&self, kind: &str, name: &str, content: &[u8]) -> (StatusCode, Value) {
        self.form(kind, "file", name, content).await
    }

    /// Hands in a form with a file in one of its parts.
    pub async fn form(&self, kind: &str, part: &str, name: &str, content: &[u8]) -> (StatusCode, Value) {
        self.post_file(&format!("/predictions/{kind}/bulk-upload-async"), part, name, content).await
    }

    /// Hands in a file under a key, so that doing so twice does nothing twice.
    pub async fn upload_once(&self, kind: &str, key: &str, content: &[u8]) -> (StatusCode, Value) {
        let path = format!("/predictions/{kind}/bulk-upload-async");
        let mut request = Self::file_request(&path, "file", "once.csv", content);
        request.headers_mut().insert("idempotency-key", key.parse().unwrap());
        self.json(request).await
    }

    /// POST of a form with a file in one of its parts.
    pub async fn post_file(&self, path: &str, part: &str, name: &str, content: &[u8]) -> (StatusCode, Value) {
        self.json(Self::file_request(path, part, name, content)).await
    }

    fn file_request(path: &str, part: &str, name: &str, content: &[u8]) -> Request<Body> {
        let head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{part}\"; filename=\"{name}\"\r\n\
             Content-Type: application/octet-stream\r\n\r\n"
        );
        let tail = format!("\r\n--{BOUNDARY}--\r\n");
        let body = [head.as_bytes(), content, tail.as_bytes()].concat();
        let request = Request::post(format!("/api/v1{path}"));
        let request =
            request.header(header::CONTENT_TYPE, format!("multipart/form-data; boundary={BOUNDARY}"));
        request.body(Body::from(body)).unwrap()
    }

    /// Hands in a file and waits for its end.
    pub async fn upload_and_wait(&self, kind: &str, name: &str, content: &[u8]) -> Value {
        let (status, accepted) = self.upload(kind, name, content).await;
        assert_eq!(status, StatusCode::OK, "{accepted}");
        self.wait(accepted["job_id"].as_str().unwrap()).await
    }

    /// Waits for the end of a job.
    pub async fn wait(&self, job: &str) -> Value {
        for _ in 0..1_200 {
            let body = self.get_ok(&format!("/predictions/jobs/{job}/status")).await;
            if matches!(body["job"]["status"].as_str(), Some("completed" | "failed")) {
                return body["job"].clone();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("job {job} does not end");
    }

    /// All results of a job.
    pub async fn results(&self, job: &str) -> Value {
        let include = serde_json::json!({
            "include_predictions": true, "include_companies": true, "include_errors": true
        });
        let (status, body) = self.post(&format!("/predictions/jobs/{job}/results"), &include).await;
        assert_eq!(status, StatusCode::OK, "{body}");
        body
    }
}
