//! A server on a data folder, and what is in it.

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Output, Stdio},
    time::{Duration, Instant},
};

use accunode_db::{Db, Options};
use accunode_domain::Kind;
use accunode_testkit::{Portfolio, miscounted, serving};
use reqwest::{Client, multipart};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;

pub(crate) const EMAIL: &str = "admin@example.org";
pub(crate) const PASSWORD: &str = "a password for backups 1";
pub(crate) const SOON: Duration = Duration::from_secs(120);

/// A command without settings but those that keep it from refusing many requests.
pub(crate) fn accunode(data: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accunode"));
    for name in ["DATABASE_URL", "REDIS_URL", "SECRET_KEY", "ACCUNODE_FILES"] {
        command.env_remove(name);
    }
    command.args(arguments).arg("--data-dir").arg(data).env("ACCUNODE_RATE_LIMITS", "off");
    command
}

pub(crate) fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

/// The exit code of a command and what it says.
pub(crate) fn run(data: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = accunode(data, arguments).env("ACCUNODE_NEW_PASSWORD", PASSWORD).output().unwrap();
    (output.status.code(), text(&output))
}

pub(crate) fn ok(data: &Path, arguments: &[&str]) -> String {
    let (code, text) = run(data, arguments);
    assert_eq!(code, Some(0), "{arguments:?}: {text}");
    text
}

pub(crate) fn backup(data: &Path, to: &Path, more: &[&str]) -> (Option<i32>, String) {
    run(data, &[&["backup", "--to", to.to_str().unwrap()], more].concat())
}

pub(crate) fn restore(data: &Path, from: &Path, more: &[&str]) -> (Option<i32>, String) {
    run(data, &[&["restore", "--from", from.to_str().unwrap()], more].concat())
}

/// A server with a worker on a data folder, killed when dropped.
pub(crate) struct Server {
    pub(crate) child: Child,
    pub(crate) base: String,
    pub(crate) client: Client,
    pub(crate) token: String,
}

impl Server {
    pub(crate) async fn start(data: &Path) -> Self {
        let mut command = accunode(data, &["serve", "--port", "0"]);
        let mut child = command
            .env("ENVIRONMENT", "production")
            .env("LOG_LEVEL", "info")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let address = serving(&mut child);
        accunode_infra::use_ring();
        let (base, client) = (format!("http://{address}/api/v1"), Client::new());
        let body = json!({ "email": EMAIL, "password": PASSWORD });
        let answer = client.post(format!("{base}/auth/login")).json(&body).send().await.unwrap();
        let body: Value = answer.error_for_status().unwrap().json().await.unwrap();
        let token = body["access_token"].as_str().unwrap().to_owned();
        Self { child, base, client, token }
    }

    pub(crate) async fn get(&self, path: &str) -> Value {
        let answer =
            self.client.get(format!("{}{path}", self.base)).bearer_auth(&self.token).send().await.unwrap();
        answer.error_for_status().unwrap().json().await.unwrap()
    }

    /// Hands a file in, and gives the upload's id.
    pub(crate) async fn hand_in(&self, file: &Portfolio) -> String {
        let part = multipart::Part::bytes(file.csv()).file_name(format!("{}.csv", file.prefix));
        let url = format!("{}/predictions/{}/bulk-upload-async", self.base, file.kind.as_str());
        let request = self.client.post(url).bearer_auth(&self.token);
        let answer = request.multipart(multipart::Form::new().part("file", part)).send().await.unwrap();
        let body: Value = answer.error_for_status().unwrap().json().await.unwrap();
        body["job_id"].as_str().unwrap().to_owned()
    }

    pub(crate) async fn ended(&self, upload: &str) {
        let start = Instant::now();
        loop {
            let job = self.get(&format!("/predictions/jobs/{upload}/status")).await;
            match job["job"]["status"].as_str().unwrap() {
                "completed" => return,
                "failed" => panic!("{job}"),
                _ => assert!(start.elapsed() < SOON, "{job}"),
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A folder for everything of a test, with a data folder that has an account.
pub(crate) fn place() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    ok(&data, &["migrate"]);
    ok(&data, &["admin", "create-user", "--email", EMAIL, "--role", "super_admin"]);
    (folder, data)
}

pub(crate) async fn sql(data: &Path) -> SqliteConnection {
    SqliteConnection::connect(&format!("sqlite://{}", data.join("accunode.db").display())).await.unwrap()
}

/// Every prediction of a kind as text, in order: company, period, what was scored.
pub(crate) async fn predictions(data: &Path, table: &str) -> Vec<String> {
    let probability = if table.starts_with("annual") { "probability" } else { "ensemble_probability" };
    let query = format!(
        "SELECT c.symbol || ' ' || p.reporting_year || ' ' || COALESCE(p.reporting_quarter, '') || ' ' ||
                hex(p.id) || ' ' || printf('%.17g', p.{probability}) || ' ' || p.grade
         FROM {table} p JOIN companies c ON c.id = p.company_id ORDER BY 1"
    );
    sqlx::query_scalar(AssertSqlSafe(query)).fetch_all(&mut sql(data).await).await.unwrap()
}

/// What is true of a sound data folder.
pub(crate) async fn is_sound(data: &Path) {
    let audit = ok(data, &["admin", "verify-audit"]);
    assert!(audit.contains("broken: 0"), "{audit}");
    let db = Db::connect(&format!("sqlite://{}", data.join("accunode.db").display()), &Options::default())
        .await
        .unwrap();
    assert!(miscounted(&mut db.system_read("a test's totals").await.unwrap()).await.is_empty());
    db.close().await;
    let keys: Vec<String> =
        sqlx::query_scalar("SELECT file_key FROM bulk_upload_jobs UNION SELECT file_key FROM models")
            .fetch_all(&mut sql(data).await)
            .await
            .unwrap();
    for key in keys {
        assert!(data.join("files").join(&key).exists(), "{key} is missing");
    }
}

pub(crate) fn portfolio(n: u64) -> Portfolio {
    let kind = if n.is_multiple_of(2) { Kind::Annual } else { Kind::Quarterly };
    Portfolio::good(kind, 2_000).refused(20, 30).prefix(&format!("B{n}")).seed(n)
}
