//! Adding people to an organization, changing their role in it, taking them out.

use accunode_db::Tx;
use accunode_domain::{Error, OrganizationId, Permission, Result, Role, TenantId, UserId};
use serde_json::{Value, json};

use super::find;
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        accounts::{
            self,
            service::{By, Placement},
            store::Account,
        },
        organizations::{
            api::{Member, Organization},
            store,
        },
    },
    state::AppState,
};

fn nobody() -> Error {
    Error::NotFound("User not found".to_owned())
}

/// Where somebody stands, for the audit log.
fn place_of(account: &Account) -> Value {
    json!({
        "role": account.role, "tenant_id": account.tenant_id, "organization_id": account.organization_id,
    })
}

fn member(account: Account) -> Member {
    Member {
        id: account.id,
        tenant_id: account.tenant_id,
        organization_id: account.organization_id,
        email: account.email,
        username: Some(account.username),
        full_name: account.full_name,
        role: account.role,
        is_active: account.is_active,
        created_at: account.created_at,
    }
}

/// Adds somebody to an organization; whoever is in it already gets the role.
///
/// # Errors
/// As [`find`]; [`Error::NotFound`] for somebody out of sight who was not let in by the whitelist,
/// [`Error::BadRequest`] for somebody of another organization or tenant, and as
/// [`accounts::service::place`].
pub(crate) async fn add(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    user: UserId,
    role: Role,
) -> Result<Member> {
    let mut tx = state.db.scoped(caller).await?;
    let organization = find(&mut tx, caller, Permission::OrganizationMembers, id).await?;
    let before = candidate(&mut tx, &organization, user).await?;
    let refuse = |text: &str| Err(Error::BadRequest(text.to_owned()));
    if before.organization_id.is_some_and(|there| there != organization.id) {
        return refuse("This person already belongs to another organization");
    }
    if before.tenant_id.is_some() && before.tenant_id != organization.tenant_id {
        return refuse("This person belongs to another tenant");
    }
    if before.role()? == Role::SuperAdmin {
        return refuse("A super_admin belongs to no organization");
    }
    if before.organization_id.is_some() && before.role()? == role {
        return Ok(member(before));
    }
    let after = Placement {
        role,
        tenant: organization.tenant_id.map(TenantId),
        organization: Some(id),
        active: before.is_active,
    };
    place(state, tx, caller, &organization, "organization.member.add", &before, after).await.map(member)
}

/// Who may be added: somebody in the caller's sight, or somebody of no tenant whose address is on the list of
/// those whom the organization lets in.
async fn candidate(tx: &mut Tx, organization: &Organization, user: UserId) -> Result<Account> {
    if let Some(account) = accounts::store::visible(tx, user.0).await? {
        return Ok(account);
    }
    tx.elevate("look for somebody whom the whitelist lets in").await?;
    let account = accounts::store::visible(tx, user.0).await?.ok_or_else(nobody)?;
    let free = account.tenant_id.is_none() && account.organization_id.is_none();
    if free && store::whitelisted(tx, organization.id, &account.email).await? {
        Ok(account)
    } else {
        Err(nobody())
    }
}

/// Moves an account and writes down where it was and is.
async fn place(
    state: &AppState,
    mut tx: Tx,
    caller: &Caller,
    organization: &Organization,
    action: &'static str,
    before: &Account,
    after: Placement,
) -> Result<Account> {
    let now = state.clock.now();
    let account = accounts::service::place(&mut tx, By::Admin(caller), before, after, now).await?;
    let event = Event::done(action).tenant(organization.tenant_id.map(TenantId)).on("user", before.id);
    let event = event.before(place_of(before)).after(place_of(&account));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(account)
}

/// Somebody of an organization whom the caller may change there.
async fn present(tx: &mut Tx, caller: &Caller, organization: &Organization, user: UserId) -> Result<Account> {
    let account = accounts::service::find(tx, caller, Permission::OrganizationMembers, user.0).await?;
    if account.organization_id == Some(organization.id) { Ok(account) } else { Err(nobody()) }
}

/// Changes somebody's role in an organization.
///
/// # Errors
/// As [`find`]; [`Error::NotFound`] for somebody who is not in it, and as [`accounts::service::place`].
pub(crate) async fn change_role(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    user: UserId,
    role: Role,
) -> Result<Member> {
    let mut tx = state.db.scoped(caller).await?;
    let organization = find(&mut tx, caller, Permission::OrganizationMembers, id).await?;
    let before = present(&mut tx, caller, &organization, user).await?;
    let after = Placement { role, ..Placement::of(&before)? };
    if Placement::of(&before)? == after {
        return Ok(member(before));
    }
    place(state, tx, caller, &organization, "organization.member.role", &before, after).await.map(member)
}

/// Takes somebody out of an organization and its tenant; gives their address.
///
/// # Errors
/// As [`change_role`].
pub(crate) async fn remove(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    user: UserId,
) -> Result<String> {
    let mut tx = state.db.scoped(caller).await?;
    let organization = find(&mut tx, caller, Permission::OrganizationMembers, id).await?;
    let before = present(&mut tx, caller, &organization, user).await?;
    let after = Placement { active: before.is_active, ..Placement::NOWHERE };
    let action = "organization.member.remove";
    place(state, tx, caller, &organization, action, &before, after).await.map(|account| account.email)
}
