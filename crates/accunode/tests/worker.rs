//! `accunode worker` as it is run: processes of their own on one database.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // tests

use std::{
    io::{BufRead, BufReader, Lines},
    net::TcpListener,
    process::{Child, ChildStderr, Command, ExitStatus, Stdio},
    time::{Duration, Instant},
};

use accunode_db::{Clock, Db, on};
use accunode_queue::{NewJob, Priority, Worker, enqueue, workers};
use accunode_testkit::on_both_engines;
use serde_json::{Value, json};
use tempfile::TempDir;
use uuid::Uuid;

const SOON: Duration = Duration::from_secs(60);

/// A worker process, killed when dropped.
struct Process {
    child: Child,
    log: Option<Lines<BufReader<ChildStderr>>>,
    _data: TempDir,
}

impl Process {
    fn start(url: &str, arguments: &[&str], settings: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_accunode"))
            .args(["worker", "--data-dir"])
            .arg(data.path())
            .args(arguments)
            .env("DATABASE_URL", url)
            .env("SECRET_KEY", "a secret for tests, of 32 bytes or more")
            .env("LOG_LEVEL", "info")
            .env_remove("REDIS_URL")
            .envs(settings.iter().copied())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let log = BufReader::new(child.stderr.take().unwrap()).lines();
        Self { child, log: Some(log), _data: data }
    }

    /// Reads the log up to this message.
    fn says(&mut self, message: &str) -> Value {
        for line in self.log.as_mut().unwrap() {
            let event: Value = serde_json::from_str(&line.unwrap()).unwrap();
            if event["message"] == message {
                return event;
            }
        }
        panic!("it never said '{message}'");
    }

    /// Reads the log no more, but keeps it from filling up.
    fn runs_on(&mut self) {
        let log = self.log.take().unwrap();
        std::thread::spawn(move || log.for_each(drop));
    }

    fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(name).arg(pid).status().unwrap().success());
    }

    fn ended(&mut self) -> ExitStatus {
        self.child.wait().unwrap()
    }

    fn is(&self, worker: &Worker) -> bool {
        worker.pid == i64::from(self.child.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

/// A job that has nothing to do.
async fn idle_job(db: &Db, lane: Priority) -> Uuid {
    let payload = json!({ "reset_id": Uuid::nil() });
    let job = NewJob::new("mail.password_reset", &payload, Clock::system().now()).unwrap();
    let mut tx = db.system("test").await.unwrap();
    let id = enqueue(&mut tx, job.priority(lane)).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// A job that mails a message.
async fn mail_job(db: &Db) -> Uuid {
    const SQL: &str =
        "INSERT INTO contact_messages (id, reference_id, name, email, subject, message, created_at)
                       VALUES ($1, 'REF', 'Amy', 'amy@example.net', 'A question', 'How are you?', $2)";
    let (message, now) = (Uuid::now_v7(), Clock::system().now());
    let mut tx = db.system("test").await.unwrap();
    on!(tx, |c| sqlx::query(SQL).bind(message).bind(now).execute(c).await.map(drop)).unwrap();
    let job = NewJob::new("mail.contact", &json!({ "message_id": message }), now).unwrap();
    let id = enqueue(&mut tx, job).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// Status and attempts.
async fn state(db: &Db, id: Uuid) -> (String, i32) {
    let mut tx = db.system_read("test").await.unwrap();
    on!(tx, |c| sqlx::query_as("SELECT status, attempts FROM job WHERE id = $1").bind(id).fetch_one(c).await)
        .unwrap()
}

async fn until(db: &Db, id: Uuid, status: &str) {
    let begin = Instant::now();
    while state(db, id).await.0 != status {
        assert!(begin.elapsed() < SOON, "never {status}: {:?}", state(db, id).await);
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

async fn known(db: &Db) -> Vec<Worker> {
    let mut tx = db.system_read("test").await.unwrap();
    workers(&mut tx, Clock::system().now()).await.unwrap()
}

/// A mail server that takes connections and never says a word, with the settings that lead to it.
fn silent_mail_server() -> (TcpListener, Vec<(&'static str, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port().to_string();
    let address = || "somebody@example.org".to_owned();
    let settings = vec![
        ("SMTP_HOST", "127.0.0.1".to_owned()),
        ("SMTP_PORT", port),
        ("SMTP_TLS", "false".to_owned()),
        ("EMAIL_FROM", address()),
        ("EMAIL_TO", address()),
    ];
    (listener, settings)
}

on_both_engines! {
    async fn a_worker_works_beside_others_and_leaves_in_order(test: TestDb) {
        let mut process = Process::start(test.url(), &["--concurrency", "3"], &[]);
        let event = process.says("working");
        assert_eq!((&event["concurrency"], &event["queues"]), (&json!(3), &json!("high,medium,low")));
        process.runs_on();
        let id = idle_job(test.db(), Priority::Low).await;
        until(test.db(), id, "done").await;
        let workers = known(test.db()).await;
        assert!(workers.len() == 1 && process.is(&workers[0]) && workers[0].concurrency == 3, "{workers:?}");
        process.signal("-TERM");
        assert!(process.ended().success());
        assert_eq!(known(test.db()).await, []);
    }

    async fn a_worker_takes_from_its_queues_only(test: TestDb) {
        let waits = idle_job(test.db(), Priority::High).await;
        let mut process = Process::start(test.url(), &["--queues", "low_priority,medium"], &[]);
        assert_eq!(process.says("working")["queues"], "medium,low");
        process.runs_on();
        for lane in [Priority::Medium, Priority::Low] {
            let id = idle_job(test.db(), lane).await;
            until(test.db(), id, "done").await;
        }
        assert_eq!(state(test.db(), waits).await.0, "ready");
    }

    async fn what_a_killed_worker_held_is_soon_done_by_another(test: TestDb) {
        let (_server, settings) = silent_mail_server();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut first = Process::start(test.url(), &[], &settings);
        first.runs_on();
        let id = mail_job(test.db()).await;
        until(test.db(), id, "running").await;
        first.child.kill().unwrap();
        first.ended();
        // Without a mail server it puts the mail into a folder.
        let mut second = Process::start(test.url(), &[], &[]);
        second.runs_on();
        until(test.db(), id, "done").await;
        assert_eq!(state(test.db(), id).await.1, 2);
    }

    async fn asked_twice_it_stops_at_once(test: TestDb) {
        let (_server, settings) = silent_mail_server();
        let settings: Vec<_> = settings.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let mut process = Process::start(test.url(), &[], &settings);
        process.says("working");
        let id = mail_job(test.db()).await;
        until(test.db(), id, "running").await;
        process.signal("-TERM");
        process.says("stopping: finishing what is under way");
        process.signal("-INT");
        assert_eq!(process.ended().code(), Some(1));
        assert_eq!(state(test.db(), id).await.0, "running", "nobody gave it back");
    }

    async fn an_outdated_database_is_refused(test: TestDb) {
        let newest = "(SELECT max(version) FROM _sqlx_migrations)";
        test.as_owner(&format!("DELETE FROM _sqlx_migrations WHERE version = {newest}")).await.unwrap();
        let mut process = Process::start(test.url(), &[], &[]);
        assert_eq!(process.ended().code(), Some(1));
        let lines: Vec<String> = process.log.take().unwrap().map(Result::unwrap).collect();
        assert!(lines.iter().any(|line| line.contains("run `accunode migrate`")), "{lines:?}");
    }
}

#[test]
fn queues_that_are_none_are_refused() {
    for (name, value) in [("--queues", "urgent"), ("--queues", "high_priority,"), ("--concurrency", "0")] {
        let output =
            Command::new(env!("CARGO_BIN_EXE_accunode")).args(["worker", name, value]).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && error.contains(name), "{error}");
    }
}
