//! Add people to an organization, change their role in it, take them out.

use accunode_domain::{OrganizationId, Role, UserId};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::Member;
use crate::{
    features::organizations::service::members,
    http::{
        auth::{Can, grant::OrganizationMembers},
        body::{Fields, Id, Ids, plain},
        done::Done,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// Whom to add.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape; the handler reads the fields one by one to name every problem
pub struct NewMember {
    /// Somebody in the caller's sight, or somebody without tenant who is on the organization's whitelist.
    user_id: Uuid,
    /// `org_member` or `org_admin`.
    #[schema(default = "org_member", pattern = "^org_(member|admin)$")]
    role: Option<String>,
}

/// Which role to give.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // as above
pub struct MemberRole {
    /// `org_member` or `org_admin`.
    #[schema(pattern = "^org_(member|admin)$")]
    role: String,
}

/// The role of this name, if people of an organization can have it.
fn role(fields: &mut Fields, text: &str) -> Role {
    match text.parse() {
        Ok(role @ (Role::OrgMember | Role::OrgAdmin)) => role,
        _ => {
            fields.invalid("role", "org_member or org_admin is expected");
            Role::OrgMember
        }
    }
}

/// Add somebody to an organization.
#[utoipa::path(
    post, path = "/organizations/{id}/users", tag = "organizations", request_body = NewMember,
    security(("bearer" = [])), params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = Member),
        (status = BAD_REQUEST, description = "In another organization or tenant, or this one is full or switched off", body = Detail),
        (status = NOT_FOUND, description = "No such organization or person", body = Detail),
        (status = CONFLICT, description = "The account was changed at the same moment", body = Detail),
    )
)]
pub async fn add_member(
    State(state): State<AppState>,
    caller: Can<OrganizationMembers>,
    Id(id): Id<OrganizationId>,
    mut fields: Fields,
) -> ApiResult<Json<Member>> {
    let user = UserId(fields.id("user_id"));
    let given = fields.text_if_there("role", 50, plain);
    let role = given.map_or(Role::OrgMember, |text| role(&mut fields, &text));
    let (user, role) = fields.finish((user, role))?;
    Ok(Json(members::add(&state, &caller, id, user, role).await?))
}

/// Change somebody's role in an organization.
#[utoipa::path(
    patch, path = "/organizations/{id}/users/{user_id}/role", tag = "organizations", request_body = MemberRole,
    security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), ("user_id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = Member),
        (status = BAD_REQUEST, description = "Oneself, or the last administrator", body = Detail),
        (status = NOT_FOUND, description = "No such organization, or nobody of this id in it", body = Detail),
        (status = CONFLICT, description = "The account was changed at the same moment", body = Detail),
    )
)]
pub async fn change_member_role(
    State(state): State<AppState>,
    caller: Can<OrganizationMembers>,
    Ids(id, user): Ids<OrganizationId, UserId>,
    mut fields: Fields,
) -> ApiResult<Json<Member>> {
    let text = fields.text("role", 50, plain);
    let role = if text.is_empty() { Role::OrgMember } else { role(&mut fields, &text) };
    let role = fields.finish(role)?;
    Ok(Json(members::change_role(&state, &caller, id, user, role).await?))
}

/// Take somebody out of an organization: the account stays, with personal data only.
#[utoipa::path(
    delete, path = "/organizations/{id}/users/{user_id}", tag = "organizations", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), ("user_id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = Done),
        (status = BAD_REQUEST, description = "Oneself, or the last administrator", body = Detail),
        (status = NOT_FOUND, description = "No such organization, or nobody of this id in it", body = Detail),
        (status = CONFLICT, description = "The account was changed at the same moment", body = Detail),
    )
)]
pub async fn remove_member(
    State(state): State<AppState>,
    caller: Can<OrganizationMembers>,
    Ids(id, user): Ids<OrganizationId, UserId>,
) -> ApiResult<Json<Done>> {
    let email = members::remove(&state, &caller, id, user).await?;
    Ok(Done::json(format!("{email} is no longer in the organization")))
}
