//! Who may join an organization.

use accunode_domain::OrganizationId;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::Whitelisted;
use crate::{
    features::organizations::service::whitelist,
    http::{
        auth::{Can, grant::OrganizationWhitelist},
        body::{Fields, Id, Ids, Query},
        done::Done,
        paging::SkipLimit,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// Addresses that may join, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct WhitelistPage {
    /// The part of the list that was asked for.
    pub whitelist: Vec<Whitelisted>,
    /// Addresses in all.
    pub total: i64,
    /// As asked.
    pub skip: i64,
    /// As asked.
    pub limit: i64,
}

/// The addresses that may join an organization, newest first.
#[utoipa::path(
    get, path = "/organizations/{id}/whitelist", tag = "organizations", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), SkipLimit),
    responses(
        (status = OK, body = WhitelistPage),
    )
)]
pub async fn whitelist(
    State(state): State<AppState>,
    caller: Can<OrganizationWhitelist>,
    Id(id): Id<OrganizationId>,
    Query(part): Query<SkipLimit>,
) -> ApiResult<Json<WhitelistPage>> {
    let part = part.window()?;
    let (whitelist, total) = whitelist::list(&state, &caller, id, part).await?;
    Ok(Json(WhitelistPage { whitelist, total, skip: part.skip, limit: part.limit }))
}

/// An address to let in.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape; the handler reads the field to name what is wrong
pub struct NewWhitelisted {
    /// Stored in lower case.
    #[schema(format = Email, max_length = 255)]
    email: String,
}

/// Let an address join an organization.
#[utoipa::path(
    post, path = "/organizations/{id}/whitelist", tag = "organizations", request_body = NewWhitelisted,
    security(("bearer" = [])), params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = Whitelisted),
        (status = BAD_REQUEST, description = "It is on the list already", body = Detail),
    )
)]
pub async fn add_to_whitelist(
    State(state): State<AppState>,
    caller: Can<OrganizationWhitelist>,
    Id(id): Id<OrganizationId>,
    mut fields: Fields,
) -> ApiResult<Json<Whitelisted>> {
    let email = fields.email("email");
    let email = fields.finish(email)?;
    Ok(Json(whitelist::add(&state, &caller, id, &email).await?))
}

/// No longer let an address join an organization.
#[utoipa::path(
    delete, path = "/organizations/{id}/whitelist/{email}", tag = "organizations", security(("bearer" = [])),
    params(
        ("id" = String, Path, format = Uuid),
        ("email" = String, Path, description = "The address, in any case"),
    ),
    responses(
        (status = OK, body = Done),
    )
)]
pub async fn remove_from_whitelist(
    State(state): State<AppState>,
    caller: Can<OrganizationWhitelist>,
    Ids(id, email): Ids<OrganizationId, String>,
) -> ApiResult<Json<Done>> {
    let email = whitelist::remove(&state, &caller, id, &email).await?;
    Ok(Done::json(format!("{email} may no longer join")))
}
