//! How many predictions there are.

use accunode_db::Timestamp;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    features::dashboard::service,
    http::{
        auth::{Can, grant::DashboardRead},
        problem::ApiResult,
    },
    state::AppState,
};

/// Who asks.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserContext {
    /// The person.
    pub user_id: Uuid,
    /// Their role.
    pub role: String,
    /// Their organization.
    pub organization_id: Option<Uuid>,
}

/// Predictions by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Counts {
    /// Annual ones.
    pub annual: i64,
    /// Quarterly ones.
    pub quarterly: i64,
    /// Both.
    pub total: i64,
}

/// Predictions in the caller's sight.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PredictionCounts {
    /// The system's.
    pub system: Counts,
    /// The caller's own, at personal level.
    pub personal: Counts,
    /// The organization's; of all organizations of the tenant for a tenant_admin, of all there are for a super_admin;
    /// null for who has none.
    pub organization: Option<Counts>,
    /// All of these.
    pub accessible_total: Counts,
}

/// An upload in short.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecentJob {
    /// Id.
    pub id: Uuid,
    /// `pending`, `queued`, `processing`, `completed` or `failed`; a cancelled one reads `failed`.
    pub status: String,
    /// `annual` or `quarterly`.
    pub job_type: String,
    /// Data rows; null until counted.
    pub total_rows: Option<i64>,
    /// Rows stored.
    pub successful_rows: i64,
    /// When it was handed in.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// Counts and the newest uploads.
#[derive(Debug, Serialize, ToSchema)]
pub struct Stats {
    /// Always true.
    pub success: bool,
    /// Who asks.
    pub user_context: UserContext,
    /// Predictions in sight.
    pub prediction_counts: PredictionCounts,
    /// At most five of the own uploads, newest first.
    pub recent_jobs: Vec<RecentJob>,
}

/// How many predictions are in sight, and the own newest uploads.
#[utoipa::path(
    get, path = "/predictions/stats", tag = "dashboard", security(("bearer" = [])),
    responses((status = OK, body = Stats))
)]
pub async fn stats(State(state): State<AppState>, caller: Can<DashboardRead>) -> ApiResult<Json<Stats>> {
    Ok(Json(service::stats(&state, &caller).await?))
}
