//! Beginning, carrying on and ending sessions.

use accunode_domain::Error;
use accunode_sheets::validate;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::{
    features::auth::service::session,
    http::{
        auth::{Can, Visitor, grant::UserSelf},
        body::Fields,
        done::Done,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// Who signs in.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Login {
    /// Address of the account; case does not matter.
    #[schema(min_length = 1, max_length = 255)]
    pub email: String,
    /// Its password.
    #[schema(min_length = 1, max_length = 1024)]
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
    /// At sign-in: what makes further access tokens, until the session ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refresh_token: Option<String>,
    /// There, and true, when nothing but changing the password is allowed until that is done.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    #[schema(required = false)]
    pub must_change_password: bool,
}

impl Token {
    /// A token without anything else.
    #[must_use]
    pub fn bearer(access_token: String, expires_in: i64) -> Self {
        let token_type = "bearer".to_owned();
        Self { access_token, token_type, expires_in, refresh_token: None, must_change_password: false }
    }
}

/// Sign in with e-mail and password.
#[utoipa::path(
    post, path = "/auth/login", tag = "auth", request_body = Login,
    responses(
        (status = OK, body = Token),
        (status = UNAUTHORIZED, description = "Wrong credentials or disabled account", body = Detail),
        (status = SERVICE_UNAVAILABLE, description = "Too many people sign in at once", body = Detail),
    )
)]
pub async fn login(
    State(state): State<AppState>,
    visitor: Visitor,
    mut fields: Fields,
) -> ApiResult<Json<Token>> {
    let email = fields.text("email", 255, |text| Ok(validate::plain_text(text, 255)?.to_lowercase()));
    let password = fields.secret("password");
    let (email, password) = fields.finish((email, password))?;
    visitor.count(&state, &format!("account {email}")).await?;
    Ok(Json(session::login(&state, &visitor.origin, &email, &password).await?))
}

/// A new access token; the bearer is the refresh token, which stays valid until its session ends.
#[utoipa::path(
    post, path = "/auth/refresh", tag = "auth", security(("bearer" = [])),
    responses(
        (status = OK, body = Token),
        (status = UNAUTHORIZED, description = "The session has ended, or the account is disabled", body = Detail),
    )
)]
pub async fn refresh(State(state): State<AppState>, visitor: Visitor) -> ApiResult<Json<Token>> {
    let missing = || Error::Unauthorized("Not authenticated".to_owned());
    let bearer = visitor.bearer.as_deref().ok_or_else(missing)?;
    visitor.count(&state, &format!("token {bearer}")).await?;
    Ok(Json(session::refresh(&state, bearer).await?))
}

/// Sign out. Whatever token comes as bearer, access or refresh, ends its session; without one nothing happens.
#[utoipa::path(
    post, path = "/auth/logout", tag = "auth",
    responses((status = OK, body = Done))
)]
pub async fn logout(State(state): State<AppState>, visitor: Visitor) -> ApiResult<Json<Done>> {
    if let Some(bearer) = &visitor.bearer {
        visitor.count(&state, &format!("token {bearer}")).await?;
        session::logout(&state, &visitor.origin, bearer).await?;
    }
    Ok(Done::json("Successfully logged out"))
}

/// Sign out everywhere: ends every session of the caller.
#[utoipa::path(
    post, path = "/auth/logout-all", tag = "auth", security(("bearer" = [])),
    responses(
        (status = OK, body = Done),
        (status = FORBIDDEN, description = "An API key may not do this", body = Detail),
    )
)]
pub async fn logout_all(State(state): State<AppState>, caller: Can<UserSelf>) -> ApiResult<Json<Done>> {
    session::logout_all(&state, &caller).await?;
    Ok(Done::json("Signed out everywhere"))
}
