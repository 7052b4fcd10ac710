//! `accunode serve` with a scaler: worker processes of this machine, and a look-alike of Amazon ECS.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // tests

use std::{
    collections::BTreeSet,
    io::{BufRead, BufReader, Read},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    time::Duration,
};

use accunode_db::{Clock, Db};
use accunode_testkit::on_both_engines;
use axum::{
    Json, Router,
    extract::State,
    http::HeaderMap,
    routing::{get, post},
};
use serde_json::{Value, json};
use tempfile::TempDir;

struct Server {
    child: Child,
    _data: TempDir,
}

impl Server {
    fn start(url: &str, settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_accunode"))
            .args(["serve", "--port", "0", "--no-worker", "--data-dir"])
            .arg(data.path())
            .env("DATABASE_URL", url)
            .env("SECRET_KEY", "a secret for tests, of 32 bytes or more")
            .env("LOG_LEVEL", "info")
            .env_remove("REDIS_URL")
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        // Nobody reads it: a full pipe would stop the server and its workers.
        let log = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || log.lines().for_each(drop));
        Self { child, _data: data }
    }

    fn signal(&self, name: &str) {
        signal(&self.child.id().to_string(), name);
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

fn signal(pid: &str, name: &str) {
    assert!(Command::new("kill").args([name, pid]).status().unwrap().success());
}

/// The processes of the workers that live.
async fn workers(db: &Db) -> BTreeSet<i64> {
    let mut tx = db.system_read("test").await.unwrap();
    let workers = accunode_queue::workers(&mut tx, Clock::system().now()).await.unwrap();
    workers.into_iter().map(|worker| worker.pid).collect()
}

/// Waits until the workers are as they should be, and gives them.
async fn until(db: &Db, what: &str, holds: impl Fn(&BTreeSet<i64>) -> bool) -> BTreeSet<i64> {
    for _ in 0..1_200 {
        let workers = workers(db).await;
        if holds(&workers) {
            return workers;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{what}: never, but {:?}", workers(db).await);
}

const LOCAL: [(&str, &str); 2] = [("ACCUNODE_SCALER", "local"), ("MIN_WORKERS", "2")];

on_both_engines! {
    async fn workers_are_kept_running_and_end_with_their_server(test: TestDb) {
        let mut server = Server::start(test.url(), &LOCAL);
        let first = until(test.db(), "two workers", |workers| workers.len() == 2).await;
        let killed = *first.first().unwrap();
        signal(&killed.to_string(), "-KILL");
        let replaced = |workers: &BTreeSet<i64>| workers.difference(&first).count() == 1;
        until(test.db(), "another in its place", replaced).await;
        server.signal("-TERM");
        assert!(server.child.wait().unwrap().success());
        let left = workers(test.db()).await;
        // The one that was killed could not take its name off the list.
        assert!(left.is_subset(&[killed].into()), "{left:?}");
    }

    async fn workers_do_not_outlive_a_server_that_is_killed(test: TestDb) {
        let mut server = Server::start(test.url(), &LOCAL);
        until(test.db(), "two workers", |workers| workers.len() == 2).await;
        server.child.kill().unwrap();
        server.child.wait().unwrap();
        until(test.db(), "no workers", BTreeSet::is_empty).await;
    }
}

type Calls = Arc<Mutex<Vec<(String, Value)>>>;

/// Answers as ECS does for a service of one task, and takes everything down.
async fn ecs(State(calls): State<Calls>, headers: HeaderMap, body: String) -> Json<Value> {
    let text = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert!(text("authorization").contains("Credential=AKIDFROMCONTAINER/"));
    let call = text("x-amz-target").rsplit('.').next().unwrap().to_owned();
    calls.lock().unwrap().push((call.clone(), serde_json::from_str(&body).unwrap()));
    Json(match call.as_str() {
        "DescribeServices" => json!({ "services": [{ "status": "ACTIVE", "desiredCount": 1 }] }),
        _ => json!({ "service": {} }),
    })
}

/// What a container gets its credentials from.
async fn credentials() -> Json<Value> {
    Json(json!({
        "AccessKeyId": "AKIDFROMCONTAINER", "SecretAccessKey": "the-secret", "Token": "the-session",
        "Expiration": "2099-01-01T00:00:00Z"
    }))
}

on_both_engines! {
    async fn a_service_of_ecs_is_scaled_and_its_metrics_are_written(test: TestDb) {
        let calls = Calls::default();
        let router = Router::new().route("/", post(ecs)).route("/credentials", get(credentials));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router = router.with_state(calls.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        let credentials = format!("{endpoint}/credentials");
        let mut server = Server::start(test.url(), &[
            ("ACCUNODE_SCALER", "ecs"),
            ("AWS_REGION", "eu-west-1"),
            ("ACCUNODE_ECS_CLUSTER", "main"),
            ("ACCUNODE_ECS_SERVICE", "worker"),
            ("AWS_ENDPOINT_URL_ECS", &endpoint),
            ("AWS_CONTAINER_CREDENTIALS_FULL_URI", &credentials),
            ("AWS_EC2_METADATA_DISABLED", "true"),
        ]);
        let wanted = json!({ "cluster": "main", "service": "worker", "desiredCount": 2 });
        let updated = || calls.lock().unwrap().iter().any(|call| *call == ("UpdateService".to_owned(), wanted.clone()));
        for _ in 0..1_200 {
            if updated() { break; }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert!(updated(), "{:?}", calls.lock().unwrap());
        server.signal("-TERM");
        assert!(server.child.wait().unwrap().success());
        let mut output = String::new();
        server.child.stdout.take().unwrap().read_to_string(&mut output).unwrap();
        let line: Value = serde_json::from_str(output.lines().next().unwrap()).unwrap();
        assert_eq!((&line["ServiceName"], &line["BacklogPerWorker"]), (&json!("worker"), &json!(0.0)), "{line}");
        assert_eq!(line["_aws"]["CloudWatchMetrics"][0]["Namespace"], "AccuNode");
        assert!(!output.contains("the-secret"), "{output}");
    }
}
