//! What the running system says of itself.

use std::{collections::BTreeMap, fs, thread};

use accunode_domain::Kind;

use super::api::{Connection, Health, LoadedModels, Machine, Root, Services, Workers};
use crate::state::AppState;

/// Version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// What this is.
#[must_use]
pub fn root(state: &AppState) -> Root {
    let paths = [("health", "/health"), ("docs", "/docs"), ("openapi", "/openapi.json"), ("api", "/api/v1")];
    Root {
        name: "AccuNode API".to_owned(),
        version: VERSION.to_owned(),
        description: "Corporate default prediction".to_owned(),
        environment: state.config.environment.clone(),
        status: "operational".to_owned(),
        endpoints: paths.map(|(name, path)| (name.to_owned(), path.to_owned())).into(),
        timestamp: state.clock.now(),
    }
}

fn connection(connected: bool) -> Connection {
    let status = if connected { "healthy" } else { "unhealthy" };
    Connection { status: status.to_owned(), connected }
}

async fn database(state: &AppState) -> bool {
    let answer = state.db.ping().await;
    if let Err(error) = &answer {
        tracing::error!(%error, "the database does not answer");
    }
    answer.is_ok()
}

/// How many jobs the workers that were heard of lately run at a time, in all processes.
async fn workers(state: &AppState) -> usize {
    let known = async {
        let mut tx = state.db.system_glance("workers are everybody's").await?;
        accunode_queue::workers(&mut tx, state.clock.now()).await
    };
    // That the database does not answer is told elsewhere.
    let known = known.await.unwrap_or_default();
    known.iter().filter_map(|worker| usize::try_from(worker.concurrency).ok()).sum()
}

/// Whether the parts work. The reasons of failures are in the log alone.
pub async fn health(state: &AppState) -> Health {
    let (database, redis, workers) = tokio::join!(database(state), state.wake.ping(), workers(state));
    let healthy = database && redis != Some(false);
    let redis = redis
        .map_or_else(|| Connection { status: "not_configured".to_owned(), connected: false }, connection);
    let models: BTreeMap<_, _> = Kind::ALL
        .iter()
        .map(|kind| {
            let bundle = state.models.get(*kind);
            (kind.to_string(), format!("{} {}", bundle.name(), bundle.version()))
        })
        .collect();
    Health {
        status: if healthy { "healthy" } else { "degraded" }.to_owned(),
        timestamp: state.clock.now(),
        service: "accunode-api".to_owned(),
        version: VERSION.to_owned(),
        environment: state.config.environment.clone(),
        services: Services {
            database: connection(database),
            redis,
            ml_models: LoadedModels { status: "healthy".to_owned(), loaded: true, models },
            celery: Workers {
                status: if workers > 0 { "healthy" } else { "idle" }.to_owned(),
                available: workers > 0,
                workers,
            },
        },
        system: machine(),
    }
}

/// Read from /proc, so known on Linux alone.
fn machine() -> Machine {
    Machine {
        cpu_usage: cpu_percent(),
        memory_usage: fs::read_to_string("/proc/meminfo").ok().and_then(|text| memory_percent(&text)),
        disk_usage: None,
        note: "disk_usage is not measured here".to_owned(),
    }
}

fn cpu_percent() -> Option<f64> {
    let load: f64 = fs::read_to_string("/proc/loadavg").ok()?.split(' ').next()?.parse().ok()?;
    let cores = thread::available_parallelism().ok()?.get();
    #[allow(clippy::cast_precision_loss)] // a number of cores
    let share = load * 100.0 / cores as f64;
    Some((share * 10.0).round() / 10.0)
}

fn memory_percent(text: &str) -> Option<f64> {
    let field = |name: &str| -> Option<f64> {
        text.lines().find_map(|l| l.strip_prefix(name))?.split_whitespace().next()?.parse().ok()
    };
    let (total, free) = (field("MemTotal:")?, field("MemAvailable:")?);
    (total > 0.0).then(|| ((total - free) * 1_000.0 / total).round() / 10.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_in_percent() {
        let text = "MemTotal:       1000 kB\nMemFree: 10 kB\nMemAvailable:    250 kB\n";
        assert_eq!(memory_percent(text), Some(75.0));
        assert_eq!(memory_percent("nothing"), None);
    }
}
