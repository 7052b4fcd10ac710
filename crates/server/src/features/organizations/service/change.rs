//! Changing an organization, and what of it is not for its own administrators.

use accunode_domain::{Error, OrganizationId, Permission, Result};

use super::{event, hold, joining_role, state_of};
use crate::{
    audit,
    caller::Caller,
    features::{
        accounts::{
            self,
            places::{self, Table},
        },
        organizations::{
            api::Organization,
            store::{self, OrganizationRow},
        },
        predictions::store::latest,
    },
    state::AppState,
};

/// What to change: what is none stays as it is. A text that can be missing is taken away by none inside.
#[derive(Debug, Default)]
pub(crate) struct Change {
    pub(crate) name: Option<String>,
    pub(crate) domain: Option<Option<String>>,
    pub(crate) description: Option<Option<String>>,
    pub(crate) logo_url: Option<Option<String>>,
    pub(crate) max_users: Option<i32>,
    pub(crate) default_role: Option<String>,
    pub(crate) join_enabled: Option<bool>,
    pub(crate) is_active: Option<bool>,
    pub(crate) allow_global_data_access: Option<bool>,
}

/// Puts a given value in the place of the present one.
fn set<T>(present: &mut T, given: Option<T>) {
    if let Some(value) = given {
        *present = value;
    }
}

impl Change {
    /// The organization as it would be. What was sent with its present value is no change, even where it could
    /// not be chosen anew.
    fn applied(self, before: &OrganizationRow) -> Result<OrganizationRow> {
        let mut after = before.clone();
        set(&mut after.name, self.name);
        set(&mut after.description, self.description);
        set(&mut after.logo_url, self.logo_url);
        set(&mut after.max_users, self.max_users);
        set(&mut after.join_enabled, self.join_enabled);
        set(&mut after.is_active, self.is_active);
        set(&mut after.allow_global_data_access, self.allow_global_data_access);
        if let Some(domain) = self.domain {
            after.domain = domain.as_deref().map(places::domain).transpose()?;
        }
        if let Some(role) = self.default_role
            && role != before.default_role
        {
            joining_role(&role)?.as_str().clone_into(&mut after.default_role);
        }
        Ok(after)
    }
}

/// The changed fields that are for the tenant's administrators alone.
fn reserved(before: &Organization, after: &Organization) -> Vec<&'static str> {
    let fields = [
        ("allow_global_data_access", before.allow_global_data_access != after.allow_global_data_access),
        ("max_users", before.max_users != after.max_users),
        ("default_role", before.default_role != after.default_role),
        ("is_active", before.is_active != after.is_active),
    ];
    fields.into_iter().filter(|(_, changed)| *changed).map(|(name, _)| name).collect()
}

/// Changes an organization.
///
/// # Errors
/// As [`super::find`]; [`Error::Forbidden`] when its own administrator changes what is for the tenant's;
/// [`Error::BadRequest`] when the name or domain is taken or more people are in it than it shall hold.
pub(crate) async fn update(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    change: Change,
) -> Result<Organization> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let before = hold(&mut tx, caller, Permission::OrganizationUpdate, id).await?;
    let mut after = change.applied(&before)?;
    if state_of(&before) == state_of(&after) {
        return Ok(before.shown_to(caller));
    }
    // Whoever may turn this switch stands above the organization.
    if !caller.reaches(Permission::OrganizationGlobalData, &before.belongs()) {
        let reserved = reserved(&before, &after);
        if !reserved.is_empty() {
            let fields = reserved.join(", ");
            return Err(Error::Forbidden(format!("Only tenant administrators can change {fields}")));
        }
    }
    if after.max_users < before.max_users {
        let people = accounts::store::members(&mut tx, before.id).await?;
        if people > i64::from(after.max_users) {
            let most = after.max_users;
            let text = format!("max_users cannot be {most}: {people} people are in the organization");
            return Err(Error::BadRequest(text));
        }
    }
    after.updated_at = Some(now);
    store::update(&mut tx, &after, now).await.map_err(|e| places::refusal(Table::Organization, e))?;
    // Its name stands beside its predictions.
    latest::rename(&mut tx, after.id).await?;
    let event = event("organization.update", &after).before(state_of(&before)).after(state_of(&after));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(after.shown_to(caller))
}
