//! Make, find, change and archive organizations.

use accunode_domain::OrganizationId;
use axum::{Json, extract::State};
use serde::Deserialize;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::{Organization, OrganizationFull, OrganizationPage};
use crate::{
    features::{
        accounts::places::{MAX_DESCRIPTION, MAX_DOMAIN, MAX_LOGO_URL, place_name},
        organizations::service::{self, New, change::Change},
    },
    http::{
        auth::{
            Can,
            grant::{OrganizationCreate, OrganizationDelete, OrganizationRead, OrganizationUpdate},
        },
        body::{Fields, Id, Query, plain, web_address},
        done::Done,
        paging::PageLimit,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// An organization to make.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape; the handler reads the fields one by one to name every problem
pub struct NewOrganization {
    /// 2 to 100 characters, unique in the tenant.
    #[schema(min_length = 2, max_length = 100)]
    name: String,
    /// Internet domain, unique on the platform.
    #[schema(max_length = 253)]
    domain: Option<String>,
    /// A few words.
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// Address of its logo on the web.
    #[schema(max_length = 500)]
    logo_url: Option<String>,
    /// Its tenant: the caller's own, or for a super_admin any or none.
    tenant_id: Option<Uuid>,
    /// How many people it can hold.
    #[schema(minimum = 1, maximum = 10_000, default = 500)]
    max_users: Option<i32>,
    /// Role of those who join: `org_member`.
    #[schema(default = "org_member", pattern = "^org_member$")]
    default_role: Option<String>,
}

/// What to change of an organization: what is not there stays as it is, null takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // as above
pub struct OrganizationChange {
    /// 2 to 100 characters, unique in the tenant.
    #[schema(min_length = 2, max_length = 100)]
    name: Option<String>,
    /// Internet domain, unique on the platform.
    #[schema(max_length = 253)]
    domain: Option<String>,
    /// A few words.
    #[schema(max_length = 2000)]
    description: Option<String>,
    /// Address of its logo on the web.
    #[schema(max_length = 500)]
    logo_url: Option<String>,
    /// How many people it can hold. Not for an org_admin to change.
    #[schema(minimum = 1, maximum = 10_000)]
    max_users: Option<i32>,
    /// Role of those who join: `org_member`. Not for an org_admin to change.
    default_role: Option<String>,
    /// Whether people can join by the token.
    join_enabled: Option<bool>,
    /// Whether its people can sign in. Not for an org_admin to change.
    is_active: Option<bool>,
    /// Whether its people see the system's companies. Not for an org_admin to change.
    allow_global_data_access: Option<bool>,
}

fn max_users(fields: &mut Fields) -> Option<i32> {
    fields.optional_integer("max_users", 1..=10_000).and_then(|n| i32::try_from(n).ok())
}

/// Make an organization.
#[utoipa::path(
    post, path = "/organizations", tag = "organizations", request_body = NewOrganization,
    security(("bearer" = [])),
    responses(
        (status = OK, body = Organization),
        (status = BAD_REQUEST, description = "The tenant is switched off, or the name or domain is taken or is none", body = Detail),
        (status = FORBIDDEN, description = "Not for this role, or in another tenant", body = Detail),
        (status = NOT_FOUND, description = "No such tenant", body = Detail),
        (status = CONFLICT, description = "The name was taken at the same moment", body = Detail),
    )
)]
pub async fn create(
    State(state): State<AppState>,
    caller: Can<OrganizationCreate>,
    mut fields: Fields,
) -> ApiResult<Json<Organization>> {
    let new = New {
        name: fields.text("name", 100, place_name),
        domain: fields.clearable_text("domain", MAX_DOMAIN, plain).flatten(),
        description: fields.clearable_text("description", MAX_DESCRIPTION, plain).flatten(),
        logo_url: fields.clearable_text("logo_url", MAX_LOGO_URL, web_address).flatten(),
        tenant: fields.optional_id("tenant_id"),
        max_users: max_users(&mut fields).unwrap_or(500),
        default_role: fields.text_if_there("default_role", 50, plain),
    };
    let new = fields.finish(new)?;
    Ok(Json(service::create(&state, &caller, new).await?))
}

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct OrganizationParams {
    /// Part of a name, domain or description, in any case.
    #[param(max_length = 100)]
    search: Option<String>,
    /// Only those that are switched on, or off.
    is_active: Option<bool>,
    /// Only those of one tenant.
    tenant_id: Option<Uuid>,
}

/// The organizations in the caller's sight with their people, newest first.
#[utoipa::path(
    get, path = "/organizations", tag = "organizations", params(PageLimit, OrganizationParams),
    security(("bearer" = [])),
    responses(
        (status = OK, body = OrganizationPage),
        (status = BAD_REQUEST, description = "A tenant_admin without tenant", body = Detail),
    )
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Can<OrganizationRead>,
    Query(page): Query<PageLimit>,
    Query(params): Query<OrganizationParams>,
) -> ApiResult<Json<OrganizationPage>> {
    let OrganizationParams { search, is_active, tenant_id } = params;
    let part = page.window()?;
    Ok(Json(service::list(&state, &caller, search.as_deref(), is_active, tenant_id, part).await?))
}

/// An organization with its tenant and its people.
#[utoipa::path(
    get, path = "/organizations/{id}", tag = "organizations", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = OrganizationFull),
    )
)]
pub async fn get(
    State(state): State<AppState>,
    caller: Can<OrganizationRead>,
    Id(id): Id<OrganizationId>,
) -> ApiResult<Json<OrganizationFull>> {
    Ok(Json(service::get(&state, &caller, id).await?))
}

/// Change an organization.
#[utoipa::path(
    put, path = "/organizations/{id}", tag = "organizations", request_body = OrganizationChange,
    security(("bearer" = [])), params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = Organization),
        (status = BAD_REQUEST, description = "The name or domain is taken or is none, or more people are in it", body = Detail),
        (status = FORBIDDEN, description = "Not for this role, or one of the fields is not", body = Detail),
    )
)]
pub async fn update(
    State(state): State<AppState>,
    caller: Can<OrganizationUpdate>,
    Id(id): Id<OrganizationId>,
    mut fields: Fields,
) -> ApiResult<Json<Organization>> {
    let change = Change {
        name: fields.text_if_there("name", 100, place_name),
        domain: fields.clearable_text("domain", MAX_DOMAIN, plain),
        description: fields.clearable_text("description", MAX_DESCRIPTION, plain),
        logo_url: fields.clearable_text("logo_url", MAX_LOGO_URL, web_address),
        max_users: max_users(&mut fields),
        default_role: fields.text_if_there("default_role", 50, plain),
        join_enabled: fields.optional_flag("join_enabled"),
        is_active: fields.optional_flag("is_active"),
        allow_global_data_access: fields.optional_flag("allow_global_data_access"),
    };
    let change = fields.finish(change)?;
    Ok(Json(service::change::update(&state, &caller, id, change).await?))
}

/// Whether to archive what is still in use.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct DeleteParams {
    /// Archive it although people are in it: they can no longer sign in, and its data stays.
    #[serde(default)]
    #[param(default = false)]
    pub force: bool,
}

/// Archive an organization.
#[utoipa::path(
    delete, path = "/organizations/{id}", tag = "organizations", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), DeleteParams),
    responses(
        (status = OK, body = Done),
        (status = BAD_REQUEST, description = "People are in it, and force was not said", body = Detail),
    )
)]
pub async fn delete(
    State(state): State<AppState>,
    caller: Can<OrganizationDelete>,
    Id(id): Id<OrganizationId>,
    Query(params): Query<DeleteParams>,
) -> ApiResult<Json<Done>> {
    let name = service::delete(&state, &caller, id, params.force).await?;
    Ok(Done::json(format!("{name} is archived")))
}
