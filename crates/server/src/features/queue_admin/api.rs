//! Operations on the queue.

use accunode_db::Timestamp;
use accunode_queue::{DeadLetter, Lane, Worker};
use axum::{Json, extract::State};
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;
use uuid::Uuid;

use super::service;
use crate::{
    http::{
        auth::{Can, grant::QueueManage},
        body::{Id, Query},
        paging::LimitOffset,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// What waits, who works, and what died.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueState {
    /// Now.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// The lanes, most urgent first.
    pub lanes: Vec<QueueLane>,
    /// The workers that were heard of within the last half minute, oldest first.
    pub workers: Vec<QueueWorker>,
    /// For how many seconds the longest waiting job of all lanes could have run; null when none waits.
    pub oldest_wait_seconds: Option<f64>,
    /// How many jobs are dead.
    pub dead: i64,
}

/// One lane, of all tenants together.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueLane {
    /// `high_priority`, `medium_priority` or `low_priority`.
    pub name: String,
    /// Jobs that wait; those that wait for another attempt among them.
    pub ready: i64,
    /// Jobs that a worker holds.
    pub running: i64,
    /// For how many seconds the longest waiting one could have run; null when none waits.
    pub oldest_wait_seconds: Option<f64>,
    /// Jobs that ended well within the last five minutes.
    pub done_last_5_minutes: i64,
    /// Rows of portfolio files among them.
    pub rows_last_5_minutes: i64,
    /// How many seconds these jobs ran on average; null when there were none.
    pub average_run_seconds: Option<f64>,
}

impl From<Lane> for QueueLane {
    fn from(lane: Lane) -> Self {
        Self {
            name: format!("{}_priority", lane.priority.as_str()),
            ready: lane.ready,
            running: lane.running,
            oldest_wait_seconds: lane.oldest_wait.map(|wait| wait.as_secs_f64()),
            done_last_5_minutes: lane.done,
            rows_last_5_minutes: lane.rows_done,
            average_run_seconds: lane.average_seconds,
        }
    }
}

/// One worker, as it said of itself last.
#[derive(Debug, Serialize, ToSchema)]
pub struct QueueWorker {
    /// Its name.
    pub id: String,
    /// Its machine.
    pub host: String,
    /// Its process.
    pub pid: i64,
    /// Version of the program.
    pub version: String,
    /// The lanes that it takes.
    pub queues: Vec<String>,
    /// How many jobs it runs at a time at most.
    pub concurrency: i32,
    /// How many it runs.
    pub busy: i32,
    /// Jobs that ended well here.
    pub jobs_done: i64,
    /// Rows of portfolio files that they did.
    pub rows_done: i64,
    /// Whether it takes nothing more, because it is being stopped.
    pub draining: bool,
    /// Since when it works.
    #[schema(value_type = String, format = DateTime)]
    pub started_at: Timestamp,
    /// When it was heard of last.
    #[schema(value_type = String, format = DateTime)]
    pub seen_at: Timestamp,
}

impl From<Worker> for QueueWorker {
    fn from(worker: Worker) -> Self {
        Self {
            id: worker.id,
            host: worker.host,
            pid: worker.pid,
            version: worker.version,
            queues: worker.queues.split(',').map(|lane| format!("{lane}_priority")).collect(),
            concurrency: worker.concurrency,
            busy: worker.busy,
            jobs_done: worker.jobs_done,
            rows_done: worker.rows_done,
            draining: worker.draining,
            started_at: worker.started_at,
            seen_at: worker.seen_at,
        }
    }
}

/// A job that died.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadJob {
    /// Id.
    pub id: Uuid,
    /// What it was to do.
    pub kind: String,
    /// To what: identifiers and numbers only.
    #[schema(value_type = Object)]
    pub payload: Value,
    /// Its lane.
    pub queue: String,
    /// What it belongs to, with other jobs.
    pub group_id: Option<Uuid>,
    /// How often it was tried.
    pub attempts: i32,
    /// Why it died. Of what failed inside, the whole text stands in the log and in table `job`.
    pub reason: Option<String>,
    /// Who tried it last.
    pub worker: Option<String>,
    /// When it was enqueued.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it died.
    #[schema(value_type = String, format = DateTime)]
    pub died_at: Timestamp,
}

impl From<DeadLetter> for DeadJob {
    fn from(letter: DeadLetter) -> Self {
        Self {
            id: letter.id,
            kind: letter.kind,
            payload: service::identifiers(&letter.payload),
            queue: service::lane(letter.priority),
            group_id: letter.group_id,
            attempts: letter.attempts,
            reason: letter.last_error.map(service::reason),
            worker: letter.worker,
            created_at: letter.created_at,
            died_at: letter.finished_at,
        }
    }
}

/// A part of the dead jobs.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadJobs {
    /// The last to die first.
    pub jobs: Vec<DeadJob>,
    /// How many there are.
    pub total: i64,
    /// Jobs on a full page.
    pub limit: i64,
    /// Jobs passed over.
    pub offset: i64,
}

/// That a dead job is tried again, or was forgotten.
#[derive(Debug, Serialize, ToSchema)]
pub struct DeadJobOutcome {
    /// Id.
    pub id: Uuid,
    /// What it is to do.
    pub kind: String,
    /// `ready` or `deleted`.
    pub status: String,
}

/// What waits, who works, and what died.
#[utoipa::path(
    get, path = "/queue", tag = "queue_admin", security(("bearer" = [])),
    responses((status = OK, body = QueueState))
)]
pub async fn state(State(state): State<AppState>, _caller: Can<QueueManage>) -> ApiResult<Json<QueueState>> {
    Ok(Json(service::state(&state).await?))
}

/// The jobs that died, the last to die first.
#[utoipa::path(
    get, path = "/queue/dead", tag = "queue_admin", security(("bearer" = [])), params(LimitOffset),
    responses((status = OK, body = DeadJobs))
)]
pub async fn list_dead(
    State(state): State<AppState>,
    _caller: Can<QueueManage>,
    Query(page): Query<LimitOffset>,
) -> ApiResult<Json<DeadJobs>> {
    Ok(Json(service::dead(&state, page.window()?).await?))
}

/// Has a dead job tried again, with all its attempts. An upload that failed with it goes on.
#[utoipa::path(
    post, path = "/queue/dead/{id}/retry", tag = "queue_admin", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The job")),
    responses(
        (status = OK, body = DeadJobOutcome),
        (status = NOT_FOUND, description = "No such dead job", body = Detail),
    )
)]
pub async fn retry_dead(
    State(state): State<AppState>,
    caller: Can<QueueManage>,
    Id(id): Id<Uuid>,
) -> ApiResult<Json<DeadJobOutcome>> {
    Ok(Json(service::retry(&state, &caller, id).await?))
}

/// Forgets a dead job. What died with it stays as it is.
#[utoipa::path(
    delete, path = "/queue/dead/{id}", tag = "queue_admin", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The job")),
    responses(
        (status = OK, body = DeadJobOutcome),
        (status = NOT_FOUND, description = "No such dead job", body = Detail),
    )
)]
pub async fn delete_dead(
    State(state): State<AppState>,
    caller: Can<QueueManage>,
    Id(id): Id<Uuid>,
) -> ApiResult<Json<DeadJobOutcome>> {
    Ok(Json(service::delete(&state, &caller, id).await?))
}
