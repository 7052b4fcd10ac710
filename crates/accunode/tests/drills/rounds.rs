//! Rounds of random faults: two servers and three workers take ten files of ten tenants in each round, while some of
//! them, PostgreSQL or Redis are killed, frozen or restarted at random moments.

use std::time::Duration;

use accunode_domain::Kind;
use accunode_testkit::{Shutdown, block_on};
use rand::{RngExt as _, SeedableRng as _, rngs::StdRng, seq::SliceRandom as _};
use tokio::{task::JoinSet, time::sleep};

use crate::{
    cluster::{Cluster, Handed, Upload, file},
    truth,
};

const SERVERS: usize = 2;
const WORKERS: usize = 3;
const TENANTS: usize = 10;
/// Rounds in the suite; each takes some seconds, and what the last ones left under way is waited for once.
const ROUNDS: u64 = 5;

#[derive(Clone, Copy, Debug)]
enum Fault {
    KillWorker(usize),
    KillServer(usize),
    FreezeWorker(usize, Duration),
    KillRedis,
    RestartPostgres(Shutdown),
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().unwrap_or_else(|_| panic!("{variable} is '{text}'")))
}

/// Draws the next fault from a deck of kinds, which is shuffled anew when it is empty: each kind comes before any comes
/// again.
fn drawn(deck: &mut Vec<u8>, random: &mut StdRng) -> Fault {
    if deck.is_empty() {
        deck.extend(0..9);
        deck.shuffle(random);
    }
    match deck.pop().unwrap() {
        0 | 1 => Fault::KillWorker(random.random_range(0..WORKERS)),
        2 | 3 => Fault::KillServer(random.random_range(0..SERVERS)),
        4 | 5 => {
            // Mostly for a short while, sometimes for longer than a lease.
            let milliseconds = if random.random_bool(0.3) { 18_000 } else { random.random_range(100..3_000) };
            Fault::FreezeWorker(random.random_range(0..WORKERS), Duration::from_millis(milliseconds))
        }
        6 => Fault::KillRedis,
        7 => Fault::RestartPostgres(Shutdown::Fast),
        _ => Fault::RestartPostgres(Shutdown::Immediate),
    }
}

fn milliseconds(random: &mut StdRng, most: u64) -> Duration {
    Duration::from_millis(random.random_range(0..most))
}

#[test]
fn random_faults_lose_nothing() {
    block_on(async {
        let seed = number("ACCUNODE_DRILL_SEED").unwrap_or_else(rand::random);
        let rounds = number("ACCUNODE_DRILL_ROUNDS").unwrap_or(ROUNDS);
        eprintln!("{rounds} rounds: ACCUNODE_DRILL_SEED={seed} repeats them");
        let mut random = StdRng::seed_from_u64(seed);
        let Some(mut cluster) = Cluster::start(SERVERS, WORKERS, TENANTS).await else { return };
        let (mut uploads, mut deck) = (Vec::new(), Vec::new());
        for round in 0..rounds {
            uploads.extend(one_round(&mut cluster, &mut random, &mut deck, round).await);
            // Rounds overlap: what one left under way meets the faults of the next.
            if (round + 1) % ROUNDS == 0 || round + 1 == rounds {
                truth::holds(&mut cluster, &uploads).await;
                eprintln!("round {}: {} uploads are whole", round + 1, uploads.len());
            }
        }
    });
}

/// Ten files, two or three faults; ends when every file is taken and everybody runs again.
async fn one_round(
    cluster: &mut Cluster,
    random: &mut StdRng,
    deck: &mut Vec<u8>,
    round: u64,
) -> Vec<Upload> {
    let mut under_way = JoinSet::new();
    for person in 0..TENANTS {
        let kind = if random.random_bool(0.5) { Kind::Annual } else { Kind::Quarterly };
        let file =
            file(kind, random.random_range(300..9_000), &format!("R{round}P{person}N"), random.random());
        let handed = Handed::new(cluster, random.random_range(0..SERVERS), person, &file);
        let (client, pause) = (cluster.client.clone(), milliseconds(random, 3_000));
        under_way.spawn(async move {
            sleep(pause).await;
            handed.until_taken(&client).await
        });
    }
    for _ in 0..random.random_range(2..4) {
        sleep(milliseconds(random, 1_500)).await;
        let fault = drawn(deck, random);
        eprintln!("round {}: {fault:?}", round + 1);
        strike(cluster, fault, milliseconds(random, 1_500)).await;
    }
    let mut uploads = Vec::new();
    for (upload, failures) in under_way.join_all().await {
        cluster.crashes += failures;
        uploads.push(upload);
    }
    uploads
}

/// Lets a fault happen, and mends it after a while.
async fn strike(cluster: &mut Cluster, fault: Fault, pause: Duration) {
    cluster.crashes += 1;
    match fault {
        Fault::KillWorker(n) => {
            cluster.workers[n].kill();
            sleep(pause).await;
            let duty = cluster.workers[n].duty;
            cluster.again(duty, n);
        }
        Fault::KillServer(n) => {
            cluster.servers[n].kill();
            sleep(pause).await;
            let duty = cluster.servers[n].duty;
            cluster.again(duty, n);
            cluster.servers[n].answers().await;
        }
        Fault::FreezeWorker(n, frozen) => {
            cluster.workers[n].signal("STOP");
            sleep(frozen).await;
            cluster.workers[n].signal("CONT");
        }
        Fault::KillRedis => {
            cluster.redis.stop();
            sleep(pause).await;
            cluster.redis.resume();
        }
        Fault::RestartPostgres(how) => {
            cluster.postgres.stop(how);
            sleep(pause).await;
            cluster.postgres.resume();
        }
    }
}
