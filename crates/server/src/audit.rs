//! The audit log's one way in: what was done, by whom, on what, written in the transaction that does it.

use accunode_db::{Timestamp, Tx};
use accunode_domain::{Result, Role, TenantId};
use serde_json::Value;
use uuid::Uuid;

use crate::{
    caller::{Caller, Origin},
    features::audit_log::store::{self, Entry},
};

/// Something that was done, or denied.
#[derive(Clone, Debug)]
pub struct Event {
    action: &'static str,
    outcome: &'static str,
    tenant: Option<TenantId>,
    target: Option<(&'static str, String)>,
    before: Option<Value>,
    after: Option<Value>,
}

impl Event {
    /// Something done; `action` is like `user.role.change`: feature, object, verb.
    #[must_use]
    pub const fn done(action: &'static str) -> Self {
        Self { action, outcome: "done", tenant: None, target: None, before: None, after: None }
    }

    /// Something refused.
    #[must_use]
    pub fn denied(action: &'static str) -> Self {
        Self { outcome: "denied", ..Self::done(action) }
    }

    /// The tenant that it concerns, when that is not the actor's.
    #[must_use]
    pub fn tenant(self, tenant: Option<TenantId>) -> Self {
        Self { tenant, ..self }
    }

    /// What it was done to: a type (`user`, `organization`, …) and an identifier.
    #[must_use]
    pub fn on(self, kind: &'static str, id: impl ToString) -> Self {
        Self { target: Some((kind, id.to_string())), ..self }
    }

    /// The state before: a JSON object without secrets.
    #[must_use]
    pub fn before(self, state: Value) -> Self {
        Self { before: Some(state), ..self }
    }

    /// The state after: a JSON object without secrets.
    #[must_use]
    pub fn after(self, state: Value) -> Self {
        Self { after: Some(state), ..self }
    }
}

/// Who an entry names as the one who acted.
struct Who<'a> {
    id: Option<Uuid>,
    email: Option<&'a str>,
    role: Option<Role>,
    api_key: Option<Uuid>,
    tenant: Option<TenantId>,
    origin: &'a Origin,
}

impl<'a> Who<'a> {
    fn of(caller: &'a Caller) -> Self {
        Self {
            id: Some(caller.user_id.0),
            email: Some(&caller.email),
            role: Some(caller.role),
            api_key: caller.api_key.map(|k| k.0),
            tenant: caller.tenant_id,
            origin: &caller.origin,
        }
    }
}

/// Writes an entry in the transaction of what it speaks of. Make it the last statement: it holds the end of the
/// tenant's chain until the commit, so that entries stand in the order in which they became true.
///
/// # Errors
/// When the database refuses; then nothing of the transaction may be committed.
pub async fn record(tx: &mut Tx, caller: &Caller, event: Event, now: Timestamp) -> Result<()> {
    record_all(tx, [(caller, event)], now).await
}

/// As [`record`], for what several people did in one transaction.
///
/// # Errors
/// As [`record`].
pub async fn record_all<'a>(
    tx: &mut Tx,
    events: impl IntoIterator<Item = (&'a Caller, Event)>,
    now: Timestamp,
) -> Result<()> {
    let entries = events.into_iter().map(|(caller, event)| entry(&Who::of(caller), event, now)).collect();
    Ok(store::append(tx, entries).await?)
}

/// Writes an entry of something that nobody who is signed in did: a sign-in, a registration, a reset. The
/// transaction must be the application's own; `email` is that of the account concerned, never one that is
/// unknown.
///
/// # Errors
/// As [`record`].
pub async fn record_anonymous(
    tx: &mut Tx,
    email: Option<&str>,
    origin: &Origin,
    event: Event,
    now: Timestamp,
) -> Result<()> {
    let who = Who { id: None, email, role: None, api_key: None, tenant: None, origin };
    Ok(store::append(tx, vec![entry(&who, event, now)]).await?)
}

/// Writes an entry of what the application did by itself, without a request. The transaction must be the
/// application's own; `email` is that of the account on whose behalf it was done.
///
/// # Errors
/// As [`record`].
pub async fn record_background(
    tx: &mut Tx,
    email: Option<&str>,
    event: Event,
    now: Timestamp,
) -> accunode_db::Result<()> {
    let origin = Origin::default();
    let who = Who { id: None, email, role: None, api_key: None, tenant: None, origin: &origin };
    store::append(tx, vec![entry(&who, event, now)]).await
}

fn entry(who: &Who<'_>, event: Event, now: Timestamp) -> Entry {
    let tenant = event.tenant.or(who.tenant).map(|t| t.0);
    let json = |state: &Option<Value>| state.as_ref().map(Value::to_string);
    let (target_type, target_id) = event.target.unzip();
    Entry {
        at: now,
        tenant_id: tenant,
        actor_id: who.id,
        actor_email: who.email.map(str::to_owned),
        actor_role: who.role.map(|r| r.as_str().to_owned()),
        api_key_id: who.api_key,
        action: event.action.to_owned(),
        outcome: event.outcome.to_owned(),
        target_type: target_type.map(str::to_owned),
        target_id,
        before_state: json(&event.before),
        after_state: json(&event.after),
        request_id: who.origin.request_id.clone(),
        address: who.origin.address.clone(),
    }
}
