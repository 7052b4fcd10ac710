//! What administrators do with accounts: roles, switching on and off, taking out, closing.

use accunode_db::{Timestamp, Tx};
use accunode_domain::{Error, Permission, Result, Role, TenantId};
use uuid::Uuid;

use super::people::concerning;
use crate::{
    audit,
    caller::Caller,
    features::accounts::{
        self,
        service::{By, Placement},
        store::Account,
    },
    state::AppState,
};

/// An account before and after a change, and when it was made.
#[derive(Clone, Debug)]
pub struct Changed {
    /// Before.
    pub before: Account,
    /// After.
    pub after: Account,
    /// When.
    pub at: Timestamp,
}

/// Gives somebody another role where they are.
///
/// # Errors
/// As [`accounts::service::find`] and [`accounts::service::place`].
pub async fn change_role(state: &AppState, caller: &Caller, id: Uuid, role: Role) -> Result<Changed> {
    let to = |p: Placement| Ok(Placement { role, ..p });
    change(state, caller, Permission::UserRole, "user.role.change", id, to).await
}

/// Switches an account on or off. Switching off ends its sessions.
///
/// # Errors
/// As [`change_role`].
pub async fn set_active(state: &AppState, caller: &Caller, id: Uuid, active: bool) -> Result<Changed> {
    let action = if active { "user.activate" } else { "user.deactivate" };
    change(state, caller, Permission::UserActivate, action, id, |p| Ok(Placement { active, ..p })).await
}

/// Takes somebody out of their organization and tenant; the account stays.
///
/// # Errors
/// As [`change_role`]; [`Error::BadRequest`] when they belong to neither.
pub async fn remove(state: &AppState, caller: &Caller, id: Uuid) -> Result<Changed> {
    let to = |p: Placement| {
        if p.organization.is_none() && p.tenant.is_none() {
            return Err(Error::BadRequest("This person belongs to no organization".to_owned()));
        }
        Ok(Placement { active: p.active, ..Placement::NOWHERE })
    };
    change(state, caller, Permission::UserDelete, "user.remove", id, to).await
}

/// Closes an account. What the person made stays where it is.
///
/// # Errors
/// As [`change_role`].
pub async fn close(state: &AppState, caller: &Caller, id: Uuid) -> Result<Account> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let before = accounts::service::find(&mut tx, caller, Permission::UserDelete, id).await?;
    accounts::service::close(&mut tx, By::Admin(caller), &before, now).await?;
    audit::record(&mut tx, caller, concerning("user.delete", &before, None), now).await?;
    tx.commit().await?;
    Ok(before)
}

async fn change(
    state: &AppState,
    caller: &Caller,
    permission: Permission,
    action: &'static str,
    id: Uuid,
    to: impl FnOnce(Placement) -> Result<Placement>,
) -> Result<Changed> {
    let mut tx = state.db.scoped(caller).await?;
    let before = accounts::service::find(&mut tx, caller, permission, id).await?;
    let after = to(Placement::of(&before)?)?;
    let changed = place(state, &mut tx, caller, action, before, after).await?;
    tx.commit().await?;
    Ok(changed)
}

/// Places an account that the caller reaches and notes it: the last thing before the commit.
pub(crate) async fn place(
    state: &AppState,
    tx: &mut Tx,
    caller: &Caller,
    action: &'static str,
    before: Account,
    after: Placement,
) -> Result<Changed> {
    let at = state.clock.now();
    let after = accounts::service::place(tx, By::Admin(caller), &before, after, at).await?;
    if after != before {
        let event = concerning(action, &before, Some(&after));
        audit::record(tx, caller, event.clone(), at).await?;
        // Who changes over concerns the new tenant, too.
        if before.tenant_id.is_some() && after.tenant_id.is_some() && before.tenant_id != after.tenant_id {
            audit::record(tx, caller, event.tenant(after.tenant_id.map(TenantId)), at).await?;
        }
    }
    Ok(Changed { before, after, at })
}
