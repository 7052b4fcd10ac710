//! Making accounts for others.

use accunode_domain::{OrganizationId, Result, Role, TenantId};
use axum::{Json, extract::State, http::StatusCode};
use serde::Deserialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{User, new_name, role};
use crate::{
    features::{
        accounts,
        users::service::creation::{self, Door},
    },
    http::{
        auth::{Can, grant::UserCreate},
        body::Fields,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// Somebody to make an account for.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewUser {
    /// Address, unique in any case.
    #[schema(format = Email, max_length = 255)]
    pub email: String,
    /// At least 8 characters, with a letter and a digit among them.
    #[schema(min_length = 8, max_length = 1024)]
    pub password: String,
    /// 2 to 100 letters, digits, - and _, unique on the platform; made from the address when it is missing.
    #[schema(max_length = 100)]
    pub username: Option<String>,
    /// Name for people. With `first_name` or `last_name` those two count.
    #[schema(max_length = 255)]
    pub full_name: Option<String>,
    /// First name.
    #[schema(max_length = 127)]
    pub first_name: Option<String>,
    /// Last name.
    #[schema(max_length = 127)]
    pub last_name: Option<String>,
    /// The lowest that the caller can give when it is missing.
    #[schema(pattern = "^(super_admin|tenant_admin|org_admin|org_member|user)?$")]
    pub role: Option<String>,
    /// Where to put them: by a super_admin any, by a tenant_admin one of the own tenant.
    pub organization_id: Option<Uuid>,
    /// Where to put them: by a super_admin any.
    pub tenant_id: Option<Uuid>,
}

fn read(mut fields: Fields) -> Result<creation::NewUser> {
    let email = fields.email("email");
    let password = fields.new_password("password");
    let username = fields.optional_text("username", 100, accounts::username);
    let full_name = new_name(&mut fields);
    let role = fields.optional_text("role", 20, role);
    let organization = fields.optional_id("organization_id").map(OrganizationId);
    let tenant = fields.optional_id("tenant_id").map(TenantId);
    let some = |text: Option<String>| text.filter(|t| !t.is_empty());
    // What is no role was noted above.
    let role: Option<Role> = some(role).and_then(|name| name.parse().ok());
    let username = some(username);
    fields.finish(creation::NewUser { email, password, username, full_name, role, organization, tenant })
}

/// Make an account. An org_admin's are put into the own organization, a tenant_admin's into the own tenant.
#[utoipa::path(
    post, path = "/users", tag = "users", request_body = NewUser, security(("bearer" = [])),
    responses(
        (status = OK, body = User),
        (status = BAD_REQUEST, description = "Address or user name taken, a full organization, or a role that \
                                              does not fit the place", body = Detail),
        (status = FORBIDDEN, description = "Not an administrator, or a role that the caller cannot give",
         body = Detail),
        (status = NOT_FOUND, description = "No such organization or tenant in sight", body = Detail),
    )
)]
pub async fn create_user(
    State(state): State<AppState>,
    caller: Can<UserCreate>,
    fields: Fields,
) -> ApiResult<Json<User>> {
    Ok(Json(creation::create(&state, &caller, Door::Users, read(fields)?).await?))
}

/// Make an account, as a rule of a lower role: the form that administrators use.
#[utoipa::path(
    post, path = "/auth/admin/create-user", tag = "users", request_body = NewUser, security(("bearer" = [])),
    responses(
        (status = CREATED, body = User),
        (status = BAD_REQUEST, description = "Address or user name taken, a full organization, or a role that \
                                              does not fit the place", body = Detail),
        (status = FORBIDDEN, description = "Not an administrator, or a role that the caller cannot give",
         body = Detail),
        (status = NOT_FOUND, description = "No such organization or tenant in sight", body = Detail),
    )
)]
pub async fn admin_create_user(
    State(state): State<AppState>,
    caller: Can<UserCreate>,
    fields: Fields,
) -> ApiResult<(StatusCode, Json<User>)> {
    let user = creation::create(&state, &caller, Door::Admin, read(fields)?).await?;
    Ok((StatusCode::CREATED, Json(user)))
}
