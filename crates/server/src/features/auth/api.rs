//! Operations of signing in.

use accunode_sheets::validate;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::service;
use crate::{
    http::{
        auth::Public,
        body::Fields,
        problem::{ApiResult, Detail, ValidationProblem},
    },
    state::AppState,
};

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Login {
    /// Address of the account; case does not matter.
    pub email: String,
    /// Its password.
    pub password: String,
}

/// An access token.
#[derive(Debug, Serialize, ToSchema)]
pub struct Token {
    /// To be sent as `Authorization: Bearer …`.
    pub access_token: String,
    /// Always `bearer`.
    pub token_type: String,
    /// Seconds until it ends.
    pub expires_in: i64,
}

/// Sign in with e-mail and password.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", request_body = Login,
    responses(
        (status = OK, body = Token),
        (status = UNAUTHORIZED, description = "Wrong credentials or disabled account", body = Detail),
        (status = UNPROCESSABLE_ENTITY, body = ValidationProblem),
    )
)]
pub async fn login(_: Public, State(state): State<AppState>, mut fields: Fields) -> ApiResult<Json<Token>> {
    let email = fields.text("email", 255, |text| Ok(validate::plain_text(text, 255)?.to_lowercase()));
    let password = fields.secret("password");
    let (email, password) = fields.finish((email, password))?;
    Ok(Json(service::login(&state, &email, &password).await?))
}
