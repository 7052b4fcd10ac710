//! Operations on those who run tenants and organizations.

use accunode_db::Timestamp;
use accunode_domain::{Error, OrganizationId, Result, Role, TenantId, UserId};
use accunode_sheets::validate;
use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use uuid::Uuid;

use super::service::{self, NewTenantWithAdmin};
use crate::{
    features::{
        accounts::{
            self,
            places::{self, MAX_DESCRIPTION, MAX_DOMAIN, place_name},
        },
        users::api::manage::ChangeRefused,
    },
    http::{
        auth::{
            Can,
            grant::{OrganizationAssign, TenantManage},
        },
        body::{Fields, Id},
        problem::{ApiResult, Detail},
    },
    state::AppState,
};

/// A tenant with the person who will run it.
#[derive(Debug, Deserialize, ToSchema)]
pub struct TenantWithAdmin {
    /// 2 to 100 characters, unique.
    #[schema(min_length = 2, max_length = 100)]
    pub tenant_name: String,
    /// A few words.
    #[schema(max_length = 2000)]
    pub tenant_description: Option<String>,
    /// Internet domain, unique.
    #[schema(max_length = 253)]
    pub tenant_domain: Option<String>,
    /// The person's address.
    #[schema(format = Email, max_length = 255)]
    pub admin_email: String,
    /// At least 8 characters, with a letter and a digit among them.
    #[schema(min_length = 8, max_length = 1024)]
    pub admin_password: String,
    /// The person's first name.
    #[schema(min_length = 1, max_length = 127)]
    pub admin_first_name: String,
    /// The person's last name.
    #[schema(min_length = 1, max_length = 127)]
    pub admin_last_name: String,
    /// Unique name; made from the address when it is missing.
    #[schema(max_length = 100)]
    pub admin_username: Option<String>,
    /// Whether to make an organization to begin with.
    #[schema(default = true)]
    pub create_default_org: Option<bool>,
    /// Its name; `<tenant> - Main Organization` when it is missing.
    #[schema(max_length = 100)]
    pub default_org_name: Option<String>,
    /// What it is about.
    #[schema(max_length = 2000)]
    pub default_org_description: Option<String>,
}

/// A new tenant and who runs it.
#[derive(Debug, Serialize, ToSchema)]
pub struct NewTenantMade {
    /// The tenant.
    pub tenant_id: Uuid,
    /// Its name.
    pub tenant_name: String,
    /// Its name in addresses.
    pub tenant_slug: String,
    /// Its internet domain.
    pub tenant_domain: Option<String>,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    pub tenant_created_at: Timestamp,
    /// The person, a tenant_admin.
    pub admin_user_id: Uuid,
    /// Their address.
    pub admin_email: String,
    /// Their name.
    pub admin_full_name: String,
    /// Their unique name.
    pub admin_username: String,
    /// When their account was made.
    #[schema(value_type = String, format = DateTime)]
    pub admin_created_at: Timestamp,
    /// The organization to begin with.
    pub default_org_id: Option<Uuid>,
    /// Its name.
    pub default_org_name: Option<String>,
    /// The token to join it by.
    pub default_org_join_token: Option<String>,
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
}

/// Who is to run a tenant.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewTenantAdmin {
    /// Address of an account.
    #[schema(format = Email, max_length = 255)]
    pub user_email: String,
    /// The tenant.
    pub tenant_id: Uuid,
}

/// Who runs a tenant now.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantAdminAssigned {
    /// The person.
    pub user_id: Uuid,
    /// Their address.
    pub user_email: String,
    /// The tenant.
    pub tenant_id: Uuid,
    /// Its name.
    pub tenant_name: String,
    /// The person's role before.
    pub previous_role: String,
    /// Always `tenant_admin`.
    pub new_role: String,
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
}

/// Whom to put into an organization.
#[derive(Debug, Deserialize, ToSchema)]
pub struct NewOrganizationMember {
    /// Address of an account.
    #[schema(format = Email, max_length = 255)]
    pub user_email: String,
    /// The organization.
    pub organization_id: Uuid,
    /// `org_member` or `org_admin`.
    #[schema(default = "org_member", pattern = "^(org_(member|admin))?$")]
    pub role: Option<String>,
}

/// Who was put into an organization.
#[derive(Debug, Serialize, ToSchema)]
pub struct OrganizationAssigned {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// The person.
    pub user_id: Uuid,
    /// Their address.
    pub user_email: String,
    /// The organization's name.
    pub organization_name: String,
    /// The person's role in it.
    pub assigned_role: String,
    /// Name of the organization's tenant, if it has one.
    pub tenant_name: Option<String>,
}

/// Somebody who runs a tenant.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct AdminOfTenant {
    /// The person.
    pub user_id: Uuid,
    /// Their address.
    pub email: String,
    /// Their name.
    pub full_name: Option<String>,
    /// Their unique name.
    pub username: String,
    /// Their organization.
    pub organization_id: Option<Uuid>,
    /// Always `tenant_admin`.
    pub role: String,
    /// When the account was made.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// The last sign-in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub last_login: Option<Timestamp>,
}

/// An organization of a tenant, in short.
#[derive(Debug, Serialize, ToSchema, sqlx::FromRow)]
pub struct OrganizationOfTenant {
    /// Id.
    pub id: Uuid,
    /// Name.
    pub name: String,
    /// Name in addresses.
    pub slug: String,
    /// False when switched off.
    pub is_active: bool,
}

/// Who runs a tenant, and what it consists of.
#[derive(Debug, Serialize, ToSchema)]
pub struct AdminInfo {
    /// The tenant.
    pub tenant_id: Uuid,
    /// Its name.
    pub tenant_name: String,
    /// Those who run it.
    pub tenant_admins: Vec<AdminOfTenant>,
    /// How many organizations it has.
    pub organizations_count: usize,
    /// The organizations.
    pub organizations: Vec<OrganizationOfTenant>,
}

/// Somebody who ran a tenant.
#[derive(Debug, Serialize, ToSchema)]
pub struct TenantAdminRemoved {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
    /// The person.
    pub user_id: Uuid,
    /// Their address.
    pub user_email: String,
    /// Name of the tenant that they ran.
    pub previous_tenant: Option<String>,
    /// Always `user`.
    pub new_role: String,
}

fn read(mut fields: Fields) -> Result<NewTenantWithAdmin> {
    let some = |text: Option<String>| text.filter(|t| !t.is_empty());
    let few_words = |text: &str| validate::plain_text(text, MAX_DESCRIPTION);
    let name = fields.text("tenant_name", 100, place_name);
    let description = some(fields.optional_text("tenant_description", MAX_DESCRIPTION, few_words));
    let domain = some(fields.optional_text("tenant_domain", MAX_DOMAIN, |text| Ok(text.to_owned())));
    let email = fields.email("admin_email");
    let password = fields.new_password("admin_password");
    let first = fields.text("admin_first_name", 127, |text| validate::plain_text(text, 127));
    let last = fields.text("admin_last_name", 127, |text| validate::plain_text(text, 127));
    let username = some(fields.optional_text("admin_username", 100, accounts::username));
    let wanted = fields.optional_flag("create_default_org").unwrap_or(true);
    let organization = some(fields.optional_text("default_org_name", 100, place_name));
    let about = some(fields.optional_text("default_org_description", MAX_DESCRIPTION, few_words));
    let new = fields.finish(NewTenantWithAdmin {
        name,
        description,
        domain,
        email,
        password,
        full_name: format!("{first} {last}"),
        username,
        organization: wanted.then_some((organization, about)),
    })?;
    let domain = new.domain.as_deref().map(places::domain).transpose()?;
    Ok(NewTenantWithAdmin { domain, ..new })
}

/// Make a tenant, the person who runs it, and an organization to begin with: all of it or nothing.
#[utoipa::path(
    post, path = "/tenant-admin/create-tenant-with-admin", tag = "tenant_admins", request_body = TenantWithAdmin,
    security(("bearer" = [])),
    responses(
        (status = OK, body = NewTenantMade),
        (status = BAD_REQUEST, description = "A name, domain or address that is taken, or no domain", body = Detail),
        (status = FORBIDDEN, description = "Not a super_admin", body = Detail),
        (status = CONFLICT, description = "The name has just been taken", body = Detail),
    )
)]
pub async fn create_tenant_with_admin(
    State(state): State<AppState>,
    caller: Can<TenantManage>,
    fields: Fields,
) -> ApiResult<Json<NewTenantMade>> {
    let new = read(fields)?;
    Ok(Json(service::create(&state, &caller, &new).await?))
}

/// Let an existing person run a tenant.
#[utoipa::path(
    post, path = "/tenant-admin/assign-existing-user", tag = "tenant_admins", request_body = NewTenantAdmin,
    security(("bearer" = [])),
    responses((status = OK, body = TenantAdminAssigned), ChangeRefused)
)]
pub async fn assign_existing_user(
    State(state): State<AppState>,
    caller: Can<TenantManage>,
    mut fields: Fields,
) -> ApiResult<Json<TenantAdminAssigned>> {
    let email = fields.email("user_email");
    let tenant = TenantId(fields.id("tenant_id"));
    let (email, tenant) = fields.finish((email, tenant))?;
    Ok(Json(service::assign_admin(&state, &caller, &email, tenant).await?))
}

/// Put an existing person into an organization, or change their role in it. A tenant_admin can do so with the
/// tenant's own people, and with people of no tenant whose address the organization expects.
#[utoipa::path(
    post, path = "/tenant-admin/assign-user-to-organization", tag = "tenant_admins",
    request_body = NewOrganizationMember, security(("bearer" = [])),
    responses((status = OK, body = OrganizationAssigned), ChangeRefused)
)]
pub async fn assign_user_to_organization(
    State(state): State<AppState>,
    caller: Can<OrganizationAssign>,
    mut fields: Fields,
) -> ApiResult<Json<OrganizationAssigned>> {
    let email = fields.email("user_email");
    let organization = OrganizationId(fields.id("organization_id"));
    let role = fields.optional_text("role", 20, |text| Ok(text.to_owned())).filter(|t| !t.is_empty());
    let (email, organization, role) = fields.finish((email, organization, role))?;
    let role = match role.as_deref() {
        None | Some("org_member") => Role::OrgMember,
        Some("org_admin") => Role::OrgAdmin,
        Some(_) => {
            return Err(
                Error::BadRequest("The role is expected to be org_member or org_admin".to_owned()).into()
            );
        }
    };
    Ok(Json(service::assign_to_organization(&state, &caller, &email, organization, role).await?))
}

/// Who runs a tenant, and which organizations it has.
#[utoipa::path(
    get, path = "/tenant-admin/tenant/{tenant_id}/admin-info", tag = "tenant_admins", security(("bearer" = [])),
    params(("tenant_id" = String, Path, format = Uuid, description = "The tenant")),
    responses(
        (status = OK, body = AdminInfo),
        (status = FORBIDDEN, description = "Not a super_admin", body = Detail),
    )
)]
pub async fn tenant_admin_info(
    State(state): State<AppState>,
    caller: Can<TenantManage>,
    Id(tenant): Id<TenantId>,
) -> ApiResult<Json<AdminInfo>> {
    Ok(Json(service::admin_info(&state, &caller, tenant).await?))
}

/// Take a tenant's administration back from somebody, who then belongs nowhere.
#[utoipa::path(
    delete, path = "/tenant-admin/remove-tenant-admin/{user_id}", tag = "tenant_admins",
    security(("bearer" = [])),
    params(("user_id" = String, Path, format = Uuid, description = "Who runs the tenant")),
    responses((status = OK, body = TenantAdminRemoved), ChangeRefused)
)]
pub async fn remove_tenant_admin(
    State(state): State<AppState>,
    caller: Can<TenantManage>,
    Id(id): Id<UserId>,
) -> ApiResult<Json<TenantAdminRemoved>> {
    Ok(Json(service::remove_admin(&state, &caller, id.0).await?))
}
