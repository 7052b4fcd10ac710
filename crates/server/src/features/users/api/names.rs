//! Reading and changing names: the own ones, and others'.

use accunode_domain::{Result, UserId};
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{MAX_FULL_NAME, User, full_name};
use crate::{
    features::{
        accounts,
        users::service::people::{self, Names},
    },
    http::{
        auth::{
            Can,
            grant::{UserRead, UserSelf, UserUpdate},
        },
        body::{Fields, Id},
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// New names. What is missing or null stays as it is; everything else in the body is ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewNames {
    /// 2 to 100 letters, digits, - and _, unique on the platform.
    #[schema(min_length = 2, max_length = 100)]
    pub username: Option<String>,
    /// Up to 255 characters; an empty text takes the name away.
    pub full_name: Option<String>,
}

/// The own settings. What is missing or null stays as it is; everything else in the body is ignored.
#[derive(Debug, Deserialize, ToSchema)]
pub struct OwnSettings {
    /// 2 to 100 letters, digits, - and _, unique on the platform.
    #[schema(min_length = 2, max_length = 100)]
    pub username: Option<String>,
    /// Up to 255 characters; an empty text takes the name away.
    pub full_name: Option<String>,
    /// The own address: it cannot be changed here.
    #[schema(max_length = 255)]
    pub email: Option<String>,
}

fn read(fields: &mut Fields) -> Names {
    let username = fields.text_if_there("username", 100, accounts::username);
    Names { username, full_name: full_name(fields, "full_name", MAX_FULL_NAME) }
}

fn read_names(mut fields: Fields) -> Result<Names> {
    let names = read(&mut fields);
    fields.finish(names)
}

/// The caller's own account.
#[utoipa::path(
    get, path = "/users/profile", tag = "users", security(("bearer" = [])),
    responses(
        (status = OK, body = User),
        (status = FORBIDDEN, description = "An API key without this permission", body = Detail),
    )
)]
pub async fn profile(State(state): State<AppState>, caller: Can<UserSelf>) -> ApiResult<Json<User>> {
    Ok(Json(people::own(&state, &caller).await?))
}

/// Change the own names.
#[utoipa::path(
    put, path = "/users/profile", tag = "users", request_body = NewNames, security(("bearer" = [])),
    responses(
        (status = OK, body = User),
        (status = BAD_REQUEST, description = "The user name is taken", body = Detail),
        (status = FORBIDDEN, description = "An API key without this permission", body = Detail),
    )
)]
pub async fn update_profile(
    State(state): State<AppState>,
    caller: Can<UserSelf>,
    fields: Fields,
) -> ApiResult<Json<User>> {
    let names = read_names(fields)?;
    Ok(Json(people::update_own(&state, &caller, &names, None).await?))
}

/// Change the own names; the form may send the own address along.
#[utoipa::path(
    put, path = "/users/me", tag = "users", request_body = OwnSettings, security(("bearer" = [])),
    responses(
        (status = OK, body = User),
        (status = BAD_REQUEST, description = "The user name is taken, or another e-mail address", body = Detail),
        (status = FORBIDDEN, description = "An API key without this permission", body = Detail),
    )
)]
pub async fn update_me(
    State(state): State<AppState>,
    caller: Can<UserSelf>,
    mut fields: Fields,
) -> ApiResult<Json<User>> {
    let names = read(&mut fields);
    let email = fields.optional_text("email", 255, |text| Ok(text.to_owned()));
    let (names, email) = fields.finish((names, email))?;
    Ok(Json(people::update_own(&state, &caller, &names, email.as_deref()).await?))
}

/// One person: oneself, or somebody that an administrator looks after.
#[utoipa::path(
    get, path = "/users/{id}", tag = "users", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "Whose account")),
    responses(
        (status = OK, body = User),
        (status = FORBIDDEN, description = "A colleague, by somebody who is no administrator", body = Detail),
    )
)]
pub async fn get_user(
    State(state): State<AppState>,
    caller: Can<UserRead>,
    Id(id): Id<UserId>,
) -> ApiResult<Json<User>> {
    Ok(Json(people::get(&state, &caller, id.0).await?))
}

/// Change somebody's names: the own ones, or as an administrator those of somebody of a lower role.
#[utoipa::path(
    put, path = "/users/{id}", tag = "users", request_body = NewNames, security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid, description = "Whose account")),
    responses(
        (status = OK, body = User),
        (status = BAD_REQUEST, description = "The user name is taken", body = Detail),
        (status = FORBIDDEN, description = "A peer, a superior, or not an administrator", body = Detail),
    )
)]
pub async fn update_user(
    State(state): State<AppState>,
    caller: Can<UserUpdate>,
    Id(id): Id<UserId>,
    fields: Fields,
) -> ApiResult<Json<User>> {
    let names = read_names(fields)?;
    Ok(Json(people::update(&state, &caller, id.0, &names).await?))
}
