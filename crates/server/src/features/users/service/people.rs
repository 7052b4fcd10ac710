//! Finding people and changing their names.

use accunode_db::unique_violation;
use accunode_domain::{Error, Permission, Reach, Result, Role, TenantId};
use uuid::Uuid;

use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        accounts::{self, store::Account},
        users::{api::User, store},
    },
    listing::{Window, part},
    state::AppState,
};

/// What a list of people is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct Filter {
    /// A pattern of names and addresses, in lower case.
    pub(crate) folded: Option<String>,
    /// The same as it was written: SQLite folds ASCII letters alone.
    pub(crate) written: Option<String>,
    /// Their organization.
    pub organization: Option<Uuid>,
    /// Their tenant.
    pub tenant: Option<Uuid>,
    /// Their role.
    pub role: Option<Role>,
    /// Whether they are switched on.
    pub is_active: Option<bool>,
}

impl Filter {
    /// By part of the full name, user name or address.
    ///
    /// # Errors
    /// [`Error::Invalid`] for a text longer than any of them.
    pub fn search(text: Option<&str>) -> Result<Self> {
        let folded = part("search", text, 255, str::to_lowercase)?;
        Ok(Self { folded, written: part("search", text, 255, str::to_owned)?, ..Self::default() })
    }
}

/// The people in the caller's reach, newest first, and how many there are in all.
///
/// # Errors
/// [`Error::NotFound`] when a tenant_admin names another tenant's organization, [`Error::BadRequest`] for a
/// tenant_admin without tenant.
pub(crate) async fn list(
    state: &AppState,
    caller: &Caller,
    filter: &Filter,
    window: Window,
) -> Result<(Vec<User>, i64)> {
    let reach = caller.role.reach(Permission::UserRead);
    if reach == Reach::Tenant && caller.runs_tenant().is_none() {
        return Err(Error::BadRequest("You run no tenant".to_owned()));
    }
    let mut tx = state.db.scoped_read(caller).await?;
    if let Some(id) = filter.organization.filter(|_| reach == Reach::Tenant) {
        accounts::service::find_organization(&mut tx, id).await?;
    }
    Ok(store::list(&mut tx, reach, filter, window).await?)
}

/// The caller's own account.
///
/// # Errors
/// When the database fails.
pub async fn own(state: &AppState, caller: &Caller) -> Result<User> {
    let mut tx = state.db.scoped_read(caller).await?;
    Ok(accounts::service::find(&mut tx, caller, Permission::UserSelf, caller.user_id.0).await?.into())
}

/// One person in the caller's reach.
///
/// # Errors
/// As [`accounts::service::find`].
pub async fn get(state: &AppState, caller: &Caller, id: Uuid) -> Result<User> {
    let mut tx = state.db.scoped_read(caller).await?;
    Ok(accounts::service::find(&mut tx, caller, Permission::UserRead, id).await?.into())
}

/// New names; what is not given stays.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// Unique name.
    pub username: Option<String>,
    /// Name for people; an empty one takes it away.
    pub full_name: Option<String>,
}

/// Changes the caller's own names.
///
/// # Errors
/// [`Error::BadRequest`] when the user name is taken, or `email` is not the caller's own.
pub async fn update_own(
    state: &AppState,
    caller: &Caller,
    names: &Names,
    email: Option<&str>,
) -> Result<User> {
    if email.is_some_and(|e| e.trim().to_lowercase() != caller.email) {
        return Err(Error::BadRequest("The e-mail address cannot be changed".to_owned()));
    }
    rename(state, caller, Permission::UserSelf, caller.user_id.0, names).await
}

/// Changes somebody's names: the own ones, or those of somebody of a lower role.
///
/// # Errors
/// As [`accounts::service::find`]; [`Error::Forbidden`] for a peer or superior, [`Error::BadRequest`] when the
/// user name is taken.
pub async fn update(state: &AppState, caller: &Caller, id: Uuid, names: &Names) -> Result<User> {
    rename(state, caller, Permission::UserUpdate, id, names).await
}

async fn rename(
    state: &AppState,
    caller: &Caller,
    permission: Permission,
    id: Uuid,
    names: &Names,
) -> Result<User> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let before = accounts::service::find(&mut tx, caller, permission, id).await?;
    if before.id != caller.user_id.0 && !caller.stands_above(before.role()?) {
        return Err(Error::Forbidden("Only people of a lower role can be changed".to_owned()));
    }
    let mut after = before.clone();
    if let Some(username) = &names.username {
        after.username.clone_from(username);
    }
    if let Some(name) = &names.full_name {
        after.full_name = (!name.is_empty()).then(|| name.clone());
    }
    if after == before {
        return Ok(after.into());
    }
    let stored = store::rename(&mut tx, id, &after.username, after.full_name.as_deref(), now).await;
    stored.map_err(|error| {
        if unique_violation(&error, "users_username") {
            Error::BadRequest("Username already taken".to_owned())
        } else {
            error.into()
        }
    })?;
    audit::record(&mut tx, caller, concerning("user.update", &before, Some(&after)), now).await?;
    tx.commit().await?;
    Ok(after.into())
}

/// What was done to an account, in the log of the tenant that it is or was of.
pub(crate) fn concerning(action: &'static str, before: &Account, after: Option<&Account>) -> Event {
    let tenant = before.tenant_id.or_else(|| after.and_then(|a| a.tenant_id));
    let event = Event::done(action).tenant(tenant.map(TenantId)).on("user", before.id);
    let event = event.before(before.state());
    match after {
        Some(after) => event.after(after.state()),
        None => event,
    }
}
