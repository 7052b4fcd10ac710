//! What a process answers beside the application: while it starts, and on the port of those who look after it.

use std::{
    sync::{Arc, OnceLock},
    time::Duration,
};

use accunode_telemetry::CONTENT_TYPE;
use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse as _, Response},
    routing::get,
};
use tokio::{net::TcpListener, time::timeout};
use tokio_util::sync::CancellationToken;

use super::{
    api::{self, Sign},
    scrape, vitals,
};
use crate::{http::problem::Detail, state::AppState};

const STARTING: &str = "this process starts: the database is being migrated, or something is loaded";
/// How long who asked while the process started may take to be gone.
const LEAVE: Duration = Duration::from_secs(1);

/// A process, which is there before its application is; clones are the same.
#[derive(Clone, Default)]
pub struct Process(Arc<OnceLock<AppState>>);

impl Process {
    /// Its application has started.
    pub fn has(&self, state: &AppState) {
        // A process has one application.
        let _ = self.0.set(state.clone());
    }
}

/// Answers on the application's port until `started`: live, not ready, and to all else that it has to wait.
///
/// # Errors
/// When the listener fails.
pub async fn serve_start(listener: TcpListener, started: CancellationToken) -> std::io::Result<()> {
    let router = health().fallback(wait).with_state(Process::default());
    let gone = started.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(gone.cancelled_owned());
    let mut serving = std::pin::pin!(serving.into_future());
    tokio::select! {
        outcome = &mut serving => outcome,
        () = started.cancelled() => timeout(LEAVE, serving).await.unwrap_or(Ok(())),
    }
}

/// Answers `/metrics`, `/health/live` and `/health/ready` until `stop`. For those who look after the system: not to be
/// reached by anybody else.
///
/// # Errors
/// When the listener fails.
pub async fn serve_metrics(
    listener: TcpListener,
    process: Process,
    stop: CancellationToken,
) -> std::io::Result<()> {
    let router = health().route("/metrics", get(metrics)).with_state(process);
    axum::serve(listener, router).with_graceful_shutdown(stop.cancelled_owned()).await
}

fn health() -> Router<Process> {
    Router::new().route("/health/live", get(api::live)).route("/health/ready", get(ready))
}

async fn ready(State(process): State<Process>) -> (StatusCode, Json<Sign>) {
    api::readiness(match process.0.get() {
        Some(state) => vitals::ready(state).await,
        None => Err(STARTING),
    })
}

async fn wait() -> Response {
    let body = Json(Detail { detail: STARTING.to_owned() });
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "1")], body).into_response()
}

async fn metrics(State(process): State<Process>) -> Response {
    match scrape::text(process.0.get()).await {
        Ok(text) => ([(header::CONTENT_TYPE, CONTENT_TYPE)], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "the metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}
