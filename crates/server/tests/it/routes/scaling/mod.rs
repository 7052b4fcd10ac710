mod access;
mod config;
mod execute;
mod leader;
mod look;

use std::time::Duration;

use accunode_db::{Clock, Timestamp};
use accunode_infra::{LocalCommand, LocalWorkers, Scaler};
use accunode_queue::{NewJob, Priority, enqueue_all};
use accunode_server::state::Parts;
use accunode_testkit::TestDb;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::app::{Client, TestApp};

/// When these tests happen.
const NOW: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);

/// The application at a time that stands still, with a scaler of this machine, and a client of its super_admin.
async fn at_rest(test: TestDb) -> (TestApp, Clock, Client) {
    let clock = Clock::manual(NOW);
    let app = TestApp::changed(test, standing(&clock)).await;
    let admin = app.client(&app.people.super_admin);
    (app, clock, admin)
}

fn standing(clock: &Clock) -> impl FnOnce(&mut Parts) {
    let clock = clock.clone();
    move |parts| {
        parts.clock = clock;
        parts.scaler = Scaler::Local(sleepers());
    }
}

/// Processes in the place of workers.
fn sleepers() -> LocalWorkers {
    let arguments = vec!["-c".into(), "exec sleep 300".into()];
    LocalWorkers::new(LocalCommand { program: "/bin/sh".into(), arguments }).patience(Duration::from_secs(5))
}

/// Jobs that wait; those of a worker's would end at once.
async fn waiting(app: &TestApp, priority: Priority, jobs: usize, run_at: Timestamp) {
    let payload = json!({ "reset_id": Uuid::nil() });
    let job = || NewJob::new("mail.password_reset", &payload, run_at).unwrap().priority(priority);
    let mut tx = app.state.db.system("jobs of a test").await.unwrap();
    enqueue_all(&mut tx, (0..jobs).map(|_| job()).collect()).await.unwrap();
    tx.commit().await.unwrap();
}

async fn history(client: &Client) -> Vec<Value> {
    client.get_ok("/scaling/history").await["data"].as_array().unwrap().clone()
}
