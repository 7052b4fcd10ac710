//! The caller's own account and its surroundings.

use accunode_db::Timestamp;
use axum::{Json, extract::State};
use serde::Serialize;
use utoipa::ToSchema;
use uuid::Uuid;

use super::User;
use crate::{
    features::users::service,
    http::{
        auth::{Can, grant::UserSelf},
        problem::ApiResult,
    },
    state::AppState,
};

/// The caller, with what their role sees of its surroundings.
#[derive(Debug, Serialize, ToSchema)]
pub struct Me {
    /// The person.
    #[serde(flatten)]
    pub user: User,
    /// `global`, `tenant`, `organization` or `personal`.
    pub access_level: String,
    /// What the role may do, in words that clients know.
    pub permissions: Vec<String>,
    /// The organization; of a tenant_admin and super_admin, none.
    pub organization: Option<OwnOrganization>,
    /// The tenant.
    pub tenant: Option<OwnTenant>,
    /// All tenants, for a super_admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tenants: Option<Vec<TenantOverview>>,
    /// The tenant's organizations, for a tenant_admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub organizations: Option<Vec<OrganizationOverview>>,
    /// The organization's people, for an org_admin.
    pub organization_members: Option<Vec<MemberOverview>>,
    /// Number of tenants, for a super_admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_tenants: Option<i64>,
    /// Number of organizations, for a super_admin.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total_organizations: Option<i64>,
}

/// The caller's organization.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct OwnOrganization {
    /// Id.
    pub id: Uuid,
    /// The tenant it belongs to.
    #[serde(skip)]
    pub tenant_id: Option<Uuid>,
    /// Name.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// Internet domain.
    pub domain: Option<String>,
    /// A few words.
    pub description: Option<String>,
    /// False when switched off.
    pub is_active: bool,
    /// Whether people can join by the link.
    pub join_enabled: bool,
    /// Role of those who join.
    pub default_role: String,
    /// How many people it can hold.
    pub max_users: i32,
    /// How many it holds.
    pub current_users: i64,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The token to join by, for its org_admin alone.
    pub join_token: Option<String>,
}

/// The caller's tenant. What only a tenant_admin sees is null for others.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct OwnTenant {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// Internet domain.
    pub domain: Option<String>,
    /// A few words.
    pub description: Option<String>,
    /// False when switched off.
    pub is_active: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Number of organizations.
    pub total_organizations: Option<i64>,
    /// Number of people.
    pub total_users: Option<i64>,
}

/// A tenant as the super_admin sees it.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantOverview {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// Internet domain.
    pub domain: Option<String>,
    /// A few words.
    pub description: Option<String>,
    /// False when switched off.
    pub is_active: bool,
    /// Its organizations.
    pub organizations: Vec<OrganizationOverview>,
}

/// An organization as its tenant_admin sees it.
#[derive(Clone, Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct OrganizationOverview {
    /// Id.
    pub id: Uuid,
    /// The tenant it belongs to.
    #[serde(skip)]
    pub tenant_id: Option<Uuid>,
    /// Name.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// Internet domain.
    pub domain: Option<String>,
    /// False when switched off.
    pub is_active: bool,
    /// Number of people.
    pub member_count: i64,
    /// Address of its first administrator.
    pub admin_email: Option<String>,
}

/// A colleague.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct MemberOverview {
    /// Id.
    pub id: Uuid,
    /// Address.
    pub email: String,
    /// Name for people.
    pub full_name: Option<String>,
    /// Role.
    pub role: String,
    /// False when switched off.
    pub is_active: bool,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    pub joined_at: Timestamp,
}

/// The caller's own account and surroundings.
#[utoipa::path(
    get, path = "/users/me", tag = "users", security(("bearer" = [])),
    responses((status = OK, body = Me))
)]
pub async fn me(State(state): State<AppState>, caller: Can<UserSelf>) -> ApiResult<Json<Me>> {
    Ok(Json(service::me::me(&state, &caller).await?))
}
