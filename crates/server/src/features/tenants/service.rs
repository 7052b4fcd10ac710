//! Rules of tenants: who sees which, how they begin and how they end.

use std::collections::HashMap;

use accunode_db::Tx;
use accunode_domain::{Belongs, Error, Permission, Result, Role, TenantId};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{
    api::{OrganizationInTenant, Person, Tenant, TenantAdmin, TenantFull, TenantPage, TenantStats},
    store::{self, Filter},
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        accounts::places::{self, NewTenant, Table},
        organizations::{
            self,
            service::has_role,
            store::{OrganizationRow, PersonRow},
        },
    },
    listing::{self, Window},
    state::AppState,
};

/// No such tenant, or none in sight.
pub(crate) fn not_found() -> Error {
    Error::NotFound("Tenant not found".to_owned())
}

/// Somebody who should run a tenant and has none.
pub(crate) fn no_tenant() -> Error {
    Error::BadRequest("You belong to no tenant".to_owned())
}

/// What can be given when a tenant is made.
pub(crate) struct New {
    pub(crate) name: String,
    pub(crate) domain: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) logo_url: Option<String>,
}

/// What to change: what is none stays as it is. A text that can be missing is taken away by none inside.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) name: Option<String>,
    pub(crate) domain: Option<Option<String>>,
    pub(crate) description: Option<Option<String>>,
    pub(crate) logo_url: Option<Option<String>>,
    pub(crate) is_active: Option<bool>,
}

/// The tenant, which the caller's permission must reach.
fn reached(row: Option<Tenant>, caller: &Caller, permission: Permission) -> Result<Tenant> {
    let row = row.ok_or_else(not_found)?;
    let belongs = Belongs { tenant: Some(TenantId(row.id)), ..Belongs::default() };
    if caller.reaches(permission, &belongs) {
        Ok(row)
    } else {
        Err(Error::Forbidden("Not enough permissions for this tenant".to_owned()))
    }
}

/// What the audit log keeps of a tenant.
fn state_of(t: &Tenant) -> Value {
    json!({
        "name": t.name, "domain": t.domain, "description": t.description, "logo_url": t.logo_url,
        "is_active": t.is_active,
    })
}

fn event(action: &'static str, t: &Tenant) -> Event {
    Event::done(action).tenant(Some(TenantId(t.id))).on("tenant", t.id)
}

/// Makes a tenant.
///
/// # Errors
/// [`Error::BadRequest`] when the name or domain is taken, or the domain is none.
pub(crate) async fn create(state: &AppState, caller: &Caller, new: New) -> Result<Tenant> {
    let domain = new.domain.as_deref().map(places::domain).transpose()?;
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let stored = NewTenant {
        name: &new.name,
        domain: domain.as_deref(),
        description: new.description.as_deref(),
        logo_url: new.logo_url.as_deref(),
        created_by: caller.user_id,
    };
    let stored = places::insert_tenant(&mut tx, &stored, now).await?;
    let missing = || Error::internal("a tenant is not there after it was stored");
    let tenant = store::find(&mut tx, stored.id.0).await?.ok_or_else(missing)?;
    audit::record(&mut tx, caller, event("tenant.create", &tenant).after(state_of(&tenant)), now).await?;
    tx.commit().await?;
    Ok(tenant)
}

/// The tenants in the caller's sight with their organizations and people.
///
/// # Errors
/// [`Error::BadRequest`] for a tenant_admin without tenant, [`Error::Invalid`] for a search that finds nothing
/// anywhere.
pub(crate) async fn list(
    state: &AppState,
    caller: &Caller,
    search: Option<&str>,
    is_active: Option<bool>,
    part: Window,
) -> Result<TenantPage> {
    if caller.role == Role::TenantAdmin && caller.tenant_id.is_none() {
        return Err(no_tenant());
    }
    let search = listing::part("search", search, 100, str::to_lowercase)?;
    let mut tx = state.db.scoped_read(caller).await?;
    let (rows, total) = store::list(&mut tx, &Filter { search, is_active }, part).await?;
    let tenants = with_surroundings(&mut tx, caller, rows).await?;
    Ok(TenantPage {
        total,
        skip: part.skip,
        limit: part.limit,
        total_tenant_admins: tenants.iter().map(|t| t.total_tenant_admins).sum(),
        total_organizations: tenants.iter().map(|t| t.total_organizations).sum(),
        total_users: tenants.iter().map(|t| t.total_users_in_tenant).sum(),
        tenants,
    })
}

/// One tenant with its organizations and people.
///
/// # Errors
/// [`Error::NotFound`] when it is not in the caller's sight.
pub(crate) async fn get(state: &AppState, caller: &Caller, id: TenantId) -> Result<TenantFull> {
    let mut tx = state.db.scoped_read(caller).await?;
    let row = reached(store::find(&mut tx, id.0).await?, caller, Permission::TenantRead)?;
    let found = with_surroundings(&mut tx, caller, vec![row]).await?.pop();
    found.ok_or_else(|| Error::internal("a tenant got lost on the way"))
}

/// The tenants with their organizations and people, in two statements however many they are.
async fn with_surroundings(tx: &mut Tx, caller: &Caller, rows: Vec<Tenant>) -> Result<Vec<TenantFull>> {
    let mut people: HashMap<Option<Uuid>, Vec<PersonRow>> = HashMap::new();
    for person in organizations::store::people_of_tenants(tx, rows.iter().map(|t| t.id)).await? {
        people.entry(person.tenant_id).or_default().push(person);
    }
    let mut organizations: HashMap<Option<Uuid>, Vec<OrganizationRow>> = HashMap::new();
    for organization in organizations::store::of_tenants(tx, rows.iter().map(|t| t.id)).await? {
        organizations.entry(organization.tenant_id).or_default().push(organization);
    }
    let full = |tenant: Tenant| {
        let people = people.remove(&Some(tenant.id)).unwrap_or_default();
        let organizations = organizations.remove(&Some(tenant.id)).unwrap_or_default();
        full(caller, tenant, organizations, people)
    };
    Ok(rows.into_iter().map(full).collect())
}

fn full(
    caller: &Caller,
    tenant: Tenant,
    organizations: Vec<OrganizationRow>,
    people: Vec<PersonRow>,
) -> TenantFull {
    let admins = people.iter().filter(|p| has_role(p, Role::TenantAdmin)).cloned();
    let tenant_admins: Vec<_> = admins.map(TenantAdmin::from).collect();
    let (total_users_in_tenant, total_active_users) =
        (people.len(), people.iter().filter(|p| p.is_active).count());
    let mut of: HashMap<Option<Uuid>, Vec<PersonRow>> = HashMap::new();
    for person in people {
        of.entry(person.organization_id).or_default().push(person);
    }
    let active_organizations = organizations.iter().filter(|o| o.is_active).count();
    let in_tenant = |o: OrganizationRow| {
        let people = of.remove(&Some(o.id)).unwrap_or_default();
        organization_in_tenant(caller, o, people)
    };
    let organizations: Vec<_> = organizations.into_iter().map(in_tenant).collect();
    TenantFull {
        tenant,
        total_tenant_admins: tenant_admins.len(),
        tenant_admins,
        total_organizations: organizations.len(),
        active_organizations,
        organizations,
        total_users_in_tenant,
        total_active_users,
    }
}

fn organization_in_tenant(
    caller: &Caller,
    row: OrganizationRow,
    people: Vec<PersonRow>,
) -> OrganizationInTenant {
    let o = row.shown_to(caller);
    let admin = people.iter().find(|p| has_role(p, Role::OrgAdmin)).cloned().map(Person::from);
    let analysts = people.into_iter().filter(|p| has_role(p, Role::OrgMember));
    let members: Vec<_> = analysts.map(Person::from).collect();
    OrganizationInTenant {
        id: o.id,
        name: o.name,
        slug: o.slug,
        description: o.description,
        is_active: o.is_active,
        join_token: o.join_token,
        join_enabled: o.join_enabled,
        default_role: o.default_role,
        max_users: o.max_users,
        created_at: o.created_at,
        updated_at: o.updated_at,
        total_users: members.len() + usize::from(admin.is_some()),
        admin,
        members,
    }
}

/// Changes a tenant.
///
/// # Errors
/// As [`get`]; [`Error::Forbidden`] when somebody but a super_admin switches it on or off, [`Error::BadRequest`]
/// when the name or domain is taken, or the domain is none.
pub(crate) async fn update(
    state: &AppState,
    caller: &Caller,
    id: TenantId,
    change: Change,
) -> Result<Tenant> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let before = reached(store::hold(&mut tx, id.0).await?, caller, Permission::TenantUpdate)?;
    let mut after = applied(change, &before)?;
    if state_of(&before) == state_of(&after) {
        return Ok(before);
    }
    if before.is_active != after.is_active && !caller.holds(Permission::TenantManage) {
        return Err(Error::Forbidden("Only a super_admin can change is_active".to_owned()));
    }
    after.updated_at = Some(now);
    store::update(&mut tx, &after, now).await.map_err(|e| places::refusal(Table::Tenant, e))?;
    let event = event("tenant.update", &after).before(state_of(&before)).after(state_of(&after));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(after)
}

/// The tenant as it would be.
fn applied(change: Change, before: &Tenant) -> Result<Tenant> {
    let domain = match change.domain {
        Some(domain) => domain.as_deref().map(places::domain).transpose()?,
        None => before.domain.clone(),
    };
    let before = before.clone();
    Ok(Tenant {
        name: change.name.unwrap_or(before.name),
        domain,
        description: change.description.unwrap_or(before.description),
        logo_url: change.logo_url.unwrap_or(before.logo_url),
        is_active: change.is_active.unwrap_or(before.is_active),
        ..before
    })
}

/// Archives a tenant and its organizations: their names are free again, their people cannot sign in, and what they
/// made stays as it is. Gives its name.
///
/// # Errors
/// As [`get`]; [`Error::BadRequest`] when it has organizations or people and `force` is not said.
pub(crate) async fn delete(state: &AppState, caller: &Caller, id: TenantId, force: bool) -> Result<String> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let row = reached(store::hold(&mut tx, id.0).await?, caller, Permission::TenantManage)?;
    let figures = store::figures(&mut tx, row.id).await?;
    if !force && (figures.organizations > 0 || figures.people > 0) {
        return Err(Error::BadRequest(format!(
            "{} has organizations ({}) or people ({}): remove them first, or say force=true to archive it with \
             them blocked",
            row.name, figures.organizations, figures.people
        )));
    }
    let departments = organizations::store::of_tenants(&mut tx, std::iter::once(row.id)).await?;
    for organization in &departments {
        organizations::store::archive(&mut tx, organization.id, now).await?;
    }
    store::archive(&mut tx, row.id, now).await?;
    // Only now: whoever changes an organization holds it and then waits for the tenant's log.
    for organization in &departments {
        audit::record(&mut tx, caller, organizations::service::archived(organization), now).await?;
    }
    audit::record(&mut tx, caller, event("tenant.delete", &row).before(state_of(&row)), now).await?;
    tx.commit().await?;
    Ok(row.name)
}

/// A tenant's figures.
///
/// # Errors
/// As [`get`].
pub(crate) async fn stats(state: &AppState, caller: &Caller, id: TenantId) -> Result<TenantStats> {
    let mut tx = state.db.scoped_read(caller).await?;
    let row = reached(store::find(&mut tx, id.0).await?, caller, Permission::TenantRead)?;
    let figures = store::figures(&mut tx, row.id).await?;
    Ok(TenantStats {
        tenant_id: row.id,
        tenant_name: row.name,
        total_organizations: figures.organizations,
        active_organizations: figures.active_organizations,
        total_users: figures.members,
        created_at: row.created_at,
    })
}
