//! Operations on the number of workers.

pub mod change;
pub mod look;

use std::collections::BTreeMap;

use accunode_db::Timestamp;
use serde::Serialize;
use utoipa::ToSchema;

use super::{
    decision::{Decision, Thresholds},
    measure::{LaneFigures, Measured},
    service::Outcome,
    store::Done,
};

/// The name of a lane, as clients know its queue.
fn queue(lane: &LaneFigures) -> String {
    format!("{}_priority", lane.priority.as_str())
}

/// A queue at this moment.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingQueueState {
    /// Jobs that wait and could run.
    pub pending_tasks: i64,
    /// Jobs that are being worked on.
    pub active_tasks: i64,
    /// Jobs that ended well in a minute, by the last five; null where there was nothing to do.
    pub processing_rate: Option<f64>,
}

/// A queue at this moment, whole.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingQueueFigures {
    /// Jobs that wait and could run.
    pub pending_tasks: i64,
    /// Jobs that are being worked on.
    pub active_tasks: i64,
    /// Jobs that ended well in a minute, by the last five; null where there was nothing to do.
    pub processing_rate: Option<f64>,
    /// How many seconds a job took on average in the last five minutes; null where none ended well.
    pub avg_processing_time: Option<f64>,
    /// Rows done in a second, by the last five minutes; null where there was nothing to do.
    pub rows_per_second: Option<f64>,
    /// For how many seconds the longest waiting job could have run; null where none waits.
    pub oldest_wait_seconds: Option<f64>,
    /// When this was measured.
    #[schema(value_type = String, format = DateTime)]
    pub last_updated: Timestamp,
}

/// The processes that work.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingWorkers {
    /// Processes that were heard of within half a minute, but for those that are being stopped.
    pub live: i64,
    /// Processes that are being stopped.
    pub draining: i64,
    /// Jobs that they can run at a time.
    pub slots: i64,
    /// Jobs that they run.
    pub busy: i64,
    /// The part of the slots that is busy, from 0 to 1; null without workers.
    pub busy_share: Option<f64>,
}

/// What should be done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Recommendation {
    /// `scale_up`, `scale_down` or `maintain`.
    pub action: String,
    /// How many workers there are.
    pub current_workers: i64,
    /// How many there should be.
    pub target_workers: i64,
    /// Why.
    pub reason: String,
    /// From 1, most urgent, to 3.
    pub priority: i16,
}

impl From<&Decision> for Recommendation {
    fn from(decision: &Decision) -> Self {
        Self {
            action: decision.action.as_str().to_owned(),
            current_workers: decision.current,
            target_workers: decision.target,
            reason: decision.reason.clone(),
            priority: decision.priority,
        }
    }
}

/// The settings of scaling.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingConfig {
    /// There are never fewer workers.
    pub min_workers: i64,
    /// There are never more.
    pub max_workers: i64,
    /// From so many waiting jobs on workers may be added.
    pub scale_up_threshold: i64,
    /// Down from so many waiting jobs a worker is taken away.
    pub scale_down_threshold: i64,
    /// Seconds without a change after workers were added.
    pub scale_up_cooldown: i64,
    /// Seconds without a change after a worker was taken away.
    pub scale_down_cooldown: i64,
    /// So many waiting jobs are an emergency.
    pub emergency_threshold: i64,
    /// How often they were changed; 0: they are the environment's.
    pub version: i32,
}

impl ScalingConfig {
    fn new(t: &Thresholds, version: i32) -> Self {
        Self {
            min_workers: t.min_workers,
            max_workers: t.max_workers,
            scale_up_threshold: t.scale_up_threshold,
            scale_down_threshold: t.scale_down_threshold,
            scale_up_cooldown: t.scale_up_cooldown,
            scale_down_cooldown: t.scale_down_cooldown,
            emergency_threshold: t.emergency_threshold,
            version,
        }
    }
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct ScalingEvent {
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// `scale_up` or `scale_down`.
    pub action: String,
    /// How many workers there were.
    pub from_workers: i64,
    /// How many there should be.
    pub to_workers: i64,
    /// Why.
    pub reason: String,
    /// From 1, most urgent, to 3.
    pub priority: i16,
    /// `high`, `medium` or `savings`.
    pub cost_impact: String,
    /// Who carried it out: `local` or `ecs`.
    pub scaler: String,
    /// Who asked for it; null: the server itself.
    pub requested_by: Option<uuid::Uuid>,
    /// `done`, `failed`, or `begun` where it is not known how it ended.
    pub outcome: String,
    /// Why it failed.
    pub error: Option<String>,
}

impl From<Done> for ScalingEvent {
    fn from(done: Done) -> Self {
        Self {
            timestamp: done.at,
            action: done.action,
            from_workers: done.from_workers,
            to_workers: done.to_workers,
            reason: done.reason,
            priority: done.priority,
            cost_impact: done.cost_impact,
            scaler: done.scaler,
            requested_by: done.requested_by,
            outcome: done.outcome,
            error: done.error,
        }
    }
}

/// What came of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct Execution {
    /// Always true: what was asked for was understood, see `executed`.
    pub success: bool,
    /// `scale_up`, `scale_down` or `maintain`.
    pub action: String,
    /// How many workers there were.
    pub current_workers: i64,
    /// How many there should be.
    pub target_workers: i64,
    /// Why.
    pub reason: String,
    /// Whether the number of workers was changed: not where nothing is to be done, and not without a scaler.
    pub executed: bool,
    /// What was done, or why nothing was.
    pub message: String,
    /// Who carries it out: `none`, `local` or `ecs`.
    pub scaler: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
}

impl Execution {
    fn new(outcome: Outcome, scaler: &str) -> Self {
        let Outcome { decision, executed, message, at } = outcome;
        Self {
            success: true,
            action: decision.action.as_str().to_owned(),
            current_workers: decision.current,
            target_workers: decision.target,
            reason: decision.reason,
            executed,
            message,
            scaler: scaler.to_owned(),
            timestamp: at,
        }
    }
}

fn states(measured: &Measured) -> BTreeMap<String, ScalingQueueState> {
    let state = |lane: &LaneFigures| ScalingQueueState {
        pending_tasks: lane.pending,
        active_tasks: lane.active,
        processing_rate: lane.jobs_per_minute,
    };
    measured.lanes.iter().map(|lane| (queue(lane), state(lane))).collect()
}

fn figures(measured: &Measured, at: Timestamp) -> BTreeMap<String, ScalingQueueFigures> {
    let figures = |lane: &LaneFigures| ScalingQueueFigures {
        pending_tasks: lane.pending,
        active_tasks: lane.active,
        processing_rate: lane.jobs_per_minute,
        avg_processing_time: lane.average_seconds,
        rows_per_second: lane.rows_per_second,
        oldest_wait_seconds: lane.oldest_wait_seconds,
        last_updated: at,
    };
    measured.lanes.iter().map(|lane| (queue(lane), figures(lane))).collect()
}
