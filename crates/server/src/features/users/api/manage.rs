//! What administrators do with accounts.

use accunode_db::Timestamp;
use accunode_domain::{Error, Result, Role, UserId};
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, IntoResponses, ToSchema};
use uuid::Uuid;

use super::role;
use crate::{
    caller::Caller,
    features::users::service::administration as service,
    http::{
        auth::{
            Can,
            grant::{UserActivate, UserDelete, UserRole},
        },
        body::{Fields, Id, Query},
        done::Done,
        problem::{ApiResult, Detail, ValidationProblem},
    },
    state::AppState,
};

/// A new role.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewRole {
    /// `super_admin`, `tenant_admin`, `org_admin`, `org_member` or `user`.
    #[schema(pattern = "^(super_admin|tenant_admin|org_admin|org_member|user)$")]
    pub role: String,
}

/// A role that was changed.
#[derive(Debug, Serialize, ToSchema)]
pub struct RoleChange {
    /// Whose.
    pub user_id: Uuid,
    /// Their address.
    pub email: String,
    /// Their name.
    pub full_name: Option<String>,
    /// The role before.
    pub old_role: String,
    /// The role now.
    pub new_role: String,
    /// Who changed it.
    pub updated_by: Uuid,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
}

/// What became of an account.
#[derive(Debug, Serialize, ToSchema)]
pub struct Removal {
    /// One sentence.
    pub message: String,
    /// Whether the account was closed.
    pub user_account_deleted: bool,
}

/// How to remove somebody.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct RemovalParams {
    /// Take the person out of organization and tenant and keep the account.
    #[serde(default)]
    #[param(default = false)]
    remove_from_org_only: bool,
}

async fn change(state: &AppState, caller: &Caller, id: Uuid, mut fields: Fields) -> Result<RoleChange> {
    let name = fields.text("role", 20, role);
    let name = fields.finish(name)?;
    let new_role: Role = name.parse().map_err(|e: String| Error::field("role", e))?;
    let changed = service::change_role(state, caller, id, new_role).await?;
    Ok(RoleChange {
        user_id: changed.after.id,
        email: changed.after.email,
        full_name: changed.after.full_name,
        old_role: changed.before.role,
        new_role: changed.after.role,
        updated_by: caller.user_id.0,
        updated_at: changed.at,
    })
}

async fn switch(state: &AppState, caller: &Caller, id: Uuid, active: bool) -> Result<Json<Done>> {
    let changed = service::set_active(state, caller, id, active).await?;
    let done = if active { "activated" } else { "deactivated" };
    Ok(Done::json(format!("User {} {done}", changed.after.email)))
}

/// Why an account is not changed.
#[derive(IntoResponses)]
pub enum ChangeRefused {
    /// The own account, the last administrator, or a role that does not fit the place.
    #[response(status = BAD_REQUEST)]
    BadRequest(Detail),
    /// Nobody who is known.
    #[response(status = UNAUTHORIZED)]
    Unauthorized(Detail),
    /// Not an administrator, a peer or superior, or a role above the own.
    #[response(status = FORBIDDEN)]
    Forbidden(Detail),
    /// Nobody in sight has this id.
    #[response(status = NOT_FOUND)]
    NotFound(Detail),
    /// The account has just been changed.
    #[response(status = CONFLICT)]
    Conflict(Detail),
    /// A field or parameter that cannot be read.
    #[response(status = UNPROCESSABLE_ENTITY)]
    Invalid(ValidationProblem),
}

/// Give somebody another role where they are: none above the own, nobody who is a peer.
#[utoipa::path(
    put, path = "/users/{id}/role", tag = "users", request_body = NewRole, security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "Whose account")),
    responses((status = OK, body = RoleChange), ChangeRefused)
)]
pub async fn put_role(
    State(state): State<AppState>,
    caller: Can<UserRole>,
    Id(id): Id<UserId>,
    fields: Fields,
) -> ApiResult<Json<RoleChange>> {
    Ok(Json(change(&state, &caller, id.0, fields).await?))
}

/// Give somebody another role where they are: the same as by PUT.
#[utoipa::path(
    patch, path = "/users/{id}/role", tag = "users", request_body = NewRole, security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "Whose account")),
    responses((status = OK, body = RoleChange), ChangeRefused)
)]
pub async fn patch_role(
    State(state): State<AppState>,
    caller: Can<UserRole>,
    Id(id): Id<UserId>,
    fields: Fields,
) -> ApiResult<Json<RoleChange>> {
    Ok(Json(change(&state, &caller, id.0, fields).await?))
}

/// Switch an account on.
#[utoipa::path(
    post, path = "/users/{id}/activate", tag = "users", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "Whose account")),
    responses((status = OK, body = Done), ChangeRefused)
)]
pub async fn activate_user(
    State(state): State<AppState>,
    caller: Can<UserActivate>,
    Id(id): Id<UserId>,
) -> ApiResult<Json<Done>> {
    Ok(switch(&state, &caller, id.0, true).await?)
}

/// Switch an account on: the same as by POST.
#[utoipa::path(
    patch, path = "/users/{id}/activate", tag = "users", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "Whose account")),
    responses((status = OK, body = Done), ChangeRefused)
)]
pub async fn patch_activate_user(
    State(state): State<AppState>,
    caller: Can<UserActivate>,
    Id(id): Id<UserId>,
) -> ApiResult<Json<Done>> {
    Ok(switch(&state, &caller, id.0, true).await?)
}

/// Switch an account off and end its sessions.
#[utoipa::path(
    post, path = "/users/{id}/deactivate", tag = "users", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "Whose account")),
    responses((status = OK, body = Done), ChangeRefused)
)]
pub async fn deactivate_user(
    State(state): State<AppState>,
    caller: Can<UserActivate>,
    Id(id): Id<UserId>,
) -> ApiResult<Json<Done>> {
    Ok(switch(&state, &caller, id.0, false).await?)
}

/// Switch an account off and end its sessions: the same as by POST.
#[utoipa::path(
    patch, path = "/users/{id}/deactivate", tag = "users", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "Whose account")),
    responses((status = OK, body = Done), ChangeRefused)
)]
pub async fn patch_deactivate_user(
    State(state): State<AppState>,
    caller: Can<UserActivate>,
    Id(id): Id<UserId>,
) -> ApiResult<Json<Done>> {
    Ok(switch(&state, &caller, id.0, false).await?)
}

/// Close an account, or take the person out of their organization. What they made stays where it is.
#[utoipa::path(
    delete, path = "/users/{id}", tag = "users", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "Whose account"), RemovalParams),
    responses((status = OK, body = Removal), ChangeRefused)
)]
pub async fn delete_user(
    State(state): State<AppState>,
    caller: Can<UserDelete>,
    Id(id): Id<UserId>,
    Query(params): Query<RemovalParams>,
) -> ApiResult<Json<Removal>> {
    if params.remove_from_org_only {
        let changed = service::remove(&state, &caller, id.0).await?;
        let message = format!("User {} removed from the organization", changed.after.email);
        return Ok(Json(Removal { message, user_account_deleted: false }));
    }
    let closed = service::close(&state, &caller, id.0).await?;
    Ok(Json(Removal { message: format!("User {} deleted", closed.email), user_account_deleted: true }))
}
