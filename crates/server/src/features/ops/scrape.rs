//! What is asked for at a scrape: the queue, the connections, Redis and the process itself.

use std::{
    sync::LazyLock,
    time::{Duration, Instant},
};

use accunode_db::PoolState;
use accunode_infra::{CACHE_OUTCOMES, ServerMemory};
use accunode_queue::{Lane, Priority};
use accunode_telemetry as telemetry;
use tokio::{sync::Mutex, time::timeout};

use super::{
    service::{COMMIT, VERSION},
    store::{ServerConnections, server_connections},
};
use crate::{
    features::{auth::service::session::REASONS, scaling::measure::Measured},
    http::limits::RateClass,
    state::AppState,
};

/// How long the answers of the database and of Redis are kept.
const FRESH: Duration = Duration::from_secs(5);
/// How long they may take; without them the rest is told.
const PATIENCE: Duration = Duration::from_secs(3);

/// What the database and Redis said, and when they were asked. Held while the text is made: what one scrape takes out
/// another would miss.
static ASKED: LazyLock<Mutex<Option<(Instant, Answers)>>> = LazyLock::new(Mutex::default);

#[derive(Clone)]
struct Answers {
    queue: Option<Queue>,
    server: Option<ServerConnections>,
    /// None without Redis.
    redis: Option<Option<ServerMemory>>,
}

#[derive(Clone)]
struct Queue {
    lanes: Vec<Lane>,
    dead: [(Priority, i64); 3],
    measured: Measured,
}

/// Everything, in Prometheus' text format; of a process that still starts what is known of it.
pub(super) async fn text(state: Option<&AppState>) -> Result<String, impl std::fmt::Display> {
    let mut asked = ASKED.lock().await;
    show_names();
    show_process();
    telemetry::forget_asked();
    if let Some(state) = state {
        let answers = match &*asked {
            Some((when, answers)) if when.elapsed() < FRESH => answers.clone(),
            _ => asked.insert((Instant::now(), ask(state).await)).1.clone(),
        };
        state.db.pool_states().iter().for_each(show_pool);
        show(&answers);
    }
    telemetry::text()
}

async fn ask(state: &AppState) -> Answers {
    let (figures, redis) = tokio::join!(timeout(PATIENCE, figures(state)), state.cache.server_memory());
    let (queue, server) = match figures {
        Ok(Ok((queue, server))) => (Some(queue), server),
        Ok(Err(error)) => {
            tracing::warn!(%error, "the queue cannot be measured");
            (None, None)
        }
        Err(_) => (None, None),
    };
    Answers { queue, server, redis }
}

async fn figures(state: &AppState) -> accunode_db::Result<(Queue, Option<ServerConnections>)> {
    let now = state.clock.now();
    let mut tx = state.vitals().db().system_glance("the queue is everybody's").await?;
    let lanes = accunode_queue::lanes(&mut tx, now).await?;
    let workers = accunode_queue::workers(&mut tx, now).await?;
    let dead = accunode_queue::dead_by_lane(&mut tx).await?;
    let server = server_connections(&mut tx).await?;
    Ok((Queue { measured: Measured::new(&lanes, &workers), lanes, dead }, server))
}

/// Shows what has not happened yet as 0: its first time is a rise then.
fn show_names() {
    telemetry::prepare();
    telemetry::BUILD_INFO.with_label_values(&[VERSION, COMMIT]).set(1);
    telemetry::CPU_CORES.set(telemetry::cores());
    for reason in REASONS {
        telemetry::LOGIN_FAILURES.with_label_values(&[reason]);
    }
    for class in RateClass::ALL {
        telemetry::RATE_LIMITED.with_label_values(&[class.as_str()]);
    }
    for outcome in CACHE_OUTCOMES {
        telemetry::CACHE_REQUESTS.with_label_values(&[outcome]);
    }
    for kind in accunode_domain::Kind::ALL {
        telemetry::SCORED_ROWS.with_label_values(&[kind.as_str()]);
    }
}

fn show_process() {
    let Some(process) = telemetry::Process::now() else { return };
    telemetry::CPU_SECONDS.reset();
    telemetry::CPU_SECONDS.with_label_values(&NO_LABELS).inc_by(process.cpu_seconds);
    telemetry::RESIDENT_MEMORY.with_label_values(&NO_LABELS).set(process.resident_bytes);
    telemetry::OPEN_FDS.with_label_values(&NO_LABELS).set(process.open_files);
    telemetry::START_TIME.with_label_values(&NO_LABELS).set(process.started);
}

const NO_LABELS: [&str; 0] = [];

fn show_pool(pool: &PoolState) {
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    telemetry::DB_CONNECTIONS.with_label_values(&[pool.name, "idle"]).set(number(pool.idle));
    telemetry::DB_CONNECTIONS.with_label_values(&[pool.name, "used"]).set(number(pool.used));
    telemetry::DB_CONNECTIONS_MAX.with_label_values(&[pool.name]).set(pool.most.into());
}

fn show(answers: &Answers) {
    if let Some(queue) = &answers.queue {
        show_queue(queue);
    }
    if let Some(server) = answers.server {
        telemetry::DB_SERVER_CONNECTIONS.with_label_values(&NO_LABELS).set(server.open);
        telemetry::DB_SERVER_CONNECTIONS_MAX.with_label_values(&NO_LABELS).set(server.most);
    }
    if let Some(memory) = answers.redis {
        telemetry::REDIS_UP.with_label_values(&NO_LABELS).set(memory.is_some().into());
        if let Some(memory) = memory {
            telemetry::REDIS_MEMORY.with_label_values(&NO_LABELS).set(memory.used);
            telemetry::REDIS_MEMORY_MAX.with_label_values(&NO_LABELS).set(memory.most);
        }
    }
}

fn show_queue(queue: &Queue) {
    for lane in &queue.lanes {
        let name = lane.priority.as_str();
        telemetry::QUEUE_JOBS.with_label_values(&[name, "ready"]).set(lane.ready);
        telemetry::QUEUE_JOBS.with_label_values(&[name, "running"]).set(lane.running);
        let wait = lane.oldest_wait.unwrap_or_default().as_secs_f64();
        telemetry::QUEUE_OLDEST_WAIT.with_label_values(&[name]).set(wait);
    }
    for (lane, jobs) in &queue.dead {
        telemetry::QUEUE_JOBS.with_label_values(&[lane.as_str(), "dead"]).set(*jobs);
    }
    let measured = &queue.measured;
    telemetry::QUEUE_BACKLOG.with_label_values(&NO_LABELS).set(measured.backlog_per_worker(measured.workers));
    telemetry::QUEUE_ROWS.with_label_values(&NO_LABELS).set(measured.rows_per_second().unwrap_or_default());
    telemetry::WORKERS.with_label_values(&NO_LABELS).set(measured.workers);
}
