//! Operations on organizations, and what they give.

pub mod access;
pub mod manage;
pub mod members;
pub mod people;
pub mod whitelist;

use accunode_db::Timestamp;
use serde::Serialize;
use sqlx::FromRow;
use utoipa::ToSchema;
use uuid::Uuid;

use super::store::PersonRow;

/// An organization.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema, FromRow)]
pub struct Organization {
    /// Id.
    pub id: Uuid,
    /// Its tenant.
    pub tenant_id: Option<Uuid>,
    /// Name, unique in the tenant.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// Internet domain.
    pub domain: Option<String>,
    /// A few words.
    pub description: Option<String>,
    /// Where its logo is.
    pub logo_url: Option<String>,
    /// How many people it can hold.
    pub max_users: i32,
    /// The token to join by, for those who may replace it.
    pub join_token: Option<String>,
    /// Whether people can join by the token.
    pub join_enabled: bool,
    /// Role of those who join.
    pub default_role: String,
    /// False when switched off: nobody of it can sign in.
    pub is_active: bool,
    /// Whether its people see the system's companies.
    pub allow_global_data_access: bool,
    /// Who made it.
    pub created_by: Option<Uuid>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// When it was last changed.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub updated_at: Option<Timestamp>,
    /// When the join token was made, for those who may replace it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub join_created_at: Option<Timestamp>,
    /// When the join token ends, for those who may replace it.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub join_expires_at: Option<Timestamp>,
}

/// Somebody of an organization or tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Member {
    /// Id.
    pub id: Uuid,
    /// Their tenant.
    pub tenant_id: Option<Uuid>,
    /// Their organization.
    pub organization_id: Option<Uuid>,
    /// Address.
    pub email: String,
    /// Unique name.
    pub username: Option<String>,
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

impl From<PersonRow> for Member {
    fn from(row: PersonRow) -> Self {
        Self {
            id: row.id,
            tenant_id: row.tenant_id,
            organization_id: row.organization_id,
            email: row.email,
            username: Some(row.username),
            full_name: row.full_name,
            role: row.role,
            is_active: row.is_active,
            created_at: row.created_at,
        }
    }
}

/// An organization's tenant.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct TenantCard {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// A few words.
    pub description: Option<String>,
    /// Name in addresses.
    pub tenant_code: String,
    /// Where its logo is.
    pub logo_url: Option<String>,
    /// False when switched off.
    pub is_active: bool,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Who runs it.
    pub tenant_admins: Vec<Member>,
    /// How many run it.
    pub total_tenant_admins: usize,
}

/// An organization with its tenant and its people.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganizationFull {
    /// The organization.
    #[serde(flatten)]
    pub organization: Organization,
    /// Its tenant.
    pub tenant: Option<TenantCard>,
    /// The first of those who run it.
    pub org_admin: Option<Member>,
    /// Its analysts.
    pub members: Vec<Member>,
    /// Its people.
    pub total_users: usize,
    /// Those of them who are switched on.
    pub active_users: usize,
    /// How many analysts there are.
    pub total_members: usize,
    /// Those of them who are switched on.
    pub active_members: usize,
}

/// Organizations, newest first.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganizationPage {
    /// The page's organizations.
    pub organizations: Vec<OrganizationFull>,
    /// Organizations on all pages.
    pub total: i64,
    /// Organizations before this page.
    pub skip: i64,
    /// As asked.
    pub limit: i64,
    /// People on this page who run an organization.
    pub total_admins: usize,
    /// Analysts on this page.
    pub total_members: usize,
    /// People on this page.
    pub total_users: usize,
}

/// Somebody who runs an organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganizationAdmin {
    /// Id.
    pub user_id: Uuid,
    /// Address.
    pub email: String,
    /// Name for people.
    pub full_name: Option<String>,
    /// Unique name.
    pub username: Option<String>,
    /// False when switched off.
    pub is_active: bool,
    /// When the account was last changed.
    #[schema(value_type = String, format = DateTime)]
    pub assigned_at: Timestamp,
}

impl From<PersonRow> for OrganizationAdmin {
    fn from(row: PersonRow) -> Self {
        Self {
            user_id: row.id,
            email: row.email,
            full_name: row.full_name,
            username: Some(row.username),
            is_active: row.is_active,
            assigned_at: row.updated_at.unwrap_or(row.created_at),
        }
    }
}

/// An organization with those who run it.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganizationDetailed {
    /// The organization.
    #[serde(flatten)]
    pub organization: Organization,
    /// Who runs it and is switched on.
    pub org_admins: Vec<OrganizationAdmin>,
    /// Its people.
    pub total_users: i64,
    /// Those of them who are switched on.
    pub active_users: i64,
    /// How many run it and are switched on.
    pub admin_count: usize,
}

/// An address that may join an organization.
#[derive(Clone, Debug, Serialize, ToSchema, FromRow)]
pub struct Whitelisted {
    /// Id of the entry.
    pub id: Uuid,
    /// The organization.
    pub organization_id: Uuid,
    /// The address, in lower case.
    pub email: String,
    /// Who added it.
    pub added_by: Option<Uuid>,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub added_at: Timestamp,
    /// `active`, or `inactive` when it does not count.
    pub status: String,
}
