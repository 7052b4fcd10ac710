//! Changing a password, and setting a new one in place of a forgotten one.

use accunode_sheets::validate;
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::{Succeeded, succeeded};
use crate::{
    features::auth::{resets, service::password},
    http::{
        auth::{Can, Public, grant::UserSelf},
        body::Fields,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// Both passwords.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ChangePassword {
    /// The present one.
    #[schema(min_length = 1, max_length = 1024)]
    pub current_password: String,
    /// The new one: at least 8 characters, with a letter and a digit among them.
    #[schema(min_length = 8, max_length = 1024)]
    pub new_password: String,
}

/// Change the own password. Every session ends, the present one too; API keys stay.
#[utoipa::path(
    post, path = "/auth/change-password", tag = "auth", security(("bearer" = [])), request_body = ChangePassword,
    responses(
        (status = OK, body = Succeeded),
        (status = BAD_REQUEST, description = "The present password is another, or the new one is no other", body = Detail),
        (status = FORBIDDEN, description = "An API key may not do this", body = Detail),
        (status = SERVICE_UNAVAILABLE, description = "Too many people sign in at once", body = Detail),
    )
)]
pub async fn change(
    State(state): State<AppState>,
    caller: Can<UserSelf>,
    mut fields: Fields,
) -> ApiResult<Json<Succeeded>> {
    let (current, new) = (fields.secret("current_password"), fields.new_password("new_password"));
    let (current, new) = fields.finish((current, new))?;
    password::change(&state, &caller, &current, &new).await?;
    Ok(succeeded("Password changed: sign in with the new one"))
}

/// Whose password is forgotten.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ForgotPassword {
    /// Address of the account; case does not matter.
    #[schema(format = Email, max_length = 255)]
    pub email: String,
}

/// Have a link mailed that sets a new password. The answer is the same whether there is such an account or not.
#[utoipa::path(
    post, path = "/auth/forgot-password", tag = "auth", request_body = ForgotPassword,
    responses(
        (status = OK, body = Succeeded),
    )
)]
pub async fn forgot(
    State(state): State<AppState>,
    public: Public,
    mut fields: Fields,
) -> ApiResult<Json<Succeeded>> {
    let email = fields.email("email");
    let email = fields.finish(email)?;
    resets::ask(&state, &public.origin, &email).await?;
    Ok(succeeded("If there is an account with this address, a link is on its way to it"))
}

/// What the mail brought, and the new password.
#[derive(Debug, Deserialize, ToSchema)]
pub struct ResetPassword {
    /// From the link.
    #[schema(min_length = 1, max_length = 255)]
    pub token: String,
    /// The new password: at least 8 characters, with a letter and a digit among them.
    #[schema(min_length = 8, max_length = 1024)]
    pub new_password: String,
}

/// Set a new password by the token of a mailed link, once and within an hour. Every session ends.
#[utoipa::path(
    post, path = "/auth/reset-password", tag = "auth", request_body = ResetPassword,
    responses(
        (status = OK, body = Succeeded),
        (status = BAD_REQUEST, description = "The link is unknown, used or over", body = Detail),
        (status = SERVICE_UNAVAILABLE, description = "Too many people sign in at once", body = Detail),
    )
)]
pub async fn reset(
    State(state): State<AppState>,
    public: Public,
    mut fields: Fields,
) -> ApiResult<Json<Succeeded>> {
    let token = fields.text("token", 255, |text| validate::plain_text(text, 255));
    let new = fields.new_password("new_password");
    let (token, new) = fields.finish((token, new))?;
    resets::redeem(&state, &public.origin, &token, &new).await?;
    Ok(succeeded("Password set: sign in with it"))
}
