//! A process of the program and how to talk to it.

use std::{
    io::{BufRead, BufReader},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use reqwest::{Client, StatusCode};
use serde_json::Value;
use tempfile::TempDir;

/// Generous: the machine may be busy.
pub(crate) const SOON: Duration = Duration::from_secs(60);
pub(crate) const EMAIL: &str = "admin@example.org";
pub(crate) const PASSWORD: &str = "correct horse 1";

/// A process, killed when dropped. Its log is kept.
pub(crate) struct Program {
    child: Child,
    log: Arc<Mutex<Vec<String>>>,
    client: Client,
    data: Arc<TempDir>,
}

impl Program {
    pub(crate) fn start(command: &str, url: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), command, url, settings)
    }

    /// Another process on the same files.
    pub(crate) fn beside(&self, command: &str, url: &str, settings: &[(&str, &str)]) -> Self {
        Self::start_in(Arc::clone(&self.data), command, url, settings)
    }

    fn start_in(data: Arc<TempDir>, command: &str, url: &str, settings: &[(&str, &str)]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_accunode"))
            .args([command, "--data-dir"])
            .arg(data.path())
            .env("DATABASE_URL", url)
            .env("SECRET_KEY", "a secret for tests, of 32 bytes or more")
            .env("ACCUNODE_ADMIN_EMAIL", EMAIL)
            .env("ACCUNODE_ADMIN_PASSWORD", PASSWORD)
            .env("ENVIRONMENT", "production")
            .env("PORT", "0")
            .env("METRICS_PORT", "0")
            .env_remove("REDIS_URL")
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let log = Arc::<Mutex<Vec<String>>>::default();
        let kept = Arc::clone(&log);
        std::thread::spawn(move || {
            lines.map_while(Result::ok).for_each(|line| kept.lock().unwrap().push(line));
        });
        accunode_infra::use_ring();
        Self { child, log, client: Client::new(), data }
    }

    /// Every line of the log so far.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// The first event with this message, once it is there.
    pub(crate) async fn says(&self, message: &str) -> Value {
        self.tells(message, |event| event["message"] == message).await
    }

    /// The first such event, once it is there.
    pub(crate) async fn tells(&self, what: &str, such: impl Fn(&Value) -> bool) -> Value {
        let begin = Instant::now();
        loop {
            let log = self.log();
            let mut events = log.iter().map(|line| serde_json::from_str::<Value>(line).unwrap());
            if let Some(event) = events.find(&such) {
                return event;
            }
            assert!(begin.elapsed() < SOON, "never '{what}': {log:?}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn base(&self, message: &str) -> String {
        format!("http://{}", self.says(message).await["address"].as_str().unwrap())
    }

    /// A path of the application, once it is served.
    pub(crate) async fn url(&self, path: &str) -> String {
        self.base("serving").await + path
    }

    /// A path of the port of metrics.
    pub(crate) async fn seen(&self, path: &str) -> String {
        self.base("metrics are served").await + path
    }

    pub(crate) fn client(&self) -> &Client {
        &self.client
    }

    pub(crate) async fn get(&self, url: &str) -> (StatusCode, String) {
        let answer = self.client.get(url).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap())
    }

    /// Asks until the answer has this status.
    pub(crate) async fn until(&self, url: &str, status: StatusCode) -> String {
        let begin = Instant::now();
        loop {
            let (found, body) = self.get(url).await;
            if found == status {
                return body;
            }
            assert!(begin.elapsed() < SOON, "{url} never answers {status}: {found} {body}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) fn terminate(&self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-TERM", &pid]).status().unwrap().success());
    }

    /// How it ended, which it has to soon.
    pub(crate) async fn ends(&mut self) -> ExitStatus {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begin.elapsed() < SOON, "it does not end: {:?}", self.log());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    pub(crate) fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}
