//! Whatever happens between them, of all runs of a job only the latest can write, and only while it holds the job.

use std::{collections::HashMap, time::Duration};

use accunode_db::{Db, Timestamp, on};
use accunode_testkit::TestDb;
use proptest::{prelude::*, test_runner::TestRunner};
use uuid::Uuid;

use super::Lease;
use crate::{
    JobError, NewJob, Priority, cancel,
    claim::{Wanted, claim, take_back},
    enqueue,
    heartbeat::renew,
};

const START: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const LEASE: Duration = Duration::from_secs(15);
const KIND: &str = "known";

#[derive(Clone, Copy, Debug)]
enum Step {
    Claim,
    /// One of the runs so far, by whatever it still believes.
    Fence(usize),
    Complete(usize),
    Release(usize),
    Cancel(usize),
    /// The sign of life of a worker that believes to be running one of them.
    Renew(usize),
    Wait(u64),
    TakeBack,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => Just(Step::Claim),
        4 => (0..20_usize).prop_map(Step::Fence),
        1 => (0..20_usize).prop_map(Step::Complete),
        2 => (0..20_usize).prop_map(Step::Release),
        1 => (0..3_usize).prop_map(Step::Cancel),
        2 => (0..20_usize).prop_map(Step::Renew),
        3 => (1..20_u64).prop_map(Step::Wait),
        2 => Just(Step::TakeBack),
    ]
}

/// What a job is, as the model knows it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum State {
    Ready,
    /// Under which token, and until when.
    Running(i64, Timestamp),
    Ended,
}

struct Model {
    now: Timestamp,
    jobs: HashMap<Uuid, State>,
}

impl Model {
    fn holds(&self, lease: &Lease) -> bool {
        matches!(self.jobs[&lease.id], State::Running(token, _) if token == lease.token)
    }

    fn after(&mut self, lease: &Lease, done: bool, next: State) -> Result<(), TestCaseError> {
        prop_assert_eq!(done, self.holds(lease));
        if done {
            self.jobs.insert(lease.id, next);
        }
        Ok(())
    }
}

async fn only_the_latest_run_writes(db: &Db, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut tx = db.system("test").await.unwrap();
    on!(tx, |c| sqlx::query("DELETE FROM job").execute(c).await.map(drop)).unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        let job = NewJob::new(KIND, &(), START).unwrap().max_attempts(1_000);
        ids.push(enqueue(&mut tx, job).await.unwrap());
    }
    tx.commit().await.unwrap();
    let jobs = ids.iter().map(|id| (*id, State::Ready)).collect();
    let mut model = Model { now: START, jobs };
    let mut runs: Vec<Lease> = Vec::new();
    for step in steps {
        one(db, *step, &ids, &mut model, &mut runs).await?;
    }
    Ok(())
}

async fn one(
    db: &Db,
    step: Step,
    ids: &[Uuid],
    model: &mut Model,
    runs: &mut Vec<Lease>,
) -> Result<(), TestCaseError> {
    let now = model.now;
    let mut tx = db.system("test").await.unwrap();
    let run = |which: usize| runs.get(which % runs.len().max(1)).cloned();
    match step {
        Step::Wait(seconds) => model.now = now + Duration::from_secs(seconds),
        Step::Fence(which) => {
            let Some(run) = run(which) else { return Ok(()) };
            let fenced = match run.fence(&mut tx).await {
                Err(JobError::LeaseLost(_)) => false,
                outcome => outcome.is_ok(),
            };
            prop_assert_eq!(fenced, model.holds(&run));
        }
        Step::Complete(which) => {
            let Some(run) = run(which) else { return Ok(()) };
            let done = run.complete(&mut tx, now).await.is_ok();
            model.after(&run, done, State::Ended)?;
        }
        Step::Release(which) => {
            let Some(run) = run(which) else { return Ok(()) };
            let done = run.ready_again(&mut tx, now, 0, None).await.unwrap();
            model.after(&run, done, State::Ready)?;
        }
        Step::Cancel(which) => {
            let done = cancel(&mut tx, ids[which], now).await.unwrap();
            let state = model.jobs.insert(ids[which], State::Ended);
            prop_assert_eq!(done, state != Some(State::Ended));
        }
        Step::Renew(which) => {
            let Some(run) = run(which) else { return Ok(()) };
            let held = renew(&mut tx, &[(run.id, run.token)], now + LEASE).await.unwrap();
            prop_assert_eq!(held.len(), usize::from(model.holds(&run)));
            if model.holds(&run) {
                model.jobs.insert(run.id, State::Running(run.token, now + LEASE));
            }
        }
        Step::Claim | Step::TakeBack => {}
    }
    tx.commit().await.unwrap();
    match step {
        Step::Claim => {
            let wanted = Wanted { kinds: &[KIND], lanes: &Priority::ALL, worker: "w", lease: LEASE };
            let claimed = claim(db, &wanted, now, 1).await.unwrap();
            let ready = model.jobs.values().any(|state| *state == State::Ready);
            prop_assert_eq!(claimed.len(), usize::from(ready));
            for lease in claimed {
                prop_assert_eq!(model.jobs[&lease.id], State::Ready);
                let before = runs.iter().filter(|run| run.id == lease.id).map(|run| run.token).max();
                prop_assert!(before.is_none_or(|token| token < lease.token), "tokens rise");
                model.jobs.insert(lease.id, State::Running(lease.token, now + LEASE));
                runs.push(lease);
            }
        }
        Step::TakeBack => {
            let expired = |state: &State| matches!(state, State::Running(_, until) if *until <= now);
            let number = model.jobs.values().filter(|state| expired(state)).count();
            prop_assert_eq!(take_back(db, now).await.unwrap().len(), number);
            for state in model.jobs.values_mut().filter(|state| expired(state)) {
                *state = State::Ready;
            }
        }
        _ => {}
    }
    Ok(())
}

fn law(postgres: bool) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let test = runtime
        .block_on(async { if postgres { TestDb::postgres().await } else { Some(TestDb::sqlite().await) } });
    let Some(test) = test else { return };
    let config = ProptestConfig { cases: 32, failure_persistence: None, ..Default::default() };
    let steps = prop::collection::vec(step(), 1..60);
    let outcome = TestRunner::new(config)
        .run(&steps, |steps| runtime.block_on(only_the_latest_run_writes(test.db(), &steps)));
    outcome.unwrap();
    runtime.block_on(async { drop(test) });
}

#[test]
fn only_the_latest_run_writes_on_sqlite() {
    law(false);
}

#[test]
fn only_the_latest_run_writes_on_postgres() {
    law(true);
}
