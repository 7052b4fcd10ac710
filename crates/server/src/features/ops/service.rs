//! What the running system says of itself.

use std::collections::BTreeMap;

use accunode_domain::Kind;

use super::{
    api::{Connection, Health, LoadedModels, Machine, Root, Services, Workers},
    vitals::{self, Checks},
};
use crate::state::AppState;

/// Version of the program.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from, where the build was told.
pub const COMMIT: &str = match option_env!("ACCUNODE_COMMIT") {
    Some(commit) => commit,
    None => "unknown",
};

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

/// Whether the parts work, as was found some seconds ago at most. The reasons of failures are in the log alone.
pub async fn health(state: &AppState) -> Health {
    let Checks { database, redis, workers, machine } = vitals::checks(state).await;
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
        system: Machine {
            cpu_usage: machine.cpu,
            memory_usage: machine.memory,
            disk_usage: None,
            note: "disk_usage is not measured here".to_owned(),
        },
    }
}
