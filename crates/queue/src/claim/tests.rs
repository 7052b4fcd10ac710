//! What is claimed is what a simple model claims, and nobody waits for longer than their turn.

use std::{collections::BTreeSet, time::Duration};

use accunode_db::{Db, Timestamp, on};
use accunode_testkit::TestDb;
use proptest::{prelude::*, test_runner::TestRunner};
use uuid::Uuid;

use super::{AGEING, Wanted, claim};
use crate::{Lease, NewJob, Priority, enqueue_all};

const START: Timestamp = Timestamp::from_unix_seconds(1_790_000_000);
const KIND: &str = "known";
const LEASE: Duration = Duration::from_secs(1_000_000);

#[derive(Clone, Debug)]
struct Job {
    id: Uuid,
    kind: &'static str,
    tenant: Option<&'static str>,
    lane: Priority,
    run_at: Timestamp,
    /// Since when it runs.
    running: Option<Timestamp>,
    done: bool,
}

#[derive(Clone, Debug)]
enum Step {
    /// Tenant, lane, whether the kind is known, seconds until it may run: each is enqueued.
    Enqueue(Vec<(usize, usize, bool, i64)>),
    /// At most so many, from which lanes.
    Claim(usize, Vec<Priority>),
    /// One of those that run.
    End(usize),
    Wait(u64),
}

fn step() -> impl Strategy<Value = Step> {
    let job = (0..5_usize, 0..3_usize, prop::bool::weighted(0.9), -400..200_i64);
    let lanes = prop::sample::subsequence(Priority::ALL.to_vec(), 1..=3);
    prop_oneof![
        3 => prop::collection::vec(job, 1..12).prop_map(Step::Enqueue),
        5 => (1..5_usize, prop_oneof![Just(Priority::ALL.to_vec()), lanes])
            .prop_map(|(most, lanes)| Step::Claim(most, lanes)),
        3 => (0..8_usize).prop_map(Step::End),
        1 => (1..400_u64).prop_map(Step::Wait),
    ]
}

const TENANTS: [Option<&str>; 5] = [None, Some("a"), Some("b"), Some("c"), Some("")];

/// What the queue is and has been.
struct Model {
    now: Timestamp,
    jobs: Vec<Job>,
}

impl Model {
    fn key(job: &Job) -> &'static str {
        job.tenant.unwrap_or("")
    }

    fn lane(&self, job: &Job) -> i16 {
        let lifted = i16::from(job.run_at <= self.now - AGEING);
        if job.run_at <= self.now - AGEING * 2 { 0 } else { (job.lane.number() - lifted).max(0) }
    }

    /// One job after the other: the most urgent lane, the fewest running, the longest not served, the oldest.
    fn claim(&mut self, most: usize, lanes: &[Priority]) -> BTreeSet<Uuid> {
        let mut claimed = BTreeSet::new();
        for _ in 0..most {
            let rank = |job: &Job| {
                let same: Vec<_> = self.jobs.iter().filter(|j| Self::key(j) == Self::key(job)).collect();
                let running = same.iter().filter(|j| j.running.is_some() && !j.done).count();
                let served = same.iter().filter_map(|j| j.running).max();
                (self.lane(job), running, served, job.run_at, job.id)
            };
            let waits = |job: &&Job| {
                job.running.is_none()
                    && job.kind == KIND
                    && job.run_at <= self.now
                    && lanes.contains(&job.lane)
            };
            let Some(next) = self.jobs.iter().filter(waits).min_by_key(|job| rank(job)) else { break };
            let id = next.id;
            claimed.insert(id);
            let now = self.now;
            self.jobs.iter_mut().filter(|job| job.id == id).for_each(|job| job.running = Some(now));
        }
        claimed
    }
}

async fn enqueue(db: &Db, model: &mut Model, jobs: &[(usize, usize, bool, i64)]) {
    let mut new = Vec::new();
    for (tenant, lane, known, in_seconds) in jobs {
        let kind = if *known { KIND } else { "unknown" };
        let shift = Duration::from_secs(in_seconds.unsigned_abs());
        let run_at = if *in_seconds < 0 { model.now - shift } else { model.now + shift };
        let (tenant, lane) = (TENANTS[*tenant], Priority::ALL[*lane]);
        let job = NewJob::new(kind, &(), run_at).unwrap().priority(lane);
        let job = match tenant {
            Some(tenant) => job.tenant_key(tenant),
            None => job,
        };
        model.jobs.push(Job { id: job.id, kind, tenant, lane, run_at, running: None, done: false });
        new.push(job);
    }
    let mut tx = db.system("test").await.unwrap();
    enqueue_all(&mut tx, new).await.unwrap();
    tx.commit().await.unwrap();
}

async fn claimed(db: &Db, now: Timestamp, most: usize, lanes: &[Priority]) -> Vec<Lease> {
    let wanted = Wanted { kinds: &[KIND], lanes, worker: "w", lease: LEASE };
    claim(db, &wanted, now, most).await.unwrap()
}

async fn end(db: &Db, lease: &Lease, now: Timestamp) {
    let mut tx = db.system("test").await.unwrap();
    lease.complete(&mut tx, now).await.unwrap();
    tx.commit().await.unwrap();
}

async fn emptied(db: &Db) {
    let mut tx = db.system("test").await.unwrap();
    on!(tx, |c| sqlx::query("DELETE FROM job").execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
}

async fn as_the_model_does(db: &Db, steps: &[Step]) -> Result<(), TestCaseError> {
    emptied(db).await;
    let mut model = Model { now: START, jobs: Vec::new() };
    let mut leases: Vec<Lease> = Vec::new();
    for step in steps {
        model.now = model.now + Duration::from_millis(1);
        match step {
            Step::Enqueue(jobs) => enqueue(db, &mut model, jobs).await,
            Step::Wait(seconds) => model.now = model.now + Duration::from_secs(*seconds),
            Step::Claim(most, lanes) => {
                let new = claimed(db, model.now, *most, lanes).await;
                let ids: BTreeSet<_> = new.iter().map(|lease| lease.id).collect();
                prop_assert_eq!(ids, model.claim(*most, lanes));
                leases.extend(new);
            }
            Step::End(which) if !leases.is_empty() => {
                let lease = leases.remove(which % leases.len());
                end(db, &lease, model.now).await;
                model.jobs.iter_mut().filter(|job| job.id == lease.id).for_each(|job| job.done = true);
            }
            Step::End(_) => {}
        }
    }
    Ok(())
}

/// Tenants with any numbers of jobs in one lane, and runs that end in any order: who waits with nothing running is
/// served before anybody else is served twice.
async fn everybody_has_their_turn(db: &Db, queues: &[usize], ends: &[usize]) -> Result<(), TestCaseError> {
    emptied(db).await;
    let names = ["a", "b", "c", "d", "e"];
    let mut now = START;
    let mut waiting: Vec<usize> = queues.to_vec();
    for (tenant, jobs) in queues.iter().enumerate() {
        let job = |_| NewJob::new(KIND, &(), now).unwrap().tenant_key(names[tenant]);
        let mut tx = db.system("test").await.unwrap();
        enqueue_all(&mut tx, (0..*jobs).map(job).collect()).await.unwrap();
        tx.commit().await.unwrap();
        now = now + Duration::from_millis(1);
    }
    let mut leases: Vec<(usize, Lease)> = Vec::new();
    // For each tenant, whom others were served since it began to wait with nothing running.
    let mut passed: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); queues.len()];
    for end_of in ends {
        now = now + Duration::from_millis(1);
        let Some(lease) = claimed(db, now, 1, &[Priority::Medium]).await.pop() else { break };
        let served = names.iter().position(|name| lease.tenant_key.as_deref() == Some(*name)).unwrap();
        waiting[served] -= 1;
        leases.push((served, lease));
        for tenant in (0..queues.len()).filter(|tenant| *tenant != served) {
            let idle = leases.iter().all(|(of, _)| *of != tenant);
            if waiting[tenant] > 0 && idle {
                prop_assert!(
                    passed[tenant].insert(served),
                    "{served} was served twice while {tenant} waited"
                );
            }
        }
        passed[served].clear();
        // As in life, one run ends for each that begins; now and then none does.
        if *end_of < 8 && leases.len() > 1 || *end_of == 0 {
            let (_, lease) = leases.remove(end_of % leases.len());
            end(db, &lease, now).await;
        }
    }
    Ok(())
}

fn both_laws(postgres: bool) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let test = runtime
        .block_on(async { if postgres { TestDb::postgres().await } else { Some(TestDb::sqlite().await) } });
    let Some(test) = test else { return };
    let config = ProptestConfig { cases: 24, failure_persistence: None, ..Default::default() };
    let steps = prop::collection::vec(step(), 1..30);
    let outcome = TestRunner::new(config.clone())
        .run(&steps, |steps| runtime.block_on(as_the_model_does(test.db(), &steps)));
    outcome.unwrap();
    let cases = (prop::collection::vec(0..12_usize, 2..=5), prop::collection::vec(0..10_usize, 40));
    let outcome = TestRunner::new(config)
        .run(&cases, |(queues, ends)| runtime.block_on(everybody_has_their_turn(test.db(), &queues, &ends)));
    outcome.unwrap();
    runtime.block_on(async { drop(test) });
}

#[test]
fn claims_are_fair_on_sqlite() {
    both_laws(false);
}

#[test]
fn claims_are_fair_on_postgres() {
    both_laws(true);
}
