//! Rules of organizations: who sees which, how they begin and how they end.

pub mod access;
pub mod change;
pub mod members;
pub mod people;
pub mod whitelist;

use std::collections::HashMap;

use accunode_db::Tx;
use accunode_domain::{Error, OrganizationId, Permission, Reach, Result, Role, TenantId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    api::{Member, Organization, OrganizationFull, OrganizationPage, TenantCard},
    store::{self, Filter, OrganizationRow, PersonRow},
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        accounts::{
            self,
            places::{self, NewOrganization},
        },
        tenants,
    },
    listing::{self, Window},
    state::AppState,
};

/// The roles that people can get by joining.
pub(super) const DEFAULT_ROLE: Role = Role::OrgMember;

/// An organization to make, as it was asked for.
pub(crate) struct New {
    pub(crate) name: String,
    pub(crate) domain: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) logo_url: Option<String>,
    pub(crate) tenant: Option<Uuid>,
    pub(crate) max_users: i32,
    pub(crate) default_role: Option<String>,
}

/// The organization with this id, which the caller's permission must reach.
///
/// # Errors
/// [`Error::NotFound`] when there is none in the caller's sight, [`Error::Forbidden`] when it is out of reach.
pub(crate) async fn find(
    tx: &mut Tx,
    caller: &Caller,
    permission: Permission,
    id: OrganizationId,
) -> Result<OrganizationRow> {
    reached(store::find(tx, id.0).await?, caller, permission)
}

/// As [`find`], held until the transaction ends.
async fn hold(
    tx: &mut Tx,
    caller: &Caller,
    permission: Permission,
    id: OrganizationId,
) -> Result<OrganizationRow> {
    reached(store::hold(tx, id.0).await?, caller, permission)
}

fn reached(row: Option<OrganizationRow>, caller: &Caller, permission: Permission) -> Result<OrganizationRow> {
    let row = row.ok_or_else(|| Error::NotFound("Organization not found".to_owned()))?;
    if caller.reaches(permission, &row.belongs()) {
        Ok(row)
    } else {
        Err(Error::Forbidden("Not enough permissions for this organization".to_owned()))
    }
}

/// What the audit log keeps of an organization: everything that can be changed, and never the join token.
pub(super) fn state_of(o: &Organization) -> Value {
    json!({
        "name": o.name, "domain": o.domain, "description": o.description, "logo_url": o.logo_url,
        "max_users": o.max_users, "default_role": o.default_role, "join_enabled": o.join_enabled,
        "is_active": o.is_active, "allow_global_data_access": o.allow_global_data_access,
    })
}

/// An event about an organization.
pub(super) fn event(action: &'static str, o: &Organization) -> Event {
    Event::done(action).tenant(o.tenant_id.map(TenantId)).on("organization", o.id)
}

/// The role of this name, if those who join can get it.
pub(super) fn joining_role(name: &str) -> Result<Role> {
    match name.parse() {
        Ok(role) if role == DEFAULT_ROLE => Ok(role),
        _ => Err(Error::field("default_role", "Invalid default role: org_member is expected")),
    }
}

/// Makes an organization in the caller's tenant; a super_admin's may be in any tenant or none.
///
/// # Errors
/// [`Error::Forbidden`] for another tenant, [`Error::NotFound`] when it is not there, [`Error::BadRequest`] when it
/// is switched off or the name or domain is taken, [`Error::Invalid`] for a role that joining does not give.
pub(crate) async fn create(state: &AppState, caller: &Caller, new: New) -> Result<Organization> {
    let default_role = new.default_role.as_deref().map_or(Ok(DEFAULT_ROLE), joining_role)?;
    let domain = new.domain.as_deref().map(places::domain).transpose()?;
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let tenant = tenant_of_new(&mut tx, caller, new.tenant.map(TenantId)).await?;
    let stored = NewOrganization {
        domain: domain.as_deref(),
        description: new.description.as_deref(),
        logo_url: new.logo_url.as_deref(),
        max_users: new.max_users,
        default_role,
        ..NewOrganization::named(&new.name, tenant, caller.user_id)
    };
    let stored = places::insert_organization(&mut tx, &stored, now).await?;
    let missing = || Error::internal("an organization is not there after it was stored");
    let row = store::find(&mut tx, stored.id.0).await?.ok_or_else(missing)?;
    audit::record(&mut tx, caller, event("organization.create", &row).after(state_of(&row)), now).await?;
    tx.commit().await?;
    Ok(row.shown_to(caller))
}

/// The tenant of an organization that the caller makes, held until the transaction ends.
async fn tenant_of_new(tx: &mut Tx, caller: &Caller, asked: Option<TenantId>) -> Result<Option<TenantId>> {
    let tenant = if caller.role == Role::SuperAdmin {
        asked
    } else {
        let own = caller.runs_tenant().ok_or_else(tenants::service::no_tenant)?;
        if asked.is_some_and(|asked| asked != own) {
            return Err(Error::Forbidden("Organizations can be made in your own tenant only".to_owned()));
        }
        Some(own)
    };
    if let Some(id) = tenant {
        let row = tenants::store::hold(tx, id.0).await?.ok_or_else(tenants::service::not_found)?;
        if !row.is_active {
            return Err(Error::BadRequest("The tenant is switched off".to_owned()));
        }
    }
    Ok(tenant)
}

/// The organizations in the caller's sight with their people.
///
/// # Errors
/// [`Error::BadRequest`] for a tenant_admin without tenant, [`Error::Invalid`] for a search that finds nothing
/// anywhere.
pub(crate) async fn list(
    state: &AppState,
    caller: &Caller,
    search: Option<&str>,
    is_active: Option<bool>,
    tenant: Option<Uuid>,
    part: Window,
) -> Result<OrganizationPage> {
    if caller.role == Role::TenantAdmin && caller.tenant_id.is_none() {
        return Err(tenants::service::no_tenant());
    }
    let search = listing::part("search", search, 100, str::to_lowercase)?;
    let mut tx = state.db.scoped_read(caller).await?;
    let (rows, total) = if caller.role.reach(Permission::OrganizationRead) < Reach::Organization {
        (Vec::new(), 0)
    } else {
        store::list(&mut tx, &Filter { search, is_active, tenant }, part).await?
    };
    let people = store::people(&mut tx, rows.iter().map(|o| o.id)).await?;
    let admins = people.iter().filter(|p| has_role(p, Role::OrgAdmin)).count();
    let organizations = with_surroundings(&mut tx, caller, rows, people).await?;
    Ok(OrganizationPage {
        total,
        skip: part.skip,
        limit: part.limit,
        total_admins: admins,
        total_members: organizations.iter().map(|o| o.total_members).sum(),
        total_users: organizations.iter().map(|o| o.total_users).sum(),
        organizations,
    })
}

/// One organization with its tenant and its people.
///
/// # Errors
/// As [`find`].
pub(crate) async fn get(state: &AppState, caller: &Caller, id: OrganizationId) -> Result<OrganizationFull> {
    let mut tx = state.db.scoped_read(caller).await?;
    let row = find(&mut tx, caller, Permission::OrganizationRead, id).await?;
    let people = store::people(&mut tx, std::iter::once(row.id)).await?;
    let found = with_surroundings(&mut tx, caller, vec![row], people).await?.pop();
    found.ok_or_else(|| Error::internal("an organization got lost on the way"))
}

pub(crate) fn has_role(person: &PersonRow, role: Role) -> bool {
    person.role == role.as_str()
}

/// The organizations with their tenants and people, in two statements however many they are.
async fn with_surroundings(
    tx: &mut Tx,
    caller: &Caller,
    rows: Vec<OrganizationRow>,
    people: Vec<PersonRow>,
) -> Result<Vec<OrganizationFull>> {
    let mut ids: Vec<_> = rows.iter().filter_map(|o| o.tenant_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let cards = tenant_cards(tx, &ids).await?;
    let mut of: HashMap<Option<Uuid>, Vec<PersonRow>> = HashMap::new();
    for person in people {
        of.entry(person.organization_id).or_default().push(person);
    }
    let full = |row: OrganizationRow| {
        let tenant = row.tenant_id.and_then(|id| cards.get(&id).cloned());
        let people = of.remove(&Some(row.id)).unwrap_or_default();
        full(row.shown_to(caller), tenant, people)
    };
    Ok(rows.into_iter().map(full).collect())
}

async fn tenant_cards(tx: &mut Tx, ids: &[Uuid]) -> Result<HashMap<Uuid, TenantCard>> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let tenants = tenants::store::by_ids(tx, ids.iter().copied()).await?;
    let mut of: HashMap<Option<Uuid>, Vec<Member>> = HashMap::new();
    for admin in store::tenant_admins(tx, ids.iter().copied()).await? {
        of.entry(admin.tenant_id).or_default().push(admin.into());
    }
    let card = |t: tenants::api::Tenant| {
        let tenant_admins = of.remove(&Some(t.id)).unwrap_or_default();
        let card = TenantCard {
            id: t.id,
            name: t.name,
            description: t.description,
            tenant_code: t.slug,
            logo_url: t.logo_url,
            is_active: t.is_active,
            created_at: t.created_at,
            total_tenant_admins: tenant_admins.len(),
            tenant_admins,
        };
        (card.id, card)
    };
    Ok(tenants.into_iter().map(card).collect())
}

fn full(organization: Organization, tenant: Option<TenantCard>, people: Vec<PersonRow>) -> OrganizationFull {
    let total_users = people.len();
    let active_users = people.iter().filter(|p| p.is_active).count();
    let org_admin = people.iter().find(|p| has_role(p, Role::OrgAdmin)).cloned().map(Member::from);
    let analysts = people.into_iter().filter(|p| has_role(p, Role::OrgMember));
    let members: Vec<Member> = analysts.map(Member::from).collect();
    let active_members = members.iter().filter(|m| m.is_active).count();
    OrganizationFull {
        organization,
        tenant,
        org_admin,
        total_users,
        active_users,
        total_members: members.len(),
        active_members,
        members,
    }
}

/// Archives an organization: its names are free again, its people cannot sign in, and what they made stays as it
/// is. Gives its name.
///
/// # Errors
/// As [`find`]; [`Error::BadRequest`] when people are in it and `force` is not said.
pub(crate) async fn delete(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    force: bool,
) -> Result<String> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let row = hold(&mut tx, caller, Permission::OrganizationDelete, id).await?;
    let people = accounts::store::members(&mut tx, row.id).await?;
    if people > 0 && !force {
        return Err(Error::BadRequest(format!(
            "{} has people ({people}): take them out first, or say force=true to archive it with them blocked",
            row.name
        )));
    }
    store::archive(&mut tx, row.id, now).await?;
    audit::record(&mut tx, caller, archived(&row), now).await?;
    tx.commit().await?;
    Ok(row.name.clone())
}

/// The event of an organization's being archived.
pub(crate) fn archived(row: &OrganizationRow) -> Event {
    event("organization.delete", row).before(state_of(row))
}
