//! Who may join an organization.

use accunode_domain::{Error, OrganizationId, Permission, Result};
use serde_json::json;

use super::{event, find, hold};
use crate::{
    audit,
    caller::Caller,
    features::{
        accounts,
        organizations::{api::Whitelisted, store},
    },
    listing::Window,
    state::AppState,
};

/// The addresses that may join, newest first, and how many there are.
///
/// # Errors
/// As [`find`].
pub(crate) async fn list(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    part: Window,
) -> Result<(Vec<Whitelisted>, i64)> {
    let mut tx = state.db.scoped_read(caller).await?;
    let row = find(&mut tx, caller, Permission::OrganizationWhitelist, id).await?;
    Ok(store::whitelist(&mut tx, row.id, part).await?)
}

/// Lets an address join, given in the form in which it is stored.
///
/// # Errors
/// As [`find`]; [`Error::BadRequest`] when it may already.
pub(crate) async fn add(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    email: &str,
) -> Result<Whitelisted> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let row = hold(&mut tx, caller, Permission::OrganizationWhitelist, id).await?;
    let added = store::add_to_whitelist(&mut tx, row.id, email, caller.user_id.0, now).await?;
    let added = added.ok_or_else(|| Error::BadRequest(format!("{email} is on the whitelist already")))?;
    let event = event("organization.whitelist.add", &row).after(json!({ "email": email }));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(added)
}

/// No longer lets an address join, given in any case; gives it in the form in which it was stored.
///
/// # Errors
/// As [`find`]; [`Error::NotFound`] when it is not on the list.
pub(crate) async fn remove(
    state: &AppState,
    caller: &Caller,
    id: OrganizationId,
    email: &str,
) -> Result<String> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let row = hold(&mut tx, caller, Permission::OrganizationWhitelist, id).await?;
    let absent = || Error::NotFound("The address is not on the whitelist".to_owned());
    let email = accounts::email(email).map_err(|_| absent())?;
    if !store::remove_from_whitelist(&mut tx, row.id, &email).await? {
        return Err(absent());
    }
    let event = event("organization.whitelist.remove", &row).before(json!({ "email": email }));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(email)
}
