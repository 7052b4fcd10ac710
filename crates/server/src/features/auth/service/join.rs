//! Joining an organization by its token.

use accunode_domain::{Error, OrganizationId, Result, Role, TenantId};
use serde_json::json;

use super::invalid;
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        accounts::{
            self,
            service::{By, Placement},
        },
        auth::store,
        organizations,
    },
    state::AppState,
};

/// What somebody has joined.
pub struct Joined {
    /// The organization.
    pub organization: OrganizationId,
    /// Its name.
    pub name: String,
    /// The role in it.
    pub role: Role,
}

/// Puts the caller into the organization with this token, as an analyst: whatever the organization's default
/// role, a token that many hold gives nobody more than that.
///
/// # Errors
/// [`Error::Conflict`] for members of an organization or of another tenant, [`Error::NotFound`] for a token that
/// is unknown, over, or of an inactive organization, [`Error::BadRequest`] when joining is off or the
/// organization full, [`Error::Forbidden`] for an address that is not on its list.
pub async fn join(state: &AppState, caller: &Caller, token: &str) -> Result<Joined> {
    let now = state.clock.now();
    let mut tx = state.db.system("join an organization by its token").await?;
    let account = accounts::store::visible(&mut tx, caller.user_id.0).await?.ok_or_else(invalid)?;
    if account.organization_id.is_some() {
        return Err(Error::Conflict("You already belong to an organization".to_owned()));
    }
    if account.role()? >= Role::TenantAdmin {
        return Err(Error::Forbidden("Administrators of a tenant or the platform cannot join".to_owned()));
    }
    let found = store::by_join_token(&mut tx, token, now).await?;
    let organization = found.ok_or_else(|| Error::NotFound("Invalid or expired join token".to_owned()))?;
    if !organization.join_enabled {
        return Err(Error::BadRequest("This organization does not accept new members".to_owned()));
    }
    if !organizations::store::whitelisted(&mut tx, organization.id, &account.email).await? {
        return Err(Error::Forbidden("Your e-mail address is not on the organization's list".to_owned()));
    }
    if account.tenant_id.is_some() && account.tenant_id != organization.tenant_id {
        return Err(Error::Conflict("Your account belongs to another tenant".to_owned()));
    }
    let (id, role) = (OrganizationId(organization.id), Role::OrgMember);
    let tenant = organization.tenant_id.map(TenantId);
    let after = Placement { role, tenant, organization: Some(id), active: account.is_active };
    accounts::service::place(&mut tx, By::Right, &account, after, now).await?;
    store::mark_joined(&mut tx, account.id).await?;
    let event = Event::done("organization.join").tenant(tenant).on("user", account.id);
    let before = json!({ "role": account.role, "tenant_id": account.tenant_id, "organization_id": null });
    let after = json!({ "role": role, "tenant_id": tenant, "organization_id": id });
    audit::record(&mut tx, caller, event.before(before).after(after), now).await?;
    tx.commit().await?;
    Ok(Joined { organization: id, name: organization.name, role })
}
