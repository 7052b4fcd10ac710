//! Operations on the own API keys.

use accunode_db::Timestamp;
use accunode_domain::{ApiKeyId, Permission};
use accunode_sheets::validate;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::service::{self, NewKey};
use crate::{
    http::{
        auth::{Can, grant::ApiKeyManage},
        body::{Fields, Id},
        done::Done,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// A key to be made.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewApiKey {
    /// What it is for.
    #[schema(min_length = 1, max_length = 100)]
    pub name: String,
    /// What it may do: some of what its owner may, but neither `user.self` nor `api_key.manage`.
    #[schema(min_items = 1)]
    pub permissions: Vec<String>,
    /// Days until it ends; without it, it ends when it is revoked.
    #[schema(minimum = 1, maximum = 3650)]
    pub expires_in_days: Option<i64>,
}

/// A key without its secret.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKey {
    /// Id.
    pub id: Uuid,
    /// What it is for.
    pub name: String,
    /// Its first characters, to recognise it by.
    pub prefix: String,
    /// What it may do.
    pub permissions: Vec<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it ends.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Timestamp>,
    /// When it was used last, to the minute.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_used_at: Option<Timestamp>,
    /// When it was revoked.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Timestamp>,
}

/// A key that has just been made.
#[derive(Debug, Serialize, ToSchema)]
pub struct MadeApiKey {
    /// The secret, to be sent as `Authorization: Bearer …`. It is shown here and never again.
    pub key: String,
    /// The rest.
    #[serde(flatten)]
    pub about: ApiKey,
}

/// The own keys, the live ones first, then the newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct ApiKeys {
    /// At most 200.
    pub api_keys: Vec<ApiKey>,
}

/// Make an API key, confined to some of the own permissions. The key is shown once.
#[utoipa::path(
    post, path = "/api-keys", tag = "api_keys", security(("bearer" = [])), request_body = NewApiKey,
    responses(
        (status = OK, body = MadeApiKey),
        (status = FORBIDDEN, description = "Permissions that the caller lacks", body = Detail),
        (status = CONFLICT, description = "There are 50 live keys already", body = Detail),
    )
)]
pub async fn create(
    State(state): State<AppState>,
    caller: Can<ApiKeyManage>,
    mut fields: Fields,
) -> ApiResult<Json<MadeApiKey>> {
    let name = fields.text("name", 100, |text| validate::plain_text(text, 100));
    let permissions = permissions(&mut fields);
    let days = fields.optional_integer("expires_in_days", 1..=3_650);
    let new = fields.finish(NewKey { name, permissions, days: days.map(i64::unsigned_abs) })?;
    Ok(Json(service::create(&state, &caller, new).await?))
}

fn permissions(fields: &mut Fields) -> Vec<Permission> {
    const FIELD: &str = "permissions";
    let mut permissions = Vec::new();
    for name in fields.texts(FIELD, Permission::ALL.len()) {
        match name.parse() {
            Ok(permission) if service::OWNERS_ALONE.contains(&permission) => {
                fields.invalid(FIELD, &format!("'{name}' stays with the person, no key can have it"));
            }
            Ok(permission) => permissions.push(permission),
            Err(reason) => fields.invalid(FIELD, &reason),
        }
    }
    permissions
}

/// The own API keys.
#[utoipa::path(
    get, path = "/api-keys", tag = "api_keys", security(("bearer" = [])),
    responses((status = OK, body = ApiKeys))
)]
pub async fn list(State(state): State<AppState>, caller: Can<ApiKeyManage>) -> ApiResult<Json<ApiKeys>> {
    Ok(Json(ApiKeys { api_keys: service::list(&state, &caller).await? }))
}

/// Revoke one of the own API keys, for good.
#[utoipa::path(
    delete, path = "/api-keys/{id}", tag = "api_keys", security(("bearer" = [])),
    params(("id" = Uuid, Path, description = "The key")),
    responses(
        (status = OK, body = Done),
        (status = NOT_FOUND, description = "None of the caller's keys", body = Detail),
    )
)]
pub async fn revoke(
    State(state): State<AppState>,
    caller: Can<ApiKeyManage>,
    Id(id): Id<ApiKeyId>,
) -> ApiResult<Json<Done>> {
    service::revoke(&state, &caller, id).await?;
    Ok(Done::json("API key revoked"))
}
