//! Operations that tell about the running system.

use std::collections::BTreeMap;

use accunode_db::Timestamp;
use axum::{Json, extract::State, http::StatusCode};
use serde::Serialize;
use utoipa::ToSchema;

use super::{service, vitals};
use crate::{http::auth::Public, state::AppState};

/// Name and version of the service, and where to go on.
#[derive(Debug, Serialize, ToSchema)]
pub struct Root {
    /// `AccuNode API`.
    pub name: String,
    /// Version of the program.
    pub version: String,
    /// One sentence.
    pub description: String,
    /// `development`, `production`, …
    pub environment: String,
    /// Always `operational`.
    pub status: String,
    /// Paths.
    pub endpoints: BTreeMap<String, String>,
    /// Now.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// What this is.
#[utoipa::path(get, path = "/", tag = "ops", responses((status = OK, body = Root)))]
pub async fn root(_: Public, State(state): State<AppState>) -> Json<Root> {
    Json(service::root(&state))
}

/// Whether the parts of the system work.
#[derive(Debug, Serialize, ToSchema)]
pub struct Health {
    /// `healthy` or `degraded`.
    pub status: String,
    /// Now.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// Name of the service.
    pub service: String,
    /// Version of the program.
    pub version: String,
    /// `development`, `production`, …
    pub environment: String,
    /// Part by part.
    pub services: Services,
    /// The machine.
    pub system: Machine,
}

/// Part by part.
#[derive(Debug, Serialize, ToSchema)]
pub struct Services {
    /// The database.
    pub database: Connection,
    /// Redis, where it is used.
    pub redis: Connection,
    /// The models.
    pub ml_models: LoadedModels,
    /// The workers (the name is the one that clients know).
    pub celery: Workers,
}

/// A part that is reached over a connection.
#[derive(Debug, Serialize, ToSchema)]
pub struct Connection {
    /// `healthy`, `unhealthy` or `not_configured`.
    pub status: String,
    /// Whether it answers.
    pub connected: bool,
}

/// The models in use.
#[derive(Debug, Serialize, ToSchema)]
pub struct LoadedModels {
    /// Always `healthy`: the server does not start without them.
    pub status: String,
    /// Always true.
    pub loaded: bool,
    /// Name and version by kind.
    pub models: BTreeMap<String, String>,
}

/// The workers.
#[derive(Debug, Serialize, ToSchema)]
pub struct Workers {
    /// `healthy`, or `idle` when none was heard of lately.
    pub status: String,
    /// Whether anybody works on jobs, in this process or in another.
    pub available: bool,
    /// Jobs that they work on at once, together.
    pub workers: usize,
}

/// The machine, in percent where known.
#[derive(Debug, Serialize, ToSchema)]
pub struct Machine {
    /// Load of the last minute against the number of cores.
    pub cpu_usage: Option<f64>,
    /// Memory in use.
    pub memory_usage: Option<f64>,
    /// Not measured.
    pub disk_usage: Option<f64>,
    /// What is missing here and why.
    pub note: String,
}

/// Whether this process is there, or ready.
#[derive(Debug, Serialize, ToSchema)]
pub struct Sign {
    /// `live`, `ready` or `not_ready`.
    pub status: String,
    /// Why it is not ready, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<String>,
}

/// That this process answers. Nothing is asked and nothing counted.
#[utoipa::path(get, path = "/health/live", tag = "ops", responses((status = OK, body = Sign)))]
pub async fn live() -> Json<Sign> {
    Json(Sign { status: "live".to_owned(), detail: None })
}

/// Whether requests should be sent to this process: not while it starts, before it ends, and without its database.
#[utoipa::path(
    get, path = "/health/ready", tag = "ops",
    responses(
        (status = OK, body = Sign),
        (status = SERVICE_UNAVAILABLE, description = "Not now", body = Sign),
    )
)]
pub async fn ready(State(state): State<AppState>) -> (StatusCode, Json<Sign>) {
    readiness(vitals::ready(&state).await)
}

/// The answer to who asks whether it is ready.
pub(super) fn readiness(outcome: Result<(), &'static str>) -> (StatusCode, Json<Sign>) {
    match outcome {
        Ok(()) => (StatusCode::OK, Json(Sign { status: "ready".to_owned(), detail: None })),
        Err(reason) => {
            let sign = Sign { status: "not_ready".to_owned(), detail: Some(reason.to_owned()) };
            (StatusCode::SERVICE_UNAVAILABLE, Json(sign))
        }
    }
}

/// Whether the parts of the system work, as was found some seconds ago at most. Always 200: `status` tells.
#[utoipa::path(get, path = "/health", tag = "ops", responses((status = OK, body = Health)))]
pub async fn health(_: Public, State(state): State<AppState>) -> Json<Health> {
    Json(service::health(&state).await)
}
