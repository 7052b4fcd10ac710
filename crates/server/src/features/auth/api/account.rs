//! Registering, and joining an organization.

use accunode_sheets::validate;
use axum::{Json, extract::State, http::StatusCode};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::{
    features::{
        accounts,
        auth::service::{
            account::{self, Registration},
            join,
        },
        users::api::{User, new_name},
    },
    http::{
        auth::{Can, Public, grant::OrganizationJoin},
        body::Fields,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// Who registers. Other members, such as a role, are refused.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Register {
    /// Address; unique, case does not matter.
    #[schema(format = Email, max_length = 255)]
    pub email: String,
    /// At least 8 characters, with a letter and a digit among them.
    #[schema(min_length = 8, max_length = 1024)]
    pub password: String,
    /// Unique name of letters, digits, `-` and `_`; by default made from the address.
    #[schema(max_length = 100)]
    pub username: Option<String>,
    /// Name for people.
    #[schema(max_length = 255)]
    pub full_name: Option<String>,
    /// With `last_name`, in place of `full_name`.
    #[schema(max_length = 127)]
    pub first_name: Option<String>,
    /// With `first_name`, in place of `full_name`.
    #[schema(max_length = 127)]
    pub last_name: Option<String>,
}

const REGISTER: [&str; 6] = ["email", "password", "username", "full_name", "first_name", "last_name"];

/// Register: an account of role `user`, which sees its own data until it joins an organization.
#[utoipa::path(
    post, path = "/auth/register", tag = "auth", request_body = Register,
    responses(
        (status = CREATED, body = User),
        (status = BAD_REQUEST, description = "The address or name is taken", body = Detail),
        (status = SERVICE_UNAVAILABLE, description = "Too many people sign in at once", body = Detail),
    )
)]
pub async fn register(
    State(state): State<AppState>,
    public: Public,
    mut fields: Fields,
) -> ApiResult<(StatusCode, Json<User>)> {
    fields.only(&REGISTER);
    let email = fields.email("email");
    let password = fields.new_password("password");
    let username = fields.optional_text("username", 100, accounts::username).filter(|name| !name.is_empty());
    let full_name = new_name(&mut fields);
    let new = fields.finish(Registration { email, password, username, full_name })?;
    let account = account::register(&state, &public.origin, new).await?;
    Ok((StatusCode::CREATED, Json(account.into())))
}

/// The organization to join.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Join {
    /// What the organization's administrator has passed on.
    #[schema(min_length = 1, max_length = 255)]
    pub join_token: String,
}

/// What was joined.
#[derive(Debug, Serialize, ToSchema)]
pub struct Joined {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// The organization.
    pub organization_id: Uuid,
    /// Its name.
    pub organization_name: String,
    /// The role in it.
    pub user_role: String,
}

/// Join an organization by its token, as an analyst. The own address must be on the organization's list.
#[utoipa::path(
    post, path = "/auth/join", tag = "auth", security(("bearer" = [])), request_body = Join,
    responses(
        (status = OK, body = Joined),
        (status = BAD_REQUEST, description = "Joining is off, or the organization is full", body = Detail),
        (status = FORBIDDEN, description = "Not on the list, or not allowed to join at all", body = Detail),
        (status = NOT_FOUND, description = "Unknown or expired token, or inactive organization", body = Detail),
        (status = CONFLICT, description = "Already in an organization or another tenant", body = Detail),
    )
)]
pub async fn join(
    State(state): State<AppState>,
    caller: Can<OrganizationJoin>,
    mut fields: Fields,
) -> ApiResult<Json<Joined>> {
    let token = fields.text("join_token", 255, |text| validate::plain_text(text, 255));
    let token = fields.finish(token)?;
    let joined = join::join(&state, &caller, &token).await?;
    Ok(Json(Joined {
        success: true,
        message: format!("Welcome to {}", joined.name),
        organization_id: joined.organization.0,
        organization_name: joined.name,
        user_role: joined.role.to_string(),
    }))
}
