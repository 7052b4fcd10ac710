//! People at screens, for measurements: each with a connection of their own, who look at lists and dashboards, score,
//! hand in files, sign in and administer, and think in between. Prints a line of JSON after each step:
//!
//!     load --server 127.0.0.1:8000 --accounts accounts.tsv --people 500 --warm-up 30 --step 30:600
#![allow(clippy::print_stdout)] // a program

mod client;
mod mix;
mod person;
mod record;

use std::{
    error::Error,
    fs,
    io::Write as _,
    path::PathBuf,
    str::FromStr,
    sync::{Arc, Mutex, atomic::AtomicU64},
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use clap::Parser;
use person::{Account, Person, Shared};
use record::Record;
use tokio::{
    sync::{Semaphore, watch},
    task::JoinSet,
    time::sleep,
};

/// How many sign in at a time before the load begins.
const SIGNING_IN: usize = 8;

/// Drives a server as so many people would.
#[derive(Parser)]
struct Arguments {
    /// Where the server listens.
    #[arg(long)]
    server: String,
    /// E-mail, role and address of each account, with tabs between them, one a line.
    #[arg(long)]
    accounts: PathBuf,
    /// The first so many of them.
    #[arg(long)]
    people: usize,
    /// The password of all.
    #[arg(long, env = "ACCUNODE_NEW_PASSWORD", hide_env_values = true)]
    password: String,
    /// Seconds at the pace of the first step before anything is measured.
    #[arg(long, default_value_t = 30.0)]
    warm_up: f64,
    /// Mean seconds that somebody thinks, and how many seconds that lasts: one step after the other.
    #[arg(long, value_name = "THINK:SECONDS", required = true)]
    step: Vec<Step>,
}

#[derive(Clone, Copy)]
struct Step {
    think: Duration,
    length: Duration,
}

impl FromStr for Step {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let seconds =
            |text: &str| text.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
        let (think, length) = text.split_once(':').ok_or("THINK:SECONDS is expected")?;
        seconds(think)
            .zip(seconds(length))
            .map(|(think, length)| Self { think, length })
            .ok_or_else(|| format!("'{text}' is not THINK:SECONDS"))
    }
}

fn accounts(arguments: &Arguments) -> Result<Vec<Account>, Box<dyn Error>> {
    let text = fs::read_to_string(&arguments.accounts)?;
    let accounts: Vec<_> = text
        .lines()
        .take(arguments.people)
        .filter_map(|line| {
            let mut fields = line.split('\t').map(str::to_owned);
            Some(Account { email: fields.next()?, role: fields.next()?, address: fields.next()? })
        })
        .collect();
    if accounts.len() < arguments.people {
        return Err(format!("there are only {} accounts", accounts.len()).into());
    }
    Ok(accounts)
}

/// Everybody, signed in.
async fn signed_in(shared: &Arc<Shared>, accounts: Vec<Account>) -> Result<Vec<Person>, Box<dyn Error>> {
    let (slots, mut all) = (Arc::new(Semaphore::new(SIGNING_IN)), JoinSet::new());
    for (account, number) in accounts.into_iter().zip(1..) {
        let (slots, mut person) =
            (Arc::clone(&slots), Person::new(Arc::clone(shared), account.clone(), number));
        all.spawn(async move {
            let _held = slots.acquire_owned().await;
            person
                .sign_in()
                .await
                .then_some(person)
                .ok_or_else(|| format!("{} cannot sign in", account.email))
        });
    }
    let people: Result<Vec<_>, String> = all.join_all().await.into_iter().collect();
    Ok(people?)
}

// One thread: what drives the load shares the machine with what is measured.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = Arguments::parse();
    let accounts = accounts(&arguments)?;
    let first = arguments.step.first().ok_or("there is no step")?.think;
    let (pace, think) = watch::channel(Some(first));
    let admins = accounts.iter().filter(|account| account.administers()).count();
    let shared = Arc::new(Shared {
        server: arguments.server.as_str().into(),
        password: arguments.password.clone(),
        run: format!("{:05X}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() % 0xF_FFFF),
        count: AtomicU64::new(0),
        record: Mutex::new(Record::new()),
        think,
        administering: mix::administering(admins, accounts.len()),
    });
    let say = |line: serde_json::Value| {
        println!("{line}");
        std::io::stdout().flush()
    };
    let people = signed_in(&shared, accounts).await?;
    let report = std::mem::replace(&mut *shared.record(), Record::new()).report(people.len(), Duration::ZERO);
    say(serde_json::json!({"signed_in": report["classes"]["authentication"], "seconds": report["seconds"]}))?;

    let (count, mut working) = (people.len(), JoinSet::new());
    for person in people {
        working.spawn(person.work());
    }
    sleep(Duration::from_secs_f64(arguments.warm_up)).await;
    for (number, step) in arguments.step.iter().enumerate() {
        pace.send_if_modified(|now| now.replace(step.think) != Some(step.think));
        say(serde_json::json!({"step": number, "think": step.think.as_secs_f64()}))?;
        *shared.record() = Record::new();
        sleep(step.length).await;
        // Who still waits for an answer at the end counts with the last step.
        if number + 1 == arguments.step.len() {
            shared.record().ends_now();
            pace.send_replace(None);
            while working.join_next().await.transpose()?.is_some() {}
        }
        let record = std::mem::replace(&mut *shared.record(), Record::new());
        say(record.report(count, step.think))?;
    }
    Ok(())
}
