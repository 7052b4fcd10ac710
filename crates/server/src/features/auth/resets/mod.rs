//! Passwords forgotten: a mail with a link that sets a new one, once, within the hour.

mod store;

use std::time::Duration;

use accunode_db::{Timestamp, Tx};
use accunode_domain::{Error, Result, TenantId};
use accunode_queue::{NewJob, Priority, enqueue};
use uuid::Uuid;

use super::{
    jobs::{KIND, Payload},
    lockout,
    secrets::{Secret, hash},
};
use crate::{
    audit::{self, Event},
    caller::Origin,
    features::accounts,
    state::AppState,
};

/// How long a link holds.
const LIFETIME: Duration = Duration::from_secs(3_600);
/// Tries to send it, over half an hour.
const ATTEMPTS: i32 = 11;
/// One mail for an account in this time.
const PAUSE: Duration = Duration::from_secs(5 * 60);

/// Has a link sent to an account's address. Who asks cannot tell whether there is such an account: in any case a
/// job is written and committed, which finds nothing to do for an unknown one.
///
/// # Errors
/// When the database fails.
pub async fn ask(state: &AppState, origin: &Origin, email: &str) -> Result<()> {
    let now = state.clock.now();
    let id = Uuid::now_v7();
    let mut tx = state.db.system("ask for a new password").await?;
    let job = NewJob::new(KIND, &Payload { reset_id: id }, now).map_err(Error::internal)?;
    enqueue(&mut tx, job.priority(Priority::High).max_attempts(ATTEMPTS)).await?;
    if let Some(account) = super::store::by_email(&mut tx, email).await?.filter(|a| a.is_active) {
        // Held, so that of several at the same time one is sent.
        accounts::store::locked(&mut tx, account.id).await?;
        if !store::any_between(&mut tx, account.id, now - PAUSE, now + PAUSE).await? {
            store::insert(&mut tx, id, account.id, now, now + LIFETIME).await?;
            let event = Event::done("auth.password.reset_ask")
                .tenant(account.tenant_id.map(TenantId))
                .on("user", account.id);
            audit::record_anonymous(&mut tx, Some(&account.email), origin, event, now).await?;
        }
    }
    tx.commit().await?;
    state.wake.notify();
    Ok(())
}

/// Makes the token of an open reset anew, valid from now: its text and the address to send it to. None when there
/// is nothing to send (any more).
///
/// # Errors
/// When the database or the random source fails.
pub(super) async fn arm(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<Option<(String, String)>> {
    let Some(email) = store::recipient(tx, id, now).await? else { return Ok(None) };
    let secret = Secret::new("")?;
    store::arm(tx, id, &secret.hash, now + LIFETIME).await?;
    Ok(Some((email, secret.text)))
}

/// Sets a new password by the token of a mail: once, and only the newest. Every session ends and what kept the
/// account from signing in from here is forgotten. API keys stay.
///
/// # Errors
/// [`Error::BadRequest`] when the token is unknown, used or over; [`Error::Unavailable`] when too many passwords
/// are computed at once.
pub async fn redeem(state: &AppState, origin: &Origin, token: &str, new_password: &str) -> Result<()> {
    let refusal = || Error::BadRequest("This link is not valid any more: ask for a new one".to_owned());
    let token_hash = hash(token);
    let mut tx = state.db.system_read("find a password reset").await?;
    let known = store::owner(&mut tx, &token_hash, state.clock.now()).await?;
    drop(tx);
    // Looked up first, so that made-up tokens cost no computation.
    let owner = known.ok_or_else(refusal)?;
    let password_hash = state.passwords.hash(new_password).await?;
    let now = state.clock.now();
    let mut tx = state.db.system("set a new password by mail").await?;
    let account = super::store::by_id(&mut tx, owner).await?.ok_or_else(refusal)?;
    lockout::forget(&mut tx, &account.email, origin.address.as_deref()).await?;
    // The account before its links, as everybody holds them.
    accounts::store::locked(&mut tx, owner).await?.filter(|a| a.is_active).ok_or_else(refusal)?;
    store::redeem(&mut tx, &token_hash, now).await?.ok_or_else(refusal)?;
    if !super::store::set_password(&mut tx, owner, None, &password_hash, now).await? {
        return Err(refusal());
    }
    accounts::store::end_sessions(&mut tx, owner, now).await?;
    void(&mut tx, owner, now).await?;
    let event = Event::done("auth.password.reset").tenant(account.tenant_id.map(TenantId)).on("user", owner);
    audit::record_anonymous(&mut tx, Some(&account.email), origin, event, now).await?;
    Ok(tx.commit().await?)
}

/// Forgets the resets that ended before a moment; how many there were.
pub(super) async fn prune(tx: &mut Tx, before: Timestamp) -> accunode_db::Result<u64> {
    store::prune(tx, before).await
}

/// Makes every open reset of an account worthless.
///
/// # Errors
/// When the database fails.
pub(super) async fn void(tx: &mut Tx, user: Uuid, now: Timestamp) -> Result<()> {
    Ok(store::void(tx, user, now).await?)
}
