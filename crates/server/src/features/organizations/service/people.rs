//! Who is in an organization, and who runs it.

use accunode_domain::{Error, OrganizationId, Permission, Result, Role};

use super::find;
use crate::{
    caller::Caller,
    features::{
        organizations::{
            api::{OrganizationAdmin, OrganizationDetailed},
            store,
        },
        users::api::User,
    },
    listing::{self, Window},
    state::AppState,
};

/// People of an organization with a role or any, newest first, and how many there are.
///
/// # Errors
/// As [`find`]; [`Error::Invalid`] for a role that there is not.
pub(crate) async fn users(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    role: Option<&str>,
    part: Window,
) -> Result<(Vec<User>, i64)> {
    let role = listing::given(role).map(str::parse::<Role>).transpose();
    let role = role.map_err(|_| {
        let names: Vec<_> = Role::ALL.iter().map(|r| r.as_str()).collect();
        Error::field("role", format!("Invalid role: one of {} is expected", names.join(", ")))
    })?;
    let mut tx = state.db.scoped_read(caller).await?;
    let row = find(&mut tx, caller, Permission::OrganizationRead, id).await?;
    Ok(store::users(&mut tx, row.id, role.map(Role::as_str), part).await?)
}

/// An organization with those who run it.
///
/// # Errors
/// As [`find`].
pub(crate) async fn details(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
) -> Result<OrganizationDetailed> {
    let mut tx = state.db.scoped_read(caller).await?;
    let row = find(&mut tx, caller, Permission::OrganizationRead, id).await?;
    let (total_users, active_users) = store::count_people(&mut tx, row.id).await?;
    let admins = store::admins(&mut tx, row.id).await?;
    let org_admins: Vec<_> =
        admins.into_iter().filter(|a| a.is_active).map(OrganizationAdmin::from).collect();
    Ok(OrganizationDetailed {
        organization: row.shown_to(caller),
        admin_count: org_admins.len(),
        org_admins,
        total_users,
        active_users,
    })
}

/// Who runs an organization, also those who are switched off.
///
/// # Errors
/// As [`find`].
pub(crate) async fn admins(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
) -> Result<Vec<OrganizationAdmin>> {
    let mut tx = state.db.scoped_read(caller).await?;
    let row = find(&mut tx, caller, Permission::OrganizationRead, id).await?;
    let admins = store::admins(&mut tx, row.id).await?;
    Ok(admins.into_iter().map(OrganizationAdmin::from).collect())
}
