//! Operations on tenants.

use accunode_db::Timestamp;
use accunode_domain::TenantId;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use sqlx::FromRow;
use utoipa::{IntoParams, ToSchema};
use uuid::Uuid;

use super::service::{self, Change, New};
use crate::{
    features::{
        accounts::places::{MAX_DESCRIPTION, MAX_DOMAIN, MAX_LOGO_URL, place_name},
        organizations::{api::manage::DeleteParams, store::PersonRow},
    },
    http::{
        auth::{
            Can,
            grant::{TenantManage, TenantRead, TenantUpdate},
        },
        body::{Fields, Id, Query, plain, web_address},
        done::Done,
        paging::SkipLimit,
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// A tenant.
#[derive(Clone, Debug, Serialize, ToSchema, FromRow)]
pub struct Tenant {
    /// Id.
    pub id: Uuid,
    /// Unique name.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// Internet domain.
    pub domain: Option<String>,
    /// A few words.
    pub description: Option<String>,
    /// Where its logo is.
    pub logo_url: Option<String>,
    /// False when switched off: nobody of it can sign in.
    pub is_active: bool,
    /// Who made it.
    pub created_by: Option<Uuid>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
}

/// Somebody in a tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Person {
    /// Id.
    pub id: Uuid,
    /// Address.
    pub email: String,
    /// Unique name.
    pub username: String,
    /// Name for people.
    pub full_name: Option<String>,
    /// Role.
    pub role: String,
    /// False when switched off.
    pub is_active: bool,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Self {
        Self {
            id: row.id,
            email: row.email,
            username: row.username,
            full_name: row.full_name,
            role: row.role,
            is_active: row.is_active,
            created_at: row.created_at,
        }
    }
}

/// Somebody who runs a tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TenantAdmin {
    /// The person.
    #[serde(flatten)]
    pub person: Person,
    /// The last sign-in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_login: Option<Timestamp>,
}

impl From<PersonRow> for TenantAdmin {
    fn from(row: PersonRow) -> Self {
        Self { last_login: row.last_login, person: row.into() }
    }
}

/// An organization as its tenant lists it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganizationInTenant {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// A few words.
    pub description: Option<String>,
    /// False when switched off.
    pub is_active: bool,
    /// The token to join by, for those who may replace it.
    pub join_token: Option<String>,
    /// Whether people can join by the token.
    pub join_enabled: bool,
    /// Role of those who join.
    pub default_role: String,
    /// How many people it can hold.
    pub max_users: i32,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
    /// The first of those who run it.
    pub admin: Option<Person>,
    /// Its analysts.
    pub members: Vec<Person>,
    /// Its analysts, and the one who runs it.
    pub total_users: usize,
}

/// A tenant with its organizations and people.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantFull {
    /// The tenant.
    #[serde(flatten)]
    pub tenant: Tenant,
    /// Who runs it.
    pub tenant_admins: Vec<TenantAdmin>,
    /// How many run it.
    pub total_tenant_admins: usize,
    /// Its organizations.
    pub organizations: Vec<OrganizationInTenant>,
    /// How many organizations it has.
    pub total_organizations: usize,
    /// Those of them that are switched on.
    pub active_organizations: usize,
    /// Its people, in an organization or not.
    pub total_users_in_tenant: usize,
    /// Those of them who are switched on.
    pub total_active_users: usize,
}

/// Tenants, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantPage {
    /// The part of the list that was asked for.
    pub tenants: Vec<TenantFull>,
    /// Tenants in all.
    pub total: i64,
    /// As asked.
    pub skip: i64,
    /// As asked.
    pub limit: i64,
    /// People in this part who run a tenant.
    pub total_tenant_admins: usize,
    /// Organizations in this part.
    pub total_organizations: usize,
    /// People in this part.
    pub total_users: usize,
}

/// A tenant's figures.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantStats {
    /// Id.
    pub tenant_id: Uuid,
    /// Name.
    pub tenant_name: String,
    /// Its organizations.
    pub total_organizations: i64,
    /// Those of them that are switched on.
    pub active_organizations: i64,
    /// People in its organizations.
    pub total_users: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
}

/// A tenant to make.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // the document's shape; the handler reads the fields one by one to name every problem
pub struct NewTenant {
    /// 2 to 100 characters, unique on the platform.
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
}

/// What to change of a tenant: what is not there stays as it is, null takes away.
#[derive(Debug, Deserialize, ToSchema)]
#[allow(dead_code)] // as above
pub struct TenantChange {
    /// 2 to 100 characters, unique on the platform.
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
    /// Whether its people can sign in. For a super_admin alone to change.
    is_active: Option<bool>,
}

/// Make a tenant.
#[utoipa::path(
    post, path = "/tenants", tag = "tenants", request_body = NewTenant, security(("bearer" = [])),
    responses(
        (status = OK, body = Tenant),
        (status = BAD_REQUEST, description = "The name or domain is taken, or the domain is none", body = Detail),
        (status = CONFLICT, description = "The name was taken at the same moment", body = Detail),
    )
)]
pub async fn create(
    State(state): State<AppState>,
    caller: Can<TenantManage>,
    mut fields: Fields,
) -> ApiResult<Json<Tenant>> {
    let new = New {
        name: fields.text("name", 100, place_name),
        domain: fields.clearable_text("domain", MAX_DOMAIN, plain).flatten(),
        description: fields.clearable_text("description", MAX_DESCRIPTION, plain).flatten(),
        logo_url: fields.clearable_text("logo_url", MAX_LOGO_URL, web_address).flatten(),
    };
    let new = fields.finish(new)?;
    Ok(Json(service::create(&state, &caller, new).await?))
}

/// What to list.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct TenantParams {
    /// Part of a name, domain or description, in any case.
    #[param(max_length = 100)]
    search: Option<String>,
    /// Only those that are switched on, or off.
    is_active: Option<bool>,
}

/// The tenants in the caller's sight with their organizations and people, newest first.
#[utoipa::path(
    get, path = "/tenants", tag = "tenants", params(SkipLimit, TenantParams), security(("bearer" = [])),
    responses(
        (status = OK, body = TenantPage),
        (status = BAD_REQUEST, description = "A tenant_admin without tenant", body = Detail),
    )
)]
pub async fn list(
    State(state): State<AppState>,
    caller: Can<TenantRead>,
    Query(part): Query<SkipLimit>,
    Query(params): Query<TenantParams>,
) -> ApiResult<Json<TenantPage>> {
    let part = part.window()?;
    Ok(Json(service::list(&state, &caller, params.search.as_deref(), params.is_active, part).await?))
}

/// A tenant with its organizations and people.
#[utoipa::path(
    get, path = "/tenants/{id}", tag = "tenants", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = TenantFull),
    )
)]
pub async fn get(
    State(state): State<AppState>,
    caller: Can<TenantRead>,
    Id(id): Id<TenantId>,
) -> ApiResult<Json<TenantFull>> {
    Ok(Json(service::get(&state, &caller, id).await?))
}

/// Change a tenant.
#[utoipa::path(
    put, path = "/tenants/{id}", tag = "tenants", request_body = TenantChange, security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = Tenant),
        (status = BAD_REQUEST, description = "The name or domain is taken, or the domain is none", body = Detail),
        (status = FORBIDDEN, description = "Not for this role, or is_active is not", body = Detail),
    )
)]
pub async fn update(
    State(state): State<AppState>,
    caller: Can<TenantUpdate>,
    Id(id): Id<TenantId>,
    mut fields: Fields,
) -> ApiResult<Json<Tenant>> {
    let change = Change {
        name: fields.text_if_there("name", 100, place_name),
        domain: fields.clearable_text("domain", MAX_DOMAIN, plain),
        description: fields.clearable_text("description", MAX_DESCRIPTION, plain),
        logo_url: fields.clearable_text("logo_url", MAX_LOGO_URL, web_address),
        is_active: fields.optional_flag("is_active"),
    };
    let change = fields.finish(change)?;
    Ok(Json(service::update(&state, &caller, id, change).await?))
}

/// Archive a tenant.
#[utoipa::path(
    delete, path = "/tenants/{id}", tag = "tenants", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid), DeleteParams),
    responses(
        (status = OK, body = Done),
        (status = BAD_REQUEST, description = "It has organizations or people, and force was not said", body = Detail),
    )
)]
pub async fn delete(
    State(state): State<AppState>,
    caller: Can<TenantManage>,
    Id(id): Id<TenantId>,
    Query(params): Query<DeleteParams>,
) -> ApiResult<Json<Done>> {
    let name = service::delete(&state, &caller, id, params.force).await?;
    Ok(Done::json(format!("{name} is archived")))
}

/// A tenant's figures.
#[utoipa::path(
    get, path = "/tenants/{id}/stats", tag = "tenants", security(("bearer" = [])),
    params(("id" = String, Path, format = Uuid)),
    responses(
        (status = OK, body = TenantStats),
    )
)]
pub async fn stats(
    State(state): State<AppState>,
    caller: Can<TenantRead>,
    Id(id): Id<TenantId>,
) -> ApiResult<Json<TenantStats>> {
    Ok(Json(service::stats(&state, &caller, id).await?))
}
