//! Adding people to an organization, changing their role in it, taking them out.

use accunode_db::Tx;
use accunode_domain::{Error, OrganizationId, Permission, Result, Role, TenantId, UserId};

use super::find;
use crate::{
    caller::Caller,
    features::{
        accounts::{
            self,
            service::Placement,
            store::{Account, visible, visible_by_email},
        },
        organizations::{
            api::{Member, Organization},
            store,
        },
        users::service::administration::place,
    },
    state::AppState,
};

fn nobody() -> Error {
    Error::NotFound("User not found".to_owned())
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

/// Whom to put into an organization.
#[derive(Clone, Copy)]
pub(crate) enum Whom<'a> {
    /// By id.
    Id(UserId),
    /// By address, in lower case.
    Email(&'a str),
}

/// The place in an organization that somebody gets, and by which right.
#[derive(Clone, Copy)]
pub(crate) struct Assignment {
    pub(crate) organization: OrganizationId,
    /// The organization's tenant.
    pub(crate) tenant: Option<TenantId>,
    pub(crate) role: Role,
    pub(crate) permission: Permission,
    /// What the audit log calls it.
    pub(crate) action: &'static str,
}

/// Puts somebody into an organization that the caller's permission reaches; whoever is in it already gets the role.
/// Gives the account, and whether it has changed.
///
/// # Errors
/// [`Error::NotFound`] for somebody out of sight whom the whitelist does not let in, [`Error::Forbidden`] for a
/// peer or superior, [`Error::BadRequest`] for somebody of another organization or tenant, and as
/// [`accounts::service::place`].
pub(crate) async fn assign(
    state: &AppState,
    tx: &mut Tx,
    caller: &Caller,
    whom: Whom<'_>,
    to: Assignment,
) -> Result<(Account, bool)> {
    let before = candidate(tx, caller, whom, to).await?;
    let stands = Placement::of(&before)?;
    if stands.role >= caller.role && stands.organization != Some(to.organization) {
        return Err(Error::Forbidden("Only people of a lower role can be assigned".to_owned()));
    }
    if stands.organization.is_some_and(|there| there != to.organization) {
        return Err(Error::BadRequest("This person is a member of another organization".to_owned()));
    }
    if stands.tenant.is_some() && stands.tenant != to.tenant {
        return Err(Error::BadRequest("This person belongs to another tenant".to_owned()));
    }
    if stands.organization.is_some() && stands.role == to.role {
        return Ok((before, false));
    }
    let after = Placement { role: to.role, tenant: to.tenant, organization: Some(to.organization), ..stands };
    let changed = place(state, tx, caller, to.action, before, after).await?;
    Ok((changed.after, true))
}

/// Who may be put into an organization: somebody whom the caller looks after, or somebody who belongs nowhere and
/// whose address is on the list of those whom the organization lets in. Anybody else looks as if not there.
async fn candidate(tx: &mut Tx, caller: &Caller, whom: Whom<'_>, to: Assignment) -> Result<Account> {
    if let Some(account) = look_up(tx, whom).await? {
        return if caller.reaches(to.permission, &account.belongs()) {
            Ok(account)
        } else {
            Err(Error::Forbidden("Not enough permissions for this user".to_owned()))
        };
    }
    tx.elevate("look for somebody whom the whitelist lets in").await?;
    let account = look_up(tx, whom).await?.ok_or_else(nobody)?;
    let free = account.tenant_id.is_none() && account.organization_id.is_none();
    if free && store::whitelisted(tx, to.organization.0, &account.email).await? {
        Ok(account)
    } else {
        Err(nobody())
    }
}

async fn look_up(tx: &mut Tx, whom: Whom<'_>) -> Result<Option<Account>> {
    Ok(match whom {
        Whom::Id(id) => visible(tx, id.0).await?,
        Whom::Email(email) => visible_by_email(tx, email).await?,
    })
}

/// Adds somebody to an organization; whoever is in it already gets the role.
///
/// # Errors
/// As [`find`] and [`assign`].
pub(crate) async fn add(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    user: UserId,
    role: Role,
) -> Result<Member> {
    let permission = Permission::OrganizationMembers;
    let mut tx = state.db.scoped(caller).await?;
    let organization = find(&mut tx, caller, permission, id).await?;
    let tenant = organization.tenant_id.map(TenantId);
    let to = Assignment { organization: id, tenant, role, permission, action: "organization.member.add" };
    let (account, _) = assign(state, &mut tx, caller, Whom::Id(user), to).await?;
    tx.commit().await?;
    Ok(member(account))
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
    let changed = place(state, &mut tx, caller, "organization.member.role", before, after).await?;
    tx.commit().await?;
    Ok(member(changed.after))
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
    let changed = place(state, &mut tx, caller, "organization.member.remove", before, after).await?;
    tx.commit().await?;
    Ok(changed.after.email)
}
