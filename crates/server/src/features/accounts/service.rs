//! The rules of making, placing and closing accounts, in one place: nobody is raised above whoever acts, nobody
//! changes a peer, no tenant or organization loses its last administrator, none holds more people than it may.

use accunode_db::{Timestamp, Tx, unique_violation};
use accunode_domain::{Actor, Error, OrganizationId, Permission, Result, Role, TenantId};
use uuid::Uuid;

use super::{
    names::suggested,
    store::{self, Account, Place},
};
use crate::features::predictions::store::latest;

/// Where an account stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Placement {
    /// Its role.
    pub role: Role,
    /// Its tenant; of somebody with an organization, always the organization's.
    pub tenant: Option<TenantId>,
    /// Its organization.
    pub organization: Option<OrganizationId>,
    /// Whether it is switched on.
    pub active: bool,
}

impl Placement {
    /// A person of no tenant.
    pub const NOWHERE: Self = Self { role: Role::User, tenant: None, organization: None, active: true };

    /// Where this account stands now.
    ///
    /// # Errors
    /// When the database holds an unknown role.
    pub fn of(account: &Account) -> Result<Self> {
        Ok(Self {
            role: account.role()?,
            tenant: account.tenant_id.map(TenantId),
            organization: account.organization_id.map(OrganizationId),
            active: account.is_active,
        })
    }
}

/// By whose right an account is placed.
#[derive(Clone, Copy, Debug)]
pub enum By<'a> {
    /// Somebody with the right to change others.
    Admin(&'a Actor),
    /// The person, by a right of their own (registering, joining), or the operator at the console.
    Right,
}

/// A person to make an account for.
pub struct NewAccount<'a> {
    /// Address, as [`super::email`] gives it.
    pub email: &'a str,
    /// Unique name; none: made from the address.
    pub username: Option<&'a str>,
    /// PHC string of the password.
    pub password_hash: &'a str,
    /// Name for people.
    pub full_name: Option<&'a str>,
    /// Where it stands.
    pub placement: Placement,
    /// Whether the password must be changed first of all.
    pub must_change_password: bool,
}

/// The organization with this id, if the caller sees it and it is not archived.
///
/// # Errors
/// [`Error::NotFound`] when there is none in the caller's sight.
pub(crate) async fn find_organization(tx: &mut Tx, id: Uuid) -> Result<Place> {
    let found = store::visible_organization(tx, id).await?;
    found.ok_or_else(|| Error::NotFound("Organization not found".to_owned()))
}

/// The account with this id, which the caller's permission must reach.
///
/// # Errors
/// [`Error::NotFound`] when there is none in the caller's sight, [`Error::Forbidden`] when it is out of reach.
pub async fn find(tx: &mut Tx, actor: &Actor, permission: Permission, id: Uuid) -> Result<Account> {
    let not_found = || Error::NotFound("User not found".to_owned());
    let account = store::visible(tx, id).await?.ok_or_else(not_found)?;
    if actor.reaches(permission, &account.belongs()) {
        Ok(account)
    } else {
        Err(Error::Forbidden("Not enough permissions for this user".to_owned()))
    }
}

/// Makes an account. The transaction goes on as the application's own: user names are unique on the platform.
///
/// # Errors
/// [`Error::BadRequest`] when the address or name is taken or the organization is full, [`Error::Forbidden`] for
/// a role above the actor's.
pub async fn create(tx: &mut Tx, by: By<'_>, new: NewAccount<'_>, now: Timestamp) -> Result<Account> {
    if let By::Admin(actor) = by
        && !actor.may_give(new.placement.role)
    {
        return Err(Error::Forbidden("A role above your own cannot be given".to_owned()));
    }
    tx.elevate("make an account").await?;
    let placement = settle(tx, None, new.placement).await?;
    let username = match new.username {
        Some(name) => name.to_owned(),
        None => free_username(tx, new.email).await?,
    };
    let account = Account {
        id: Uuid::now_v7(),
        email: new.email.to_owned(),
        username,
        full_name: new.full_name.map(str::to_owned),
        role: placement.role.as_str().to_owned(),
        tenant_id: placement.tenant.map(|t| t.0),
        organization_id: placement.organization.map(|o| o.0),
        is_active: true,
        created_at: now,
        last_login: None,
    };
    let stored = store::insert(tx, &account, new.password_hash, new.must_change_password).await;
    stored.map_err(|error| {
        if unique_violation(&error, "users_email") {
            Error::BadRequest("Email already registered".to_owned())
        } else if unique_violation(&error, "users_username") {
            Error::BadRequest("Username already taken".to_owned())
        } else {
            error.into()
        }
    })?;
    Ok(account)
}

async fn free_username(tx: &mut Tx, email: &str) -> Result<String> {
    let base = suggested(email);
    let mut candidates = vec![base.clone()];
    candidates.extend((1..=100).map(|n| format!("{base}_{n}")));
    let taken = store::taken(tx, &candidates).await?;
    let free = candidates.into_iter().find(|name| !taken.contains(name));
    free.ok_or_else(|| Error::BadRequest("No free username for this address: choose one".to_owned()))
}

/// Moves an account to another role, tenant, organization, or switches it on or off. The transaction goes on as
/// the application's own, so the caller's reach must have been made sure of before, by [`find`].
///
/// # Errors
/// [`Error::Forbidden`] when a peer or superior is concerned or the role is above the actor's;
/// [`Error::BadRequest`] for oneself, for the last administrator, for a full or inactive organization or tenant, and
/// for a role that does not fit the place; [`Error::NotFound`] for a place that is not there; [`Error::Conflict`] when the account has changed in between.
pub async fn place(
    tx: &mut Tx,
    by: By<'_>,
    before: &Account,
    after: Placement,
    now: Timestamp,
) -> Result<Account> {
    may_change(by, before, after.role)?;
    tx.elevate("place an account").await?;
    let after = settle(tx, Some(before), after).await?;
    keep_administrators(tx, before, Some(&after)).await?;
    let account = Account {
        role: after.role.as_str().to_owned(),
        tenant_id: after.tenant.map(|t| t.0),
        organization_id: after.organization.map(|o| o.0),
        is_active: after.active,
        ..before.clone()
    };
    store::place(tx, &account, now).await?;
    if before.is_active && !after.active {
        store::end_sessions(tx, before.id, now).await?;
    }
    Ok(account)
}

/// Closes an account for good: it belongs nowhere and cannot sign in, its address is free again, and what it
/// made stays where it is. As with [`place`], the caller's reach must have been made sure of before.
///
/// # Errors
/// As [`place`].
pub async fn close(tx: &mut Tx, by: By<'_>, before: &Account, now: Timestamp) -> Result<()> {
    may_change(by, before, Role::User)?;
    tx.elevate("close an account").await?;
    settle(tx, Some(before), Placement::NOWHERE).await?;
    keep_administrators(tx, before, None).await?;
    let nowhere = Account {
        role: Role::User.as_str().to_owned(),
        tenant_id: None,
        organization_id: None,
        ..before.clone()
    };
    store::place(tx, &nowhere, now).await?;
    store::close(tx, before.id, now).await?;
    store::end_sessions(tx, before.id, now).await?;
    store::end_keys(tx, before.id, now).await?;
    Ok(())
}

fn may_change(by: By<'_>, before: &Account, role: Role) -> Result<()> {
    let By::Admin(actor) = by else { return Ok(()) };
    if before.id == actor.user_id.0 {
        return Err(Error::BadRequest("You cannot do this to your own account".to_owned()));
    }
    if !actor.stands_above(before.role()?) {
        return Err(Error::Forbidden("Only people of a lower role can be changed".to_owned()));
    }
    if !actor.may_give(role) {
        return Err(Error::Forbidden("A role above your own cannot be given".to_owned()));
    }
    Ok(())
}

/// Holds every tenant and organization concerned and then the account, always in this order so that no two
/// transactions wait for each other; makes the placement complete and checks that it can be.
async fn settle(tx: &mut Tx, before: Option<&Account>, after: Placement) -> Result<Placement> {
    let old = before.map(Placement::of).transpose()?;
    if old.is_some_and(|p| p.role == Role::SuperAdmin) {
        store::lock_platform(tx).await?;
    }
    let mut tenants: Vec<_> = [old.and_then(|p| p.tenant), after.tenant].into_iter().flatten().collect();
    tenants.sort_unstable();
    tenants.dedup();
    for tenant in tenants {
        let active = store::lock_tenant(tx, tenant.0).await?;
        if after.tenant == Some(tenant) && old.and_then(|p| p.tenant) != after.tenant {
            open(active)?;
        }
    }
    let mut organizations: Vec<_> =
        [old.and_then(|p| p.organization), after.organization].into_iter().flatten().collect();
    organizations.sort_unstable();
    organizations.dedup();
    let mut place = None;
    for organization in &organizations {
        let held = store::lock_organization(tx, organization.0).await?;
        if after.organization == Some(*organization) {
            place = held;
        }
    }
    if let Some(before) = before {
        unchanged(tx, before).await?;
    }
    // Lists name whoever made a prediction, while they belong to its organization. Counters come after the account, as
    // where its owner predicts at the same moment.
    for organization in organizations {
        latest::rename(tx, organization.0).await?;
    }
    let moves_in = after.organization.is_some() && old.and_then(|p| p.organization) != after.organization;
    match place {
        Some(place) => {
            if moves_in {
                room(tx, &place).await?;
            }
            fit(after, Some(&place))
        }
        None if after.organization.is_some() => Err(Error::NotFound("Organization not found".to_owned())),
        None => fit(after, None),
    }
}

/// Refuses a tenant that nobody can be put into.
fn open(active: Option<bool>) -> Result<()> {
    match active {
        Some(true) => Ok(()),
        Some(false) => Err(Error::BadRequest("The tenant is not active".to_owned())),
        None => Err(Error::NotFound("Tenant not found".to_owned())),
    }
}

async fn unchanged(tx: &mut Tx, before: &Account) -> Result<()> {
    let now = store::locked(tx, before.id).await?;
    let same = now.is_some_and(|now| {
        (now.role, now.tenant_id, now.organization_id, now.is_active)
            == (before.role.clone(), before.tenant_id, before.organization_id, before.is_active)
    });
    if same {
        Ok(())
    } else {
        Err(Error::Conflict("The account has just been changed: try again".to_owned()))
    }
}

async fn room(tx: &mut Tx, place: &Place) -> Result<()> {
    if !place.is_active || place.archived {
        return Err(Error::BadRequest("The organization is not active".to_owned()));
    }
    if store::members(tx, place.id).await? >= i64::from(place.max_users) {
        return Err(Error::BadRequest(format!(
            "{} is full: it holds {} people",
            place.name, place.max_users
        )));
    }
    Ok(())
}

/// The placement with the organization's tenant, if role and place go together.
fn fit(after: Placement, place: Option<&Place>) -> Result<Placement> {
    let refuse = |text: &str| Err(Error::BadRequest(text.to_owned()));
    let tenant = match place {
        Some(place) => {
            let theirs = place.tenant_id.map(TenantId);
            if after.role == Role::TenantAdmin && after.tenant.is_some() && after.tenant != theirs {
                return refuse("The organization belongs to another tenant");
            }
            theirs
        }
        None => after.tenant,
    };
    match after.role {
        Role::SuperAdmin if after.organization.is_some() || tenant.is_some() => {
            refuse("A super_admin belongs to no tenant and no organization")
        }
        Role::TenantAdmin if tenant.is_none() => refuse("A tenant_admin needs a tenant"),
        Role::OrgAdmin | Role::OrgMember if after.organization.is_none() => {
            refuse("This role needs an organization")
        }
        _ => Ok(Placement { tenant, ..after }),
    }
}

/// What an account runs: an organization, a tenant, or the platform.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Runs {
    Organization(Uuid),
    Tenant(Uuid),
    Platform,
}

fn runs(placement: &Placement) -> Option<Runs> {
    if !placement.active {
        return None;
    }
    match placement.role {
        Role::OrgAdmin => placement.organization.map(|o| Runs::Organization(o.0)),
        Role::TenantAdmin => placement.tenant.map(|t| Runs::Tenant(t.0)),
        Role::SuperAdmin => Some(Runs::Platform),
        Role::OrgMember | Role::User => None,
    }
}

/// Refuses to take away the last administrator of what is not archived. What is run is held by [`settle`] already.
async fn keep_administrators(tx: &mut Tx, before: &Account, after: Option<&Placement>) -> Result<()> {
    let Some(loses) = runs(&Placement::of(before)?) else { return Ok(()) };
    if after.and_then(runs) == Some(loses) {
        return Ok(());
    }
    let archived = match loses {
        Runs::Organization(id) => store::lock_organization(tx, id).await?.is_none_or(|o| o.archived),
        Runs::Tenant(id) => store::lock_tenant(tx, id).await?.is_none(),
        Runs::Platform => false,
    };
    if archived {
        return Ok(());
    }
    let (others, what) = match loses {
        Runs::Organization(id) => {
            (store::others(tx, Role::OrgAdmin, before.id, Some(id), None).await?, "organization")
        }
        Runs::Tenant(id) => {
            (store::others(tx, Role::TenantAdmin, before.id, None, Some(id)).await?, "tenant")
        }
        Runs::Platform => (store::others(tx, Role::SuperAdmin, before.id, None, None).await?, "platform"),
    };
    if others > 0 {
        return Ok(());
    }
    Err(Error::BadRequest(format!("This is the last administrator of the {what}: name another one first")))
}
