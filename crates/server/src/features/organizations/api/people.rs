//! Who is in an organization, and who runs it.

use accunode_domain::OrganizationId;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{OrganizationAdmin, OrganizationDetailed};
use crate::{
    features::{organizations::service::people, users::api::User},
    http::{
        auth::{Can, grant::OrganizationRead},
        body::{Id, Query},
        paging::SkipLimit,
        problem::ApiResult,
    },
    state::AppState,
};

/// Whom to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RoleParams {
    /// Only people of this role.
    role: Option<String>,
}

/// The people of an organization, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganizationUsers {
    /// The part of the list that was asked for.
    pub users: Vec<User>,
    /// People in all.
    pub total: i64,
    /// As asked.
    pub skip: i64,
    /// As asked.
    pub limit: i64,
}

/// The people of an organization, newest first.
#[utoipa::path(
    get, path = "/organizations/{id}/users", tag = "organizations", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), SkipLimit, RoleParams),
    responses(
        (status = OK, body = OrganizationUsers),
    )
)]
pub async fn users(
    State(state): State<AppState>,
    caller: Can<OrganizationRead>,
    Id(id): Id<OrganizationId>,
    Query(part): Query<SkipLimit>,
    Query(params): Query<RoleParams>,
) -> ApiResult<Json<OrganizationUsers>> {
    let part = part.window()?;
    let (users, total) = people::users(&state, &caller, id, params.role.as_deref(), part).await?;
    Ok(Json(OrganizationUsers { users, total, skip: part.skip, limit: part.limit }))
}

/// An organization with those who run it.
#[utoipa::path(
    get, path = "/organizations/{id}/details", tag = "organizations", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = OrganizationDetailed),
    )
)]
pub async fn details(
    State(state): State<AppState>,
    caller: Can<OrganizationRead>,
    Id(id): Id<OrganizationId>,
) -> ApiResult<Json<OrganizationDetailed>> {
    Ok(Json(people::details(&state, &caller, id).await?))
}

/// Who runs an organization, also those who are switched off.
#[utoipa::path(
    get, path = "/organizations/{id}/admins", tag = "organizations", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = [OrganizationAdmin]),
    )
)]
pub async fn admins(
    State(state): State<AppState>,
    caller: Can<OrganizationRead>,
    Id(id): Id<OrganizationId>,
) -> ApiResult<Json<Vec<OrganizationAdmin>>> {
    Ok(Json(people::admins(&state, &caller, id).await?))
}
