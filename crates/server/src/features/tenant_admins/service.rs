//! Rules of who runs tenants and organizations.

use accunode_db::{Timestamp, Tx};
use accunode_domain::{Belongs, Error, OrganizationId, Permission, Result, Role, TenantId};
use serde_json::json;
use uuid::Uuid;

use super::{
    api::{AdminInfo, NewTenantMade, OrganizationAssigned, TenantAdminAssigned, TenantAdminRemoved},
    store,
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        accounts::{
            self,
            places::{self, NewOrganization, NewTenant, StoredOrganization, StoredTenant},
            service::{By, NewAccount, Placement},
            store::Account,
        },
        organizations::service::members::{self, Assignment, Whom},
        users::service::administration::place,
    },
    state::AppState,
};

/// A tenant to make, with the person who will run it.
#[derive(Clone, Debug)]
pub struct NewTenantWithAdmin {
    /// The tenant's name.
    pub name: String,
    /// What it is about.
    pub description: Option<String>,
    /// Its internet domain.
    pub domain: Option<String>,
    /// The person's address.
    pub email: String,
    /// The person's password.
    pub password: String,
    /// The person's name.
    pub full_name: String,
    /// Unique name; none: made from the address.
    pub username: Option<String>,
    /// The organization to begin with: its name, if not the usual one, and what it is about.
    pub organization: Option<(Option<String>, Option<String>)>,
}

/// Makes a tenant, the person who runs it, and an organization to begin with, or none of them.
///
/// # Errors
/// [`Error::BadRequest`] when the tenant's name or domain or the person's address or user name is taken.
pub async fn create(state: &AppState, caller: &Caller, new: &NewTenantWithAdmin) -> Result<NewTenantMade> {
    let password_hash = state.passwords.hash(&new.password).await?;
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let tenant = NewTenant {
        name: &new.name,
        domain: new.domain.as_deref(),
        description: new.description.as_deref(),
        logo_url: None,
        created_by: caller.user_id,
    };
    let stored = places::insert_tenant(&mut tx, &tenant, now).await?;
    let organization = match &new.organization {
        Some((name, description)) => {
            let name = name.clone().unwrap_or_else(|| format!("{} - Main Organization", new.name));
            let first = NewOrganization {
                description: description.as_deref(),
                ..NewOrganization::named(&name, Some(stored.id), caller.user_id)
            };
            Some((places::insert_organization(&mut tx, &first, now).await?, name))
        }
        None => None,
    };
    let account = NewAccount {
        email: &new.email,
        username: new.username.as_deref(),
        password_hash: &password_hash,
        full_name: Some(&new.full_name),
        placement: Placement {
            role: Role::TenantAdmin,
            tenant: Some(stored.id),
            organization: organization.as_ref().map(|(o, _)| o.id),
            active: true,
        },
        must_change_password: false,
    };
    let admin = accounts::service::create(&mut tx, By::Admin(caller), account, now).await?;
    for event in beginnings(new, &stored, organization.as_ref(), &admin) {
        audit::record(&mut tx, caller, event.tenant(Some(stored.id)), now).await?;
    }
    tx.commit().await?;
    Ok(NewTenantMade::of(new, stored, organization, admin, now))
}

fn beginnings(
    new: &NewTenantWithAdmin,
    tenant: &StoredTenant,
    organization: Option<&(StoredOrganization, String)>,
    admin: &Account,
) -> Vec<Event> {
    let state = json!({ "name": new.name, "slug": tenant.slug, "domain": new.domain });
    let mut events = vec![Event::done("tenant.create").on("tenant", tenant.id).after(state)];
    if let Some((stored, name)) = organization {
        let state = json!({ "name": name, "slug": stored.slug, "tenant_id": tenant.id });
        events.push(Event::done("organization.create").on("organization", stored.id).after(state));
    }
    events.push(Event::done("user.create").on("user", admin.id).after(admin.state()));
    events
}

async fn tenant_name(tx: &mut Tx, id: TenantId) -> Result<String> {
    let name = store::tenant_name(tx, id.0).await?;
    name.ok_or_else(|| Error::NotFound("Tenant not found".to_owned()))
}

fn unknown() -> Error {
    Error::NotFound("User not found".to_owned())
}

/// Lets an existing person run a tenant. They keep their organization if it is the tenant's, and leave any other.
///
/// # Errors
/// [`Error::NotFound`] for an unknown address or tenant; [`Error::BadRequest`] for a super_admin, for somebody who
/// runs another tenant, and for the last administrator of an organization.
pub async fn assign_admin(
    state: &AppState,
    caller: &Caller,
    email: &str,
    tenant: TenantId,
) -> Result<TenantAdminAssigned> {
    let mut tx = state.db.scoped(caller).await?;
    let name = tenant_name(&mut tx, tenant).await?;
    let before = accounts::store::visible_by_email(&mut tx, email).await?.ok_or_else(unknown)?;
    let stands = Placement::of(&before)?;
    let previous = before.role.clone();
    let (account, message) = match stands.role {
        Role::SuperAdmin => {
            return Err(Error::BadRequest("A super_admin belongs to no tenant".to_owned()));
        }
        Role::TenantAdmin if stands.tenant == Some(tenant) => {
            (before, format!("{email} runs {name} already"))
        }
        Role::TenantAdmin => return Err(Error::BadRequest("The user runs another tenant".to_owned())),
        _ => {
            let organization = stands.organization.filter(|_| stands.tenant == Some(tenant));
            let after = Placement { role: Role::TenantAdmin, tenant: Some(tenant), organization, ..stands };
            let changed = place(state, &mut tx, caller, "tenant.admin.assign", before, after).await?;
            tx.commit().await?;
            (changed.after, format!("{email} runs {name} now"))
        }
    };
    Ok(TenantAdminAssigned {
        user_id: account.id,
        user_email: account.email,
        tenant_id: tenant.0,
        tenant_name: name,
        previous_role: previous,
        new_role: account.role,
        success: true,
        message,
    })
}

/// Takes a tenant's administration back from somebody, who then belongs nowhere.
///
/// # Errors
/// [`Error::NotFound`] for an unknown id; [`Error::BadRequest`] for somebody who runs no tenant, and for the last
/// who runs theirs.
pub async fn remove_admin(state: &AppState, caller: &Caller, id: Uuid) -> Result<TenantAdminRemoved> {
    let mut tx = state.db.scoped(caller).await?;
    let before = accounts::service::find(&mut tx, caller, Permission::TenantManage, id).await?;
    if before.role()? != Role::TenantAdmin {
        return Err(Error::BadRequest("The user runs no tenant".to_owned()));
    }
    let previous_tenant = match before.tenant_id {
        Some(tenant) => store::tenant_name(&mut tx, tenant).await?,
        None => None,
    };
    let after = Placement { active: before.is_active, ..Placement::NOWHERE };
    let account = place(state, &mut tx, caller, "tenant.admin.remove", before, after).await?.after;
    tx.commit().await?;
    Ok(TenantAdminRemoved {
        success: true,
        message: format!("{} runs no tenant any more", account.email),
        user_id: account.id,
        user_email: account.email,
        previous_tenant,
        new_role: account.role,
    })
}

/// Who runs a tenant, and what it consists of.
///
/// # Errors
/// [`Error::NotFound`] for an unknown or archived tenant.
pub async fn admin_info(state: &AppState, caller: &Caller, tenant: TenantId) -> Result<AdminInfo> {
    let mut tx = state.db.scoped_read(caller).await?;
    let tenant_name = tenant_name(&mut tx, tenant).await?;
    let tenant_admins = store::admins(&mut tx, tenant.0).await?;
    let organizations = store::organizations(&mut tx, tenant.0).await?;
    Ok(AdminInfo {
        tenant_id: tenant.0,
        tenant_name,
        tenant_admins,
        organizations_count: organizations.len(),
        organizations,
    })
}

/// Puts an existing person into an organization, or gives them another role in it.
///
/// # Errors
/// [`Error::NotFound`] for an organization or person out of sight; [`Error::Forbidden`] for a peer or superior;
/// [`Error::BadRequest`] for a member of another organization, the last administrator, a full organization.
pub async fn assign_to_organization(
    state: &AppState,
    caller: &Caller,
    email: &str,
    organization: OrganizationId,
    role: Role,
) -> Result<OrganizationAssigned> {
    let mut tx = state.db.scoped(caller).await?;
    let place_of = accounts::service::find_organization(&mut tx, organization.0).await?;
    let tenant = place_of.tenant_id.map(TenantId);
    let there = Belongs { owner: None, organization: Some(organization), tenant };
    if !caller.reaches(Permission::OrganizationAssign, &there) {
        return Err(Error::Forbidden("Not enough permissions for this organization".to_owned()));
    }
    let tenant_name = match tenant {
        Some(tenant) => store::tenant_name(&mut tx, tenant.0).await?,
        None => None,
    };
    let action = "organization.user.assign";
    let to = Assignment { organization, tenant, role, permission: Permission::OrganizationAssign, action };
    let (account, changed) = members::assign(state, &mut tx, caller, Whom::Email(email), to).await?;
    tx.commit().await?;
    let since = if changed { "now" } else { "already" };
    Ok(OrganizationAssigned {
        success: true,
        message: format!("{email} is {role} of {} {since}", place_of.name),
        user_id: account.id,
        user_email: account.email,
        organization_name: place_of.name,
        assigned_role: account.role,
        tenant_name,
    })
}

impl NewTenantMade {
    fn of(
        new: &NewTenantWithAdmin,
        tenant: StoredTenant,
        organization: Option<(StoredOrganization, String)>,
        admin: Account,
        now: Timestamp,
    ) -> Self {
        let message = format!("Tenant {} is there, run by {}", new.name, admin.email);
        let (organization, default_org_name) = organization.unzip();
        Self {
            tenant_id: tenant.id.0,
            tenant_name: new.name.clone(),
            tenant_slug: tenant.slug,
            tenant_domain: new.domain.clone(),
            tenant_created_at: now,
            admin_user_id: admin.id,
            admin_email: admin.email,
            admin_full_name: new.full_name.clone(),
            admin_username: admin.username,
            admin_created_at: now,
            default_org_id: organization.as_ref().map(|o| o.id.0),
            default_org_name,
            default_org_join_token: organization.map(|o| o.join_token),
            success: true,
            message,
        }
    }
}
