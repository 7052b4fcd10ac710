//! Operations that give figures.

mod portfolio;
pub mod stats;

pub use portfolio::{
    GradeShare, KindName, Mover, Movers, OtherSectors, Portfolio, RiskShare, SectorShare, Sectors, TrendPoint,
};
pub use stats::{Counts, PredictionCounts, RecentJob, Stats, UserContext};

use accunode_db::Timestamp;
use axum::{
    extract::State,
    http::header,
    response::{IntoResponse, Response},
};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::service::{self, Ask, ScopeName};
use crate::{
    http::{
        auth::{Can, grant::DashboardRead},
        body::{Fields, Query, chosen},
        problem::{ApiResult, Detail},
    },
    listing::given,
    state::AppState,
};

/// What a dashboard is to show.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DashboardParams {
    /// Whether the figures of the platform's own rows are wanted too.
    #[serde(default)]
    #[param(default = false)]
    pub include_platform_stats: bool,
    /// `personal`, `organization`, `tenant` or `system`, as far as the role allows; by default the widest of them.
    pub scope: Option<String>,
    /// One organization, for tenant_admin (of the tenant) and super_admin (any).
    #[serde(default, deserialize_with = "chosen")]
    pub organization_id: Option<Uuid>,
}

/// What a dashboard is to show.
#[derive(Debug, Deserialize, ToSchema)]
pub struct DashboardRequest {
    /// Whether the figures of the platform's own rows are wanted too.
    #[serde(default)]
    pub include_platform_stats: bool,
    /// One organization, for tenant_admin (of the tenant) and super_admin (any).
    pub organization_filter: Option<Uuid>,
    /// `personal`, `organization`, `tenant` or `system`, as far as the role allows; by default the widest of them.
    pub custom_scope: Option<String>,
}

/// When data was last made or changed.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct LastUpdated {
    /// The caller's own predictions: in the scope of an organization those made there, else those outside of any.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub user_last_updated: Option<Timestamp>,
    /// The system's predictions.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub system_last_updated: Option<Timestamp>,
}

/// The figures of a scope.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dash {
    /// `personal`, `organization`, `tenant` or `system`.
    pub scope: String,
    /// Who asks.
    pub user_name: String,
    /// The organization's or tenant's name, `Personal Data` or `System Administrator`.
    pub organization_name: String,
    /// Companies, with predictions or without.
    pub total_companies: i64,
    /// Predictions of both kinds.
    pub total_predictions: i64,
    /// Annual ones.
    pub annual_predictions: i64,
    /// Quarterly ones.
    pub quarterly_predictions: i64,
    /// Mean over all predictions, to four decimals: of an annual one its probability, of a quarterly one that of the
    /// scorecard, or the final one where the model has no scorecard. 0 where there are none.
    pub average_default_rate: f64,
    /// Companies whose latest prediction is HIGH or CRITICAL.
    pub high_risk_companies: i64,
    /// Different sectors of the companies.
    pub sectors_covered: i64,
    /// The scope in words.
    pub data_scope: String,
    /// When data was last made or changed.
    pub last_updated_times: LastUpdated,
}

/// When the system's data was last made or changed.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct SystemLastUpdated {
    /// The system's predictions.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub system_last_updated: Option<Timestamp>,
}

/// The figures of the system's own rows, which everybody may read.
#[derive(Debug, Serialize, ToSchema)]
pub struct Platform {
    /// Companies, with predictions or without.
    pub total_companies: i64,
    /// Predictions of both kinds.
    pub total_predictions: i64,
    /// Annual ones.
    pub annual_predictions: i64,
    /// Quarterly ones.
    pub quarterly_predictions: i64,
    /// As in the dashboard of a scope.
    pub average_default_rate: f64,
    /// Companies whose latest prediction is HIGH or CRITICAL.
    pub high_risk_companies: i64,
    /// Different sectors of the companies.
    pub sectors_covered: i64,
    /// When data was last made or changed.
    pub last_updated_times: SystemLastUpdated,
}

/// What the times mean.
#[derive(Debug, Serialize, ToSchema)]
pub struct TimesDescription {
    /// Of `user_last_updated`.
    pub user_last_updated: String,
    /// Of `system_last_updated`.
    pub system_last_updated: String,
}

/// A dashboard. It is kept for up to a minute, or until something in its scope changes.
#[derive(Debug, Serialize, ToSchema)]
pub struct Dashboard {
    /// The figures.
    pub user_dashboard: Dash,
    /// As in `user_dashboard`.
    pub scope: String,
    /// What the figures are made of.
    pub portfolio: Portfolio,
    /// The platform's own figures, if asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub platform_statistics: Option<Platform>,
    /// When the figures were worked out.
    #[schema(value_type = String, format = DateTime)]
    pub timestamp: Timestamp,
    /// What the times mean.
    pub description: TimesDescription,
}

async fn answer(
    state: &AppState,
    caller: &Can<DashboardRead>,
    platform: bool,
    scope: Option<&str>,
    (field, organization): (&'static str, Option<Uuid>),
    scope_field: &'static str,
) -> ApiResult<Response> {
    let scope = scope.map(|text| ScopeName::read(scope_field, text)).transpose()?;
    let ask = Ask { platform, scope, organization, field };
    let bytes = service::dashboard(state, caller, &ask).await?;
    Ok(([(header::CONTENT_TYPE, "application/json")], bytes).into_response())
}

/// Figures of what is in sight: counts, distributions, trends and the largest changes.
#[utoipa::path(
    get, path = "/predictions/dashboard", tag = "dashboard", params(DashboardParams), security(("bearer" = [])),
    responses(
        (status = OK, body = Dashboard),
        (status = FORBIDDEN, description = "A scope or an organization beyond the role", body = Detail),
        (status = NOT_FOUND, description = "No such organization in sight", body = Detail),
    )
)]
pub async fn get_dashboard(
    State(state): State<AppState>,
    caller: Can<DashboardRead>,
    Query(params): Query<DashboardParams>,
) -> ApiResult<Response> {
    let DashboardParams { include_platform_stats, scope, organization_id } = params;
    let organization = ("organization_id", organization_id);
    answer(&state, &caller, include_platform_stats, given(scope.as_deref()), organization, "scope").await
}

/// The same figures, as clients ask for them.
#[utoipa::path(
    post, path = "/predictions/dashboard", tag = "dashboard", security(("bearer" = [])),
    request_body = DashboardRequest,
    responses(
        (status = OK, body = Dashboard),
        (status = FORBIDDEN, description = "A scope or an organization beyond the role", body = Detail),
        (status = NOT_FOUND, description = "No such organization in sight", body = Detail),
    )
)]
pub async fn post_dashboard(
    State(state): State<AppState>,
    caller: Can<DashboardRead>,
    mut fields: Fields,
) -> ApiResult<Response> {
    let platform = fields.flag("include_platform_stats");
    let organization = fields.optional_id("organization_filter");
    let scope =
        fields.optional_text("custom_scope", 20, |text| Ok(text.to_owned())).filter(|t| !t.is_empty());
    let (platform, organization, scope) = fields.finish((platform, organization, scope))?;
    let organization = ("organization_filter", organization);
    answer(&state, &caller, platform, scope.as_deref(), organization, "custom_scope").await
}
