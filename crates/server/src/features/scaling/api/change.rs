//! Changing the number of workers, the settings and the history.

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    super::{
        decision::{MOST_WORKERS, Thresholds},
        service::{self, Changes},
    },
    Execution, ScalingConfig,
};
use crate::{
    http::{
        auth::{Can, grant::ScalingManage},
        body::{Fields, plain},
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// Do what is recommended. Without a scaler nothing is done, and the answer says so.
#[utoipa::path(
    post, path = "/scaling/execute", tag = "scaling", security(("bearer" = [])),
    responses(
        (status = OK, body = Execution),
        (status = CONFLICT, description = "It was changed at the same moment", body = Detail),
    )
)]
pub async fn execute(
    State(state): State<AppState>,
    caller: Can<ScalingManage>,
) -> ApiResult<Json<Execution>> {
    let outcome = service::execute(&state, &caller).await?;
    Ok(Json(Execution::new(outcome, state.scaler.name())))
}

/// A number of workers to come.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ManualScaling {
    /// How many there should be, within the bounds of the settings.
    #[schema(minimum = 0, maximum = 1_000)]
    pub target_workers: i64,
    /// Why.
    #[schema(max_length = 500, default = "Manual scaling request")]
    pub reason: Option<String>,
}

/// Have so many workers, whatever is recommended and however short ago the last change was.
#[utoipa::path(
    post, path = "/scaling/manual", tag = "scaling", security(("bearer" = [])), request_body = ManualScaling,
    responses(
        (status = OK, body = Execution),
        (status = BAD_REQUEST, description = "Outside of the bounds", body = Detail),
        (status = CONFLICT, description = "It was changed at the same moment", body = Detail),
    )
)]
pub async fn manual(
    State(state): State<AppState>,
    caller: Can<ScalingManage>,
    mut fields: Fields,
) -> ApiResult<Json<Execution>> {
    let target = fields.integer("target_workers", 0..=MOST_WORKERS);
    let reason = fields.optional_text("reason", 500, plain).filter(|reason| !reason.is_empty());
    let reason = reason.unwrap_or_else(|| "Manual scaling request".to_owned());
    let (target, reason) = fields.finish((target, reason))?;
    let outcome = service::manual(&state, &caller, target, reason).await?;
    Ok(Json(Execution::new(outcome, state.scaler.name())))
}

/// Settings to be changed; what is left out stays as it is.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ScalingConfigChange {
    /// There are never fewer workers.
    #[schema(minimum = 1, maximum = 1_000)]
    pub min_workers: Option<i64>,
    /// There are never more; at least the least.
    #[schema(minimum = 1, maximum = 1_000)]
    pub max_workers: Option<i64>,
    /// From so many waiting jobs on workers may be added.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub scale_up_threshold: Option<i64>,
    /// Down from so many waiting jobs a worker is taken away; less than the threshold for adding.
    #[schema(minimum = 0, maximum = 1_000_000)]
    pub scale_down_threshold: Option<i64>,
    /// Seconds without a change after workers were added.
    #[schema(minimum = 0, maximum = 86_400)]
    pub scale_up_cooldown: Option<i64>,
    /// Seconds without a change after a worker was taken away.
    #[schema(minimum = 0, maximum = 86_400)]
    pub scale_down_cooldown: Option<i64>,
    /// So many waiting jobs are an emergency; at least the threshold for adding.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub emergency_threshold: Option<i64>,
    /// The version that the change was made from: refused (409) when it is no longer the last.
    #[schema(minimum = 0)]
    pub expected_version: Option<i64>,
}

/// The settings as they are now.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingConfigChanged {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// The settings.
    pub data: ScalingConfig,
}

/// Change the settings, for every server at once.
#[utoipa::path(
    put, path = "/scaling/config", tag = "scaling", security(("bearer" = [])),
    request_body = ScalingConfigChange,
    responses(
        (status = OK, body = ScalingConfigChanged),
        (status = BAD_REQUEST, description = "The settings could not stand together", body = Detail),
        (status = CONFLICT, description = "Somebody else has changed them", body = Detail),
    )
)]
pub async fn set_config(
    State(state): State<AppState>,
    caller: Can<ScalingManage>,
    mut fields: Fields,
) -> ApiResult<Json<ScalingConfigChanged>> {
    let changes = changes(&mut fields);
    let changes = fields.finish(changes)?;
    let (thresholds, version) = service::set_config(&state, &caller, changes).await?;
    Ok(Json(ScalingConfigChanged {
        success: true,
        message: "The scaling settings were changed".to_owned(),
        data: ScalingConfig::new(&thresholds, version),
    }))
}

/// The changes that a request asks for, each within its own bounds.
fn changes(fields: &mut Fields) -> Changes {
    let read =
        |(name, (least, most), _): (&str, (i64, i64), i64)| fields.optional_integer(name, least..=most);
    let [
        min_workers,
        max_workers,
        scale_up_threshold,
        scale_down_threshold,
        scale_up_cooldown,
        scale_down_cooldown,
        emergency_threshold,
    ] = Thresholds::default().named().map(read);
    Changes {
        min_workers,
        max_workers,
        scale_up_threshold,
        scale_down_threshold,
        scale_up_cooldown,
        scale_down_cooldown,
        emergency_threshold,
        expected_version: fields.optional_integer("expected_version", 0..=i64::from(i32::MAX)),
    }
}

/// What was removed.
#[derive(Debug, Serialize, ToSchema)]
pub struct HistoryCleared {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
}

/// Empty the history. Cool-downs go on: they do not depend on it.
#[utoipa::path(
    delete, path = "/scaling/history", tag = "scaling", security(("bearer" = [])),
    responses((status = OK, body = HistoryCleared))
)]
pub async fn clear_history(
    State(state): State<AppState>,
    caller: Can<ScalingManage>,
) -> ApiResult<Json<HistoryCleared>> {
    let entries = service::clear_history(&state, &caller).await?;
    Ok(Json(HistoryCleared { success: true, message: format!("Entries removed: {entries}") }))
}
