//! Changing a password, by whoever knows it.

use accunode_domain::{Error, Result};

use super::invalid;
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        accounts,
        auth::{resets, store},
    },
    state::AppState,
};

/// Changes the caller's password and ends all of their sessions, the present one too. API keys stay.
///
/// # Errors
/// [`Error::BadRequest`] when the present password is another, or the new one is no other;
/// [`Error::Unavailable`] when too many passwords are computed at once.
pub async fn change(state: &AppState, caller: &Caller, current: &str, new: &str) -> Result<()> {
    let incorrect = || Error::BadRequest("Current password is incorrect".to_owned());
    let mut tx = state.db.scoped_read(caller).await?;
    let account = store::by_id(&mut tx, caller.user_id.0).await?.ok_or_else(invalid)?;
    drop(tx);
    let verdict = state.passwords.verify(current, Some(account.password_hash.clone())).await?;
    if !verdict.is_right() {
        return Err(incorrect());
    }
    if current == new {
        return Err(Error::BadRequest("New password must be different from the current one".to_owned()));
    }
    let hash = state.passwords.hash(new).await?;
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    // Of two changes at the same time the second does not know the password any more.
    if !store::set_password(&mut tx, account.id, Some(&account.password_hash), &hash, now).await? {
        return Err(incorrect());
    }
    accounts::store::end_sessions(&mut tx, account.id, now).await?;
    resets::void(&mut tx, account.id, now).await?;
    let event = Event::done("auth.password.change").on("user", account.id);
    audit::record(&mut tx, caller, event, now).await?;
    Ok(tx.commit().await?)
}
