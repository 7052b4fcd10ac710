//! Servers and workers on a PostgreSQL and a Redis of their own, and people of several tenants in front of them.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use accunode_domain::Kind;
use accunode_testkit::{Portfolio, PrivatePostgres, PrivateRedis};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use reqwest::{Body, Client, StatusCode, multipart};
use serde_json::{Value, json};
use sqlx::{AssertSqlSafe, Connection as _, PgConnection};
use tempfile::TempDir;

use crate::program::{Duty, Program, Surroundings};

const PASSWORD: &str = "a password for drills 1";

/// Somebody who hands in files, the only person of a tenant.
#[derive(Clone, Debug)]
pub(crate) struct Person {
    pub(crate) token: String,
}

/// A file that was handed in.
#[derive(Clone, Debug)]
pub(crate) struct Upload {
    pub(crate) id: String,
    pub(crate) file: Portfolio,
}

/// What a refusal or a failure said.
#[derive(Debug)]
pub(crate) struct Refused {
    /// None when there was no answer.
    pub(crate) status: Option<StatusCode>,
    pub(crate) text: String,
}

/// Everything that a drill needs. Fields are dropped in their order: processes first.
pub(crate) struct Cluster {
    pub(crate) servers: Vec<Program>,
    pub(crate) workers: Vec<Program>,
    pub(crate) people: Vec<Person>,
    pub(crate) at: Surroundings,
    pub(crate) redis: PrivateRedis,
    pub(crate) postgres: PrivatePostgres,
    pub(crate) client: Client,
    /// Processes that were killed and hand-ins without a clear answer: they may have left files.
    pub(crate) crashes: usize,
    _folder: TempDir,
}

impl Cluster {
    /// Starts one with an account in each of `tenants` tenants. None where PostgreSQL or Redis is not installed.
    pub(crate) async fn start(servers: usize, workers: usize, tenants: usize) -> Option<Self> {
        Self::start_in(servers, workers, tenants, async |_| {}).await
    }

    /// The same in changed surroundings.
    pub(crate) async fn start_in(
        servers: usize,
        workers: usize,
        tenants: usize,
        change: impl AsyncFnOnce(&mut Surroundings),
    ) -> Option<Self> {
        let (postgres, redis) = (PrivatePostgres::start()?, PrivateRedis::start()?);
        let folder = tempfile::tempdir().unwrap();
        let mut at = Surroundings {
            database_url: postgres.url(),
            redis_url: redis.url(),
            folder: folder.path().to_owned(),
            rates: "off",
        };
        change(&mut at).await;
        ok(at.command().arg("migrate"));
        let boss = ["admin", "create-user", "--email", "boss@example.org", "--role", "super_admin"];
        ok(at.command().args(boss).env("ACCUNODE_NEW_PASSWORD", PASSWORD));
        accunode_infra::use_ring();
        let client = Client::builder().timeout(Duration::from_secs(40)).build().unwrap();
        let mut cluster = Self {
            servers: (0..servers)
                .map(|n| Program::start(&at, Duty::serve(), &format!("server-{n}")))
                .collect(),
            workers: (0..workers).map(|n| Program::start(&at, Duty::Work, &format!("worker-{n}"))).collect(),
            people: Vec::new(),
            at,
            redis,
            postgres,
            client,
            crashes: 0,
            _folder: folder,
        };
        for server in &mut cluster.servers {
            server.answers().await;
        }
        cluster.run(&tenants_sql(tenants)).await;
        for n in 0..tenants {
            let body = json!({ "email": format!("p{n}@example.org"), "password": PASSWORD });
            let url = format!("{}/auth/login", cluster.servers[0].base());
            let answer =
                cluster.client.post(url).json(&body).send().await.unwrap().error_for_status().unwrap();
            let body: Value = answer.json().await.unwrap();
            cluster.people.push(Person { token: body["access_token"].as_str().unwrap().to_owned() });
        }
        Some(cluster)
    }

    /// Starts a killed server or worker again.
    pub(crate) fn again(&mut self, duty: Duty, n: usize) {
        let (list, name) = match duty {
            Duty::Serve(_) => (&mut self.servers, "server"),
            Duty::Work => (&mut self.workers, "worker"),
        };
        list[n] = Program::start(&self.at, duty, &format!("{name}-{n}"));
    }

    /// Asks a server for a page of a person's; gives the status, the text, and how long it took.
    pub(crate) async fn ask(&self, server: usize, path: &str) -> (StatusCode, String, Duration) {
        let (url, start) = (format!("{}{path}", self.servers[server].base()), Instant::now());
        let answer = self.client.get(url).bearer_auth(&self.people[0].token).send().await.unwrap();
        (answer.status(), answer.text().await.unwrap(), start.elapsed())
    }

    /// A connection of the database's owner.
    pub(crate) async fn sql(&self) -> PgConnection {
        PgConnection::connect(&self.postgres.url()).await.unwrap()
    }

    async fn run(&self, sql: &str) {
        sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut self.sql().await).await.unwrap();
    }

    /// A numbered answer of the database.
    pub(crate) async fn count(&self, sql: &str) -> i64 {
        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut self.sql().await).await.unwrap()
    }

    /// Hands a file in, once.
    pub(crate) async fn submit(
        &self,
        server: usize,
        person: usize,
        file: &Portfolio,
    ) -> Result<Upload, Refused> {
        let request = Handed::new(self, server, person, file);
        request.send(&self.client).await
    }

    /// Hands a file in, again and again under the same key until it is taken.
    pub(crate) async fn hand_in(&mut self, server: usize, person: usize, file: &Portfolio) -> Upload {
        let request = Handed::new(self, server, person, file);
        let (upload, failures) = request.until_taken(&self.client).await;
        self.crashes += failures;
        upload
    }

    /// The ids of processes whose jobs are running.
    pub(crate) async fn busy_workers(&self) -> Vec<u32> {
        let sql = "SELECT DISTINCT w.pid FROM job j JOIN workers w ON w.id = j.worker
                   WHERE j.status = 'running' AND j.kind = 'upload.chunk'";
        let pids: Vec<i64> = sqlx::query_scalar(sql).fetch_all(&mut self.sql().await).await.unwrap();
        pids.into_iter().filter_map(|pid| u32::try_from(pid).ok()).collect()
    }

    /// Waits until a session waits for a lock of the drill's.
    pub(crate) async fn somebody_waits(&self) {
        patiently("somebody waits for the lock", Duration::from_secs(60), async || {
            self.count(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND application_name = 'accunode'",
            )
            .await
                > 0
        })
        .await;
    }

    /// The files of uploads in the store, by their keys.
    pub(crate) fn files(&self) -> Vec<PathBuf> {
        let root = self.at.files();
        let (mut found, mut folders) = (Vec::new(), vec![root.join("uploads")]);
        while let Some(folder) = folders.pop() {
            let Ok(entries) = std::fs::read_dir(&folder) else { continue };
            for path in entries.map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else {
                    found.push(path.strip_prefix(&root).unwrap().to_owned());
                }
            }
        }
        found
    }
}

/// A file on its way in, free of the cluster so that many can be on their way at once.
#[derive(Clone, Debug)]
pub(crate) struct Handed {
    url: String,
    token: String,
    key: String,
    bytes: Vec<u8>,
    name: String,
    file: Portfolio,
}

impl Handed {
    /// By a person to a server; as CSV, or as XLSX where the seed is a multiple of five.
    pub(crate) fn new(cluster: &Cluster, server: usize, person: usize, file: &Portfolio) -> Self {
        let kind = file.kind.as_str();
        let (bytes, ending) =
            if file.seed.is_multiple_of(5) { (xlsx(file), "xlsx") } else { (file.csv(), "csv") };
        Self {
            url: format!("{}/predictions/{kind}/bulk-upload-async", cluster.servers[server].base()),
            token: cluster.people[person].token.clone(),
            key: format!("{kind}-{}-{}", file.prefix, file.seed),
            bytes,
            name: format!("{}.{ending}", file.prefix),
            file: file.clone(),
        }
    }

    /// Sends it once.
    pub(crate) async fn send(&self, client: &Client) -> Result<Upload, Refused> {
        let part = multipart::Part::bytes(self.bytes.clone()).file_name(self.name.clone());
        let request = client.post(&self.url).bearer_auth(&self.token).header("Idempotency-Key", &self.key);
        let silence = |error: reqwest::Error| Refused { status: None, text: error.to_string() };
        let answer =
            request.multipart(multipart::Form::new().part("file", part)).send().await.map_err(silence)?;
        let status = answer.status();
        let text = answer.text().await.map_err(silence)?;
        if !status.is_success() {
            return Err(Refused { status: Some(status), text });
        }
        let body: Value = serde_json::from_str(&text).unwrap();
        Ok(Upload { id: body["job_id"].as_str().unwrap().to_owned(), file: self.file.clone() })
    }

    /// Sends the first half, and then nothing more until the connection ends.
    pub(crate) async fn send_half(&self, client: &Client) -> Result<reqwest::Response, reqwest::Error> {
        let half = Bytes::copy_from_slice(&self.bytes[..self.bytes.len() / 2]);
        let body = stream::once(std::future::ready(Ok::<_, std::io::Error>(half))).chain(stream::pending());
        let part = multipart::Part::stream(Body::wrap_stream(body)).file_name(self.name.clone());
        let request = client.post(&self.url).bearer_auth(&self.token);
        request.multipart(multipart::Form::new().part("file", part)).send().await
    }

    /// Sends it until it is taken; says how many tries ended badly.
    pub(crate) async fn until_taken(&self, client: &Client) -> (Upload, usize) {
        let start = Instant::now();
        for failures in 0.. {
            match self.send(client).await {
                Ok(upload) => return (upload, failures),
                Err(refused) => refused.is_ours(),
            }
            assert!(start.elapsed() < Duration::from_secs(90), "{} is not taken", self.name);
            tokio::time::sleep(Duration::from_millis(300)).await;
        }
        unreachable!()
    }
}

impl Refused {
    /// A failure on our side that says nothing of the inside.
    pub(crate) fn is_ours(&self) {
        let Some(status) = self.status else { return };
        assert!(status.is_server_error(), "{status}: {}", self.text);
        let text = self.text.to_lowercase();
        for inside in
            ["sql", "postgres", "panic", "/tmp", "os error", "relation", "src/", "connection", "pool"]
        {
            assert!(!text.contains(inside), "{status} tells of the inside: {}", self.text);
        }
    }
}

fn xlsx(file: &Portfolio) -> Vec<u8> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.xlsx");
    file.write_xlsx(&path).unwrap();
    std::fs::read(path).unwrap()
}

/// A file of a drill with bad rows of known numbers.
pub(crate) fn file(kind: Kind, rows: u64, prefix: &str, seed: u64) -> Portfolio {
    Portfolio::good(kind, rows).refused(rows / 50, rows / 40).prefix(prefix).seed(seed)
}

/// Asks until the answer is yes.
pub(crate) async fn patiently(what: &str, most: Duration, mut yes: impl AsyncFnMut() -> bool) {
    let start = Instant::now();
    while !yes().await {
        assert!(start.elapsed() < most, "{what}: not within {most:?}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

/// Runs a program that must succeed.
pub(crate) fn ok(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{command:?}: {text}");
    text
}

/// Tenants of one organization of one person each, who have the first administrator's password.
fn tenants_sql(tenants: usize) -> String {
    format!(
        "INSERT INTO tenants (id, name, slug, created_at)
         SELECT gen_random_uuid(), 'Tenant ' || n, 't' || n, now() FROM generate_series(0, {last}) n;
         INSERT INTO organizations (id, tenant_id, name, slug, join_token, created_at)
         SELECT gen_random_uuid(), id, name, slug, slug || '-token', now() FROM tenants;
         INSERT INTO users (id, email, username, password_hash, role, tenant_id, organization_id, created_at)
         SELECT gen_random_uuid(), replace(o.slug, 't', 'p') || '@example.org', o.slug, u.password_hash, 'org_member',
                o.tenant_id, o.id, now()
         FROM organizations o, users u WHERE u.email = 'boss@example.org';",
        last = tenants as i64 - 1
    )
}
