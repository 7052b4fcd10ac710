//! How an organization is joined, and whether it sees the system's companies.

use accunode_db::Timestamp;
use accunode_domain::OrganizationId;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use crate::{
    features::organizations::service::access,
    http::{
        auth::{
            Can,
            grant::{OrganizationGlobalData, OrganizationRead, OrganizationToken},
        },
        body::{Id, Query},
        problem::ApiResult,
    },
    state::AppState,
};

/// A new join token.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewToken {
    /// What happened to the old one.
    pub message: String,
    /// The token.
    pub new_token: String,
    /// Path of the page to join by.
    pub join_url: String,
    /// When it ends.
    #[schema(value_type = String, format = DateTime)]
    pub expires_at: Timestamp,
}

/// Make a new join token; the old one opens nothing any more.
#[utoipa::path(
    post, path = "/organizations/{id}/regenerate-token", tag = "organizations", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = NewToken),
    )
)]
pub async fn regenerate_token(
    State(state): State<AppState>,
    caller: Can<OrganizationToken>,
    Id(id): Id<OrganizationId>,
) -> ApiResult<Json<NewToken>> {
    Ok(Json(access::regenerate_token(&state, &caller, id).await?))
}

/// An organization's switch for the system's companies.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlobalDataSwitch {
    /// Id of the organization.
    pub id: Uuid,
    /// Its name.
    pub name: String,
    /// Whether its people see the system's companies.
    pub allow_global_data_access: bool,
}

/// What turning the switch means.
#[derive(Debug, Serialize, ToSchema)]
pub struct Impact {
    /// In one sentence.
    pub description: String,
    /// What is concerned.
    pub affected_data: Vec<String>,
    /// What is not.
    pub security_note: String,
}

/// The switch as it was turned.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlobalDataChanged {
    /// Always true.
    pub success: bool,
    /// What was done.
    pub message: String,
    /// The organization.
    pub organization: GlobalDataSwitch,
    /// What that means.
    pub impact: Impact,
}

/// What the switch means as it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct Explanation {
    /// `enabled` or `disabled`.
    pub current_setting: String,
    /// In one sentence.
    pub meaning: String,
    /// What the system's data is.
    pub global_data_includes: Vec<String>,
}

/// The switch as it is.
#[derive(Debug, Serialize, ToSchema)]
pub struct GlobalData {
    /// Always true.
    pub success: bool,
    /// The organization.
    pub organization: GlobalDataSwitch,
    /// What that means.
    pub explanation: Explanation,
}

/// How to turn the switch.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct GlobalDataParams {
    /// True: the organization's people see the system's companies.
    #[param(required = true)]
    allow_access: Option<bool>,
}

/// Say whether an organization's people see the system's companies.
#[utoipa::path(
    patch, path = "/organizations/{id}/global-data-access", tag = "organizations", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), GlobalDataParams),
    responses(
        (status = OK, body = GlobalDataChanged),
    )
)]
pub async fn set_global_data(
    State(state): State<AppState>,
    caller: Can<OrganizationGlobalData>,
    Id(id): Id<OrganizationId>,
    Query(params): Query<GlobalDataParams>,
) -> ApiResult<Json<GlobalDataChanged>> {
    Ok(Json(access::set_global_data(&state, &caller, id, params.allow_access).await?))
}

/// Whether an organization's people see the system's companies, and what that means.
#[utoipa::path(
    get, path = "/organizations/{id}/global-data-access", tag = "organizations", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = GlobalData),
    )
)]
pub async fn global_data(
    State(state): State<AppState>,
    caller: Can<OrganizationRead>,
    Id(id): Id<OrganizationId>,
) -> ApiResult<Json<GlobalData>> {
    Ok(Json(access::global_data(&state, &caller, id).await?))
}
