//! The program as it is run: a server on each engine, a file over HTTP, and the same file on the command line.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // tests

use std::{
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use accunode_testkit::{TestDb, block_on, serving};
use reqwest::{Client, multipart};
use serde_json::{Value, json};
use tempfile::TempDir;

const EMAIL: &str = "admin@example.org";
/// As set in the environment, good for one sign-in.
const FIRST_PASSWORD: &str = "correct horse 1";
const PASSWORD: &str = "another horse 2";

struct Server {
    child: Child,
    base: String,
    _data: TempDir,
}

impl Server {
    /// Starts the binary on a free port; the log's first lines tell which.
    fn start(database_url: &str) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_accunode"))
            .args(["serve", "--port", "0", "--data-dir"])
            .arg(data.path())
            .env("DATABASE_URL", database_url)
            .env("SECRET_KEY", "a secret for tests, of 32 bytes or more")
            .env("ACCUNODE_ADMIN_EMAIL", EMAIL)
            .env("ACCUNODE_ADMIN_PASSWORD", FIRST_PASSWORD)
            .env("LOG_LEVEL", "info")
            .env_remove("REDIS_URL")
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let address = serving(&mut child);
        Self { child, base: format!("http://{address}"), _data: data }
    }

    fn pid(&self) -> String {
        self.child.id().to_string()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

async fn log_in(client: &Client, base: &str, password: &str) -> Value {
    let body = json!({ "email": EMAIL, "password": password });
    let answer = client.post(format!("{base}/api/v1/auth/login")).json(&body).send().await.unwrap();
    answer.error_for_status().unwrap().json().await.unwrap()
}

/// Signs in at a new server, whose first administrator has to change the password before anything else.
async fn sign_in(client: &Client, base: &str) -> String {
    let first = log_in(client, base, FIRST_PASSWORD).await;
    assert_eq!(first["must_change_password"], true, "{first}");
    let token = first["access_token"].as_str().unwrap();
    let list =
        client.get(format!("{base}/api/v1/predictions/annual")).bearer_auth(token).send().await.unwrap();
    assert_eq!(list.status(), 403);
    let body = json!({ "current_password": FIRST_PASSWORD, "new_password": PASSWORD });
    let change = client.post(format!("{base}/api/v1/auth/change-password")).bearer_auth(token).json(&body);
    change.send().await.unwrap().error_for_status().unwrap();
    log_in(client, base, PASSWORD).await["access_token"].as_str().unwrap().to_owned()
}

async fn upload(client: &Client, base: &str, token: &str, kind: &str, file: &Path) -> Value {
    let name = file.file_name().unwrap().to_string_lossy().into_owned();
    let part = multipart::Part::bytes(std::fs::read(file).unwrap()).file_name(name);
    let url = format!("{base}/api/v1/predictions/{kind}/bulk-upload-async");
    let request = client.post(url).bearer_auth(token).multipart(multipart::Form::new().part("file", part));
    let accepted: Value = request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap();
    let url = format!("{base}/api/v1/predictions/jobs/{}/status", accepted["job_id"].as_str().unwrap());
    for _ in 0..1_200 {
        let job: Value = client.get(&url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        if matches!(job["job"]["status"].as_str(), Some("completed" | "failed")) {
            return job["job"].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("the job does not end");
}

/// Every stored system row: symbol, year, quarter → probability.
async fn stored(client: &Client, base: &str, token: &str, kind: &str) -> Vec<(String, f64)> {
    let mut rows = Vec::new();
    for page in 1.. {
        let url = format!("{base}/api/v1/predictions/{kind}/system?size=1000&page={page}");
        let body: Value = client.get(url).bearer_auth(token).send().await.unwrap().json().await.unwrap();
        for row in body["predictions"].as_array().unwrap() {
            let text = |field: &str| row[field].as_str().unwrap_or_default().to_owned();
            let key = [text("company_symbol"), text("reporting_year"), text("reporting_quarter")].join(" ");
            let p = row.get("probability").or(row.get("ensemble_probability")).and_then(Value::as_f64);
            rows.push((key, p.unwrap()));
        }
        if rows.len() as u64 >= body["total"].as_u64().unwrap() {
            break;
        }
    }
    rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
    rows
}

/// The same from `accunode score`; the first row of a company's period counts, as it does in the database.
fn scored(kind: &str, file: &Path) -> Vec<(String, f64)> {
    let folder = tempfile::tempdir().unwrap();
    let output = folder.path().join("scored.csv");
    let status = Command::new(env!("CARGO_BIN_EXE_accunode"))
        .args(["score", "--kind", kind, "--input"])
        .arg(file)
        .arg("--output")
        .arg(&output)
        .stderr(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let mut reader = csv::Reader::from_path(output).unwrap();
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|h| h == name);
    let probability = at("probability").or(at("ensemble_probability")).unwrap();
    let (symbol, year, quarter) =
        (at("company_symbol").unwrap(), at("reporting_year").unwrap(), at("reporting_quarter"));
    let mut rows: Vec<(String, f64)> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for record in reader.records() {
        let record = record.unwrap();
        let quarter = quarter.map_or("", |i| &record[i]);
        let key = [record[symbol].to_uppercase(), record[year].to_owned(), quarter.to_owned()].join(" ");
        if let Ok(p) = record[probability].parse()
            && seen.insert(key.clone())
        {
            rows.push((key, p));
        }
    }
    rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
    rows
}

fn sample(kind: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../sample/portfolio_{kind}.csv"))
}

/// The material that may lie beside the project; none, with a word about it, when it does not.
fn shared(path: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared").join(path);
    if !file.exists() {
        eprintln!("skipped: {path} is not on this machine");
        return None;
    }
    Some(file)
}

async fn both_ways_agree(test: TestDb) {
    let server = Server::start(test.url());
    accunode_infra::use_ring();
    let client = Client::new();
    let token = sign_in(&client, &server.base).await;
    let mut files = vec![("annual", sample("annual")), ("quarterly", sample("quarterly"))];
    files.extend(shared("data/portfolio/annual_1.xlsx").map(|f| ("annual", f)));
    let (mut expected, mut successful) = (std::collections::BTreeMap::<_, Vec<_>>::new(), 0);
    for (kind, file) in &files {
        let job = upload(&client, &server.base, &token, kind, file).await;
        assert_eq!(job["status"], "completed", "{job}");
        assert_eq!(job["processed_rows"], job["total_rows"]);
        successful += job["successful_rows"].as_u64().unwrap();
        let rows = expected.entry(*kind).or_default();
        rows.extend(scored(kind, file));
        rows.sort_by(|a, b| a.partial_cmp(b).unwrap());
    }
    let mut total = 0;
    for (kind, rows) in expected {
        let found = stored(&client, &server.base, &token, kind).await;
        total += found.len() as u64;
        assert_eq!(found.len(), rows.len(), "{kind}");
        assert!(found == rows, "{kind}: stored and scored probabilities differ");
    }
    assert_eq!(total, successful, "counters and stored rows differ");
}

#[test]
fn over_http_and_on_the_command_line_probabilities_agree_on_sqlite() {
    block_on(async { both_ways_agree(TestDb::sqlite().await).await });
}

#[test]
fn over_http_and_on_the_command_line_probabilities_agree_on_postgres() {
    block_on(async {
        if let Some(test) = TestDb::postgres().await {
            both_ways_agree(test).await;
        }
    });
}

#[test]
fn the_server_stops_when_asked_to() {
    let test = block_on(TestDb::sqlite());
    let mut server = Server::start(test.url());
    assert!(Command::new("kill").args(["-TERM", &server.pid()]).status().unwrap().success());
    assert!(server.child.wait().unwrap().success());
}

#[test]
fn health_tells_whether_a_server_answers() {
    let health = |port: u16| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_accunode"));
        command.args(["health", "--port"]).arg(port.to_string()).output().unwrap()
    };
    let folder = tempfile::tempdir().unwrap();
    let mut server = Server::start(&format!("sqlite://{}", folder.path().join("health.db").display()));
    let port: u16 = server.base.rsplit(':').next().unwrap().parse().unwrap();
    let answered = health(port);
    assert!(answered.status.success(), "{answered:?}");

    server.child.kill().unwrap();
    server.child.wait().unwrap();
    let silent = health(port);
    assert_eq!(silent.status.code(), Some(1));
    let error = String::from_utf8(silent.stderr).unwrap();
    assert!(error.contains("no server answers at 127.0.0.1"), "{error}");

    // Somebody who answers with something else: no server of ours.
    let other = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = other.local_addr().unwrap().port();
    let answering = std::thread::spawn(move || {
        use std::io::{Read as _, Write as _};
        let mut stream = other.accept().unwrap().0;
        // Unread, the request would have the connection reset, and the answer lost with it.
        let read = stream.read(&mut [0; 1024]).unwrap();
        assert!(read > 0, "the request came");
        stream.write_all(b"HTTP/1.1 503 Service Unavailable\r\n\r\n").unwrap();
    });
    let refused = health(port);
    answering.join().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(String::from_utf8(refused.stderr).unwrap().contains("503"), "status is named");
}

#[test]
fn a_real_database_without_a_secret_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_accunode"))
        .args(["serve", "--data-dir"])
        .arg(folder.path())
        .env("DATABASE_URL", "postgres://nobody:hidden-word@127.0.0.1:1/none")
        .env_remove("SECRET_KEY")
        .output()
        .unwrap();
    let error = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(error.contains("SECRET_KEY is required") && !error.contains("hidden-word"), "{error}");
}

#[test]
fn the_doctor_finds_what_is_wrong_and_tells_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let doctor = |url: &str, more: &[(&str, &str)]| {
        let output = Command::new(env!("CARGO_BIN_EXE_accunode"))
            .args(["doctor", "--data-dir"])
            .arg(folder.path())
            .env("DATABASE_URL", url)
            .env("SECRET_KEY", "a secret for tests, of 32 bytes or more")
            .env_remove("REDIS_URL")
            .envs(more.iter().copied())
            .output()
            .unwrap();
        (output.status.success(), String::from_utf8(output.stdout).unwrap())
    };
    let (well, text) = doctor("", &[]);
    assert!(well && text.contains("accunode-annual") && text.contains("no SMTP_HOST"), "{text}");
    let (well, text) = doctor("postgres://nobody:hidden-word@127.0.0.1:1/none", &[]);
    assert!(!well && text.contains("FAILED  database") && !text.contains("hidden-word"), "{text}");
    assert!(!text.contains("a secret for tests"), "{text}");
    let mail = [
        ("SMTP_HOST", "127.0.0.1"),
        ("SMTP_PORT", "1"),
        ("SMTP_USERNAME", "somebody"),
        ("SMTP_PASSWORD", "hidden-word"),
        ("EMAIL_FROM", "no-reply@example.org"),
        ("EMAIL_TO", "team@example.org"),
    ];
    let (well, text) = doctor("", &mail);
    assert!(!well && text.contains("FAILED  mail") && !text.contains("hidden-word"), "{text}");
    let (well, text) = doctor("", &mail[..5]);
    assert!(!well && text.contains("FAILED  settings: EMAIL_TO is required with SMTP_HOST"), "{text}");
}
