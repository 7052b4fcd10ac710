//! Somebody at a screen: looks, thinks, does the next thing.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use accunode_domain::Kind;
use accunode_testkit::Portfolio;
use hyper::Method;
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng};
use serde_json::{Value, json};
use tokio::{
    sync::watch,
    time::{sleep, timeout},
};

use crate::{
    client::{Answer, Asked, Connection},
    mix::{self, Operation},
    record::Record,
};

const API: &str = "/api/v1";
/// How often a client looks at the status of its upload.
const LOOK: Duration = Duration::from_millis(1_500);
/// How long an upload may take.
const PATIENCE: Duration = Duration::from_secs(120);
/// How many ids of each kind somebody remembers.
const REMEMBERED: usize = 10;
const PARTS: [&str; 8] =
    ["meridian", "software", "c0", "uni", "ail%2012", "oak", "silver%20steel", "harbour"];
const RISKS: [&str; 4] = ["LOW", "MEDIUM", "HIGH", "CRITICAL"];

/// An account.
#[derive(Clone, Debug)]
pub(crate) struct Account {
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) address: String,
}

impl Account {
    pub(crate) fn administers(&self) -> bool {
        matches!(self.role.as_str(), "org_admin" | "tenant_admin" | "super_admin")
    }
}

/// What people have in common.
pub(crate) struct Shared {
    pub(crate) server: Arc<str>,
    pub(crate) password: String,
    /// Tells names of this run from those of others.
    pub(crate) run: String,
    pub(crate) count: AtomicU64,
    pub(crate) record: Mutex<Record>,
    /// The mean time between an answer and the next action; none at the end.
    pub(crate) think: watch::Receiver<Option<Duration>>,
    /// How likely an administrator's next action is one of administration.
    pub(crate) administering: f64,
}

impl Shared {
    pub(crate) fn record(&self) -> MutexGuard<'_, Record> {
        self.record.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn next(&self) -> u64 {
        self.count.fetch_add(1, Ordering::Relaxed)
    }
}

/// Somebody with an account, a connection and a short memory.
pub(crate) struct Person {
    shared: Arc<Shared>,
    account: Account,
    connection: Connection,
    think: watch::Receiver<Option<Duration>>,
    random: StdRng,
    access: Arc<str>,
    companies: VecDeque<String>,
    predictions: VecDeque<String>,
    people: VecDeque<String>,
    organizations: VecDeque<String>,
}

impl Person {
    pub(crate) fn new(shared: Arc<Shared>, account: Account, number: u64) -> Self {
        Self {
            connection: Connection::new(Arc::clone(&shared.server), account.address.clone()),
            think: shared.think.clone(),
            shared,
            account,
            random: StdRng::seed_from_u64(number),
            access: "".into(),
            companies: VecDeque::new(),
            predictions: VecDeque::new(),
            people: VecDeque::new(),
            organizations: VecDeque::new(),
        }
    }

    /// Goes on until the end is told.
    pub(crate) async fn work(mut self) {
        // Nobody comes at the same moment as everybody else.
        let mut share = self.random.random_range(0.0..1.0);
        loop {
            let mean = *self.think.borrow_and_update();
            let Some(mean) = mean else { return };
            let thinking = sleep(mean.mul_f64(share));
            tokio::select! {
                () = thinking => {
                    let administering =
                        if self.account.administers() { self.shared.administering } else { 0.0 };
                    let next = mix::draw(administering, &mut self.random);
                    self.act(next).await;
                    let opened = std::mem::take(&mut self.connection.opened);
                    let mut record = self.shared.record();
                    record.acted();
                    record.connected(opened);
                }
                // Another pace: think again.
                told = self.think.changed() => if told.is_err() { return },
            }
            // Exponential, so that it is as likely to end in each moment.
            share = -(1.0 - self.random.random_range(0.0..1.0_f64)).ln();
        }
    }

    async fn act(&mut self, operation: Operation) {
        // Whoever was not let in last time sees the page to sign in and nothing else.
        let operation = if self.access.is_empty() { Operation::SignIn } else { operation };
        match operation {
            Operation::SignIn | Operation::Renew => {
                self.sign_in().await;
            }
            Operation::Companies => {
                let path = format!("{API}/companies?limit=10&page={}", self.random.random_range(1..=5));
                self.list(operation, path, "items").await;
            }
            Operation::Search => {
                let path = format!("{API}/companies?limit=10&search={}", self.one_of(&PARTS));
                self.list(operation, path, "items").await;
            }
            Operation::Annual => {
                let path =
                    format!("{API}/predictions/annual?size=10&page={}", self.random.random_range(1..=10));
                self.list(operation, path, "predictions").await;
            }
            Operation::Narrowed => {
                let path = format!("{API}/predictions/annual?size=10&risk_level={}", self.one_of(&RISKS));
                self.list(operation, path, "predictions").await;
            }
            Operation::Quarterly => {
                let path =
                    format!("{API}/predictions/quarterly?size=10&page={}", self.random.random_range(1..=5));
                self.list(operation, path, "").await;
            }
            Operation::Company => self.one_company().await,
            Operation::Prediction => self.one_prediction().await,
            Operation::Dashboard => {
                self.ask(operation, Asked::get(format!("{API}/predictions/dashboard"))).await;
            }
            Operation::Score => {
                let body = json!({"kind": "annual", "rows": [self.ratios()]});
                self.ask(operation, Asked::json(Method::POST, format!("{API}/score"), &body)).await;
            }
            Operation::Create => self.create().await,
            Operation::HandIn | Operation::Status => self.upload().await,
            Operation::Users => {
                self.list(operation, format!("{API}/users?limit=50&role=org_member"), "users").await;
            }
            Operation::Organizations => {
                self.list(operation, format!("{API}/organizations?limit=50"), "organizations").await;
            }
            // For tenants' administrators alone; an organization's looks at its people instead.
            Operation::Audit if self.account.role == "org_admin" => {
                self.list(Operation::Users, format!("{API}/users?limit=50&role=org_member"), "users").await;
            }
            Operation::Audit => self.list(operation, format!("{API}/audit?size=50"), "").await,
            Operation::Members => self.members().await,
            Operation::NewUser => self.new_user().await,
            Operation::Rename => self.rename().await,
        }
    }

    /// Sends a request as this person and measures it. None when it failed, which is noted.
    async fn ask(&mut self, operation: Operation, mut asked: Asked) -> Option<Answer> {
        if asked.bearer.is_none() && !self.access.is_empty() {
            asked.bearer = Some(Arc::clone(&self.access));
        }
        let began = Instant::now();
        let outcome = self.connection.ask(asked).await;
        let took = began.elapsed();
        let mut record = self.shared.record();
        match outcome {
            Ok(answer) if answer.status.is_success() => {
                record.answered(operation, took);
                return Some(answer);
            }
            Ok(answer) => record.failed(operation, answer.status.as_u16().to_string()),
            Err(why) => record.failed(operation, why.to_owned()),
        }
        None
    }

    /// Signs in with the password, and renews the access token as a client does before it ends. Whether it went well.
    pub(crate) async fn sign_in(&mut self) -> bool {
        self.access = "".into();
        let body = json!({"email": self.account.email, "password": self.shared.password});
        let login = Asked::json(Method::POST, format!("{API}/auth/login"), &body);
        let Some(answer) = self.ask(Operation::SignIn, login).await else { return false };
        let token = answer.json();
        self.access = text(&token, "access_token").into();
        let mut renew = Asked::json(Method::POST, format!("{API}/auth/refresh"), &json!({}));
        renew.bearer = Some(text(&token, "refresh_token").into());
        let Some(answer) = self.ask(Operation::Renew, renew).await else { return false };
        self.access = text(&answer.json(), "access_token").into();
        true
    }

    /// Reads a list, and remembers some ids of what it shows under `field`.
    async fn list(&mut self, operation: Operation, path: String, field: &str) {
        let Some(answer) = self.ask(operation, Asked::get(path)).await else { return };
        let memory = match field {
            "items" => &mut self.companies,
            "predictions" => &mut self.predictions,
            "users" => &mut self.people,
            "organizations" => &mut self.organizations,
            _ => return,
        };
        // Reading an answer costs the machine that is measured: a full memory is seldom renewed.
        if memory.len() >= REMEMBERED && self.random.random_bool(0.8) {
            return;
        }
        for shown in answer.json()[field].as_array().into_iter().flatten() {
            memory.push_back(text(shown, "id"));
        }
        memory.drain(..memory.len().saturating_sub(REMEMBERED));
    }

    async fn one_company(&mut self) {
        if self.companies.is_empty() {
            self.list(Operation::Companies, format!("{API}/companies?limit=10"), "items").await;
        }
        if let Some(id) = any(&self.companies, &mut self.random) {
            self.ask(Operation::Company, Asked::get(format!("{API}/companies/{id}"))).await;
        }
    }

    async fn one_prediction(&mut self) {
        if self.predictions.is_empty() {
            self.list(Operation::Annual, format!("{API}/predictions/annual?size=10"), "predictions").await;
        }
        if let Some(id) = any(&self.predictions, &mut self.random) {
            self.ask(Operation::Prediction, Asked::get(format!("{API}/predictions/annual/{id}"))).await;
        }
    }

    async fn create(&mut self) {
        let mut body = self.ratios();
        let number = self.shared.next();
        body["company_symbol"] = format!("S{}-{number}", self.shared.run).into();
        body["company_name"] = format!("Single {number}").into();
        body["market_cap"] = 1_200.5.into();
        body["sector"] = "Energy".into();
        body["reporting_year"] = "2024".into();
        self.ask(Operation::Create, Asked::json(Method::POST, format!("{API}/predictions/annual"), &body))
            .await;
    }

    /// Hands in a file of companies that nobody has yet, and follows it until it has ended.
    async fn upload(&mut self) {
        let (kind, path) = if self.random.random_bool(0.7) {
            (Kind::Annual, "annual")
        } else {
            (Kind::Quarterly, "quarterly")
        };
        let (rows, number) = (self.random.random_range(100..=1_000), self.shared.next());
        let mut file = Vec::new();
        // With the row's seven digits a symbol has the twenty characters that it may have.
        let prefix = format!("F{}{number:06X}-", self.shared.run);
        let portfolio = Portfolio::good(kind, rows).prefix(&prefix).seed(number);
        if portfolio.write_csv(&mut file).is_err() {
            return;
        }
        let asked = Asked {
            method: Method::POST,
            path: format!("{API}/predictions/{path}/bulk-upload-async"),
            body: Some(form(&file)),
            bearer: None,
        };
        let began = Instant::now();
        let Some(answer) = self.ask(Operation::HandIn, asked).await else { return };
        let status = format!("{API}/predictions/jobs/{}/status", text(&answer.json(), "job_id"));
        let Ok(ended) = timeout(PATIENCE, self.follow(&status)).await else {
            self.shared.record().failed(Operation::Status, "not ended".to_owned());
            return;
        };
        let (stored, state) = (ended["successful_rows"].as_u64(), text(&ended, "status"));
        let mut record = self.shared.record();
        if state == "completed" && stored == Some(rows) {
            record.ended(rows, began.elapsed());
        } else if !state.is_empty() {
            record.failed(Operation::HandIn, format!("{state} with {stored:?} of {rows} rows"));
        }
    }

    /// The upload when it has ended; null when its status cannot be read, which is noted.
    async fn follow(&mut self, path: &str) -> Value {
        loop {
            sleep(LOOK).await;
            let Some(answer) = self.ask(Operation::Status, Asked::get(path)).await else {
                return Value::Null;
            };
            let mut job = answer.json()["job"].take();
            if matches!(job["status"].as_str(), None | Some("completed" | "failed" | "cancelled")) {
                return job.take();
            }
        }
    }

    async fn members(&mut self) {
        if self.organizations.is_empty() {
            let path = format!("{API}/organizations?limit=50");
            self.list(Operation::Organizations, path, "organizations").await;
        }
        if let Some(id) = any(&self.organizations, &mut self.random) {
            let path = format!("{API}/organizations/{id}/users?limit=50");
            self.list(Operation::Members, path, "").await;
        }
    }

    async fn new_user(&mut self) {
        let number = self.shared.next();
        let body = json!({
            "email": format!("new-{}-{number}@load.example", self.shared.run),
            "password": self.shared.password,
            "full_name": format!("New {number}"),
        });
        self.ask(Operation::NewUser, Asked::json(Method::POST, format!("{API}/users"), &body)).await;
    }

    async fn rename(&mut self) {
        if self.people.is_empty() {
            self.list(Operation::Users, format!("{API}/users?limit=50&role=org_member"), "users").await;
        }
        if let Some(id) = any(&self.people, &mut self.random) {
            let body = json!({"full_name": format!("Renamed {}", self.shared.next())});
            self.ask(Operation::Rename, Asked::json(Method::PUT, format!("{API}/users/{id}"), &body)).await;
        }
    }

    fn ratios(&mut self) -> Value {
        let mut up_to = |most: f64| (self.random.random_range(0.0..most) * 100.0).round() / 100.0;
        json!({
            "long_term_debt_to_total_capital": up_to(100.0),
            "total_debt_to_ebitda": up_to(12.0),
            "net_income_margin": up_to(40.0),
            "ebit_to_interest_expense": up_to(40.0),
            "return_on_assets": up_to(30.0),
        })
    }

    fn one_of(&mut self, list: &[&'static str]) -> &'static str {
        list[self.random.random_range(0..list.len())]
    }
}

/// A file as a form: content type and bytes.
fn form(file: &[u8]) -> (String, Vec<u8>) {
    let mark = "accunode-load-boundary";
    let head = format!(
        "--{mark}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"portfolio.csv\"\r\n\
         Content-Type: text/csv\r\n\r\n"
    );
    let body = [head.as_bytes(), file, format!("\r\n--{mark}--\r\n").as_bytes()].concat();
    (format!("multipart/form-data; boundary={mark}"), body)
}

fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

fn any(ids: &VecDeque<String>, random: &mut StdRng) -> Option<String> {
    (!ids.is_empty()).then(|| ids[random.random_range(0..ids.len())].clone())
}
