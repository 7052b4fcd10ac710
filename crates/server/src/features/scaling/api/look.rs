//! What is going on, what should be done, and what was done.

use std::collections::BTreeMap;

use accunode_db::Timestamp;
use accunode_domain::Error;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    super::service, Recommendation, ScalingConfig, ScalingEvent, ScalingQueueFigures, ScalingQueueState,
    ScalingWorkers, figures, states,
};
use crate::{
    http::{
        auth::{Can, grant::ScalingManage},
        body::{Query, chosen},
        problem::ApiResult,
    },
    state::AppState,
};

/// The state of scaling.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingStatus {
    /// Always true.
    pub success: bool,
    /// The state.
    pub data: ScalingState,
}

/// The state of scaling.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingState {
    /// When it was looked.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// The queues by their names.
    pub queue_metrics: BTreeMap<String, ScalingQueueState>,
    /// What should be done.
    pub scaling_recommendation: Recommendation,
    /// The settings.
    pub configuration: ScalingConfig,
    /// What was done last: `scale_up` or `scale_down`.
    pub last_scale_action: Option<String>,
    /// When that was.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_scale_time: Option<Timestamp>,
    /// Who changes the number of workers: `none` (what should be done is only recommended), `local` or `ecs`.
    pub scaler: String,
    /// Whether the recommendation is carried out each minute without anybody asking.
    pub automatic: bool,
    /// Whether a server looks after it.
    pub led: bool,
}

/// The state of scaling: queues, what should be done, settings, and what was done last.
#[utoipa::path(
    get, path = "/scaling/status", tag = "scaling", security(("bearer" = [])),
    responses((status = OK, body = ScalingStatus))
)]
pub async fn status(
    State(state): State<AppState>,
    caller: Can<ScalingManage>,
) -> ApiResult<Json<ScalingStatus>> {
    let picture = service::picture(&state, &caller).await?;
    let last = picture.last();
    let data = ScalingState {
        timestamp: picture.at,
        queue_metrics: states(&picture.measured),
        scaling_recommendation: Recommendation::from(&picture.decision()),
        configuration: ScalingConfig::new(&picture.thresholds, picture.row.version),
        last_scale_action: last.map(|(action, _)| action.to_owned()),
        last_scale_time: last.map(|(_, at)| at),
        scaler: state.scaler.name().to_owned(),
        automatic: service::acts_by_itself(&state),
        led: picture.row.is_led(picture.at),
    };
    Ok(Json(ScalingStatus { success: true, data }))
}

/// What is measured.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingMetrics {
    /// Always true.
    pub success: bool,
    /// The queues by their names.
    pub data: BTreeMap<String, ScalingQueueFigures>,
    /// The processes that work.
    pub workers: ScalingWorkers,
    /// Waiting jobs for each live worker; without one, what would wait for the first. A job is a chunk of a file or one
    /// small task.
    pub backlog_per_worker: f64,
    /// When it was measured.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// What is measured of queues and workers. Nothing is estimated: what nobody measured is null.
#[utoipa::path(
    get, path = "/scaling/metrics", tag = "scaling", security(("bearer" = [])),
    responses((status = OK, body = ScalingMetrics))
)]
pub async fn metrics(
    State(state): State<AppState>,
    caller: Can<ScalingManage>,
) -> ApiResult<Json<ScalingMetrics>> {
    let (timestamp, measured) = service::metrics(&state, &caller).await?;
    Ok(Json(ScalingMetrics {
        success: true,
        data: figures(&measured, timestamp),
        workers: ScalingWorkers {
            live: measured.workers,
            draining: measured.draining,
            slots: measured.slots,
            busy: measured.busy,
            busy_share: measured.busy_share(),
        },
        backlog_per_worker: measured.backlog_per_worker(measured.workers),
        timestamp,
    }))
}

/// What should be done.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingRecommendation {
    /// Always true.
    pub success: bool,
    /// The recommendation.
    pub data: RecommendationFigures,
}

/// A recommendation with what it costs.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecommendationFigures {
    /// The recommendation.
    #[serde(flatten)]
    pub recommendation: Recommendation,
    /// `high`, `medium`, `savings` or `none`.
    pub cost_impact: String,
    /// When it was given.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

/// What should be done about the number of workers.
#[utoipa::path(
    get, path = "/scaling/recommendation", tag = "scaling", security(("bearer" = [])),
    responses((status = OK, body = ScalingRecommendation))
)]
pub async fn recommendation(
    State(state): State<AppState>,
    caller: Can<ScalingManage>,
) -> ApiResult<Json<ScalingRecommendation>> {
    let picture = service::picture(&state, &caller).await?;
    let decision = picture.decision();
    let data = RecommendationFigures {
        recommendation: Recommendation::from(&decision),
        cost_impact: decision.cost_impact.to_owned(),
        timestamp: picture.at,
    };
    Ok(Json(ScalingRecommendation { success: true, data }))
}

/// The settings.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingSettings {
    /// Always true.
    pub success: bool,
    /// The settings.
    pub data: ScalingConfig,
}

/// The settings that count on every server.
#[utoipa::path(
    get, path = "/scaling/config", tag = "scaling", security(("bearer" = [])),
    responses((status = OK, body = ScalingSettings))
)]
pub async fn config(
    State(state): State<AppState>,
    caller: Can<ScalingManage>,
) -> ApiResult<Json<ScalingSettings>> {
    let (thresholds, version) = service::config(&state, &caller).await?;
    Ok(Json(ScalingSettings { success: true, data: ScalingConfig::new(&thresholds, version) }))
}

/// How much of the history.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct HistoryParams {
    /// How many entries at most, 1 to 1,000; 50 by default.
    #[serde(default, deserialize_with = "chosen")]
    #[param(minimum = 1, maximum = 1_000, default = 50)]
    pub limit: Option<i64>,
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingHistory {
    /// Always true.
    pub success: bool,
    /// Newest first.
    pub data: Vec<ScalingEvent>,
    /// How many there are here.
    pub count: usize,
}

/// What was done about the number of workers, newest first. The last 1,000 entries are kept.
#[utoipa::path(
    get, path = "/scaling/history", tag = "scaling", params(HistoryParams), security(("bearer" = [])),
    responses((status = OK, body = ScalingHistory))
)]
pub async fn history(
    State(state): State<AppState>,
    caller: Can<ScalingManage>,
    Query(params): Query<HistoryParams>,
) -> ApiResult<Json<ScalingHistory>> {
    let limit = params.limit.unwrap_or(50);
    if !(1..=1_000).contains(&limit) {
        return Err(Error::field("limit", "Invalid limit: a whole number from 1 to 1000 is expected").into());
    }
    let data: Vec<_> =
        service::history(&state, &caller, limit).await?.into_iter().map(ScalingEvent::from).collect();
    Ok(Json(ScalingHistory { success: true, count: data.len(), data }))
}
