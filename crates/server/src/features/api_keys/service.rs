//! Rules of API keys: a key never gives what its owner lacks, and never makes keys or touches the password.

use std::time::Duration;

use accunode_db::Timestamp;
use accunode_domain::{ApiKeyId, Error, Permission, Result, UserId};
use serde_json::json;

use super::{
    api::{ApiKey, MadeApiKey},
    store::{self, Row},
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        accounts,
        auth::secrets::{API_KEY, Secret},
    },
    state::AppState,
};

/// What no key can have.
pub const OWNERS_ALONE: [Permission; 2] = [Permission::UserSelf, Permission::ApiKeyManage];
/// How many live keys one person can have.
const MOST: i64 = 50;
/// How much of a key is kept to recognise it by.
const PREFIX: usize = 12;
/// How exact the time of the last use is.
const USE_INTERVAL: Duration = Duration::from_secs(60);
/// How long noting a use may keep a request waiting.
const PATIENCE: Duration = Duration::from_secs(1);

/// A key to be made.
pub struct NewKey {
    /// What it is for.
    pub name: String,
    /// What it may do.
    pub permissions: Vec<Permission>,
    /// Days until it ends.
    pub days: Option<u64>,
}

/// A key that somebody has shown.
#[derive(Clone, Debug)]
pub struct Recognised {
    /// Which.
    pub id: ApiKeyId,
    /// Whose.
    pub owner: UserId,
    /// What it may do, if its owner may.
    pub permissions: Vec<Permission>,
    last_used_at: Option<Timestamp>,
}

/// Makes a key of the caller's.
///
/// # Errors
/// [`Error::Forbidden`] naming the permissions that the caller lacks, [`Error::Conflict`] when there are too many
/// live keys.
pub async fn create(state: &AppState, caller: &Caller, new: NewKey) -> Result<MadeApiKey> {
    let NewKey { name, mut permissions, days } = new;
    permissions.sort_unstable();
    permissions.dedup();
    let lacking: Vec<_> = permissions.iter().filter(|p| !caller.holds(**p)).map(|p| p.as_str()).collect();
    if !lacking.is_empty() {
        return Err(Error::Forbidden(format!("You do not have these permissions: {}", lacking.join(", "))));
    }
    let secret = Secret::new(API_KEY)?;
    let now = state.clock.now();
    let row = Row {
        id: ApiKeyId::new().0,
        name,
        prefix: secret.text.chars().take(PREFIX).collect(),
        permissions: serde_json::to_string(&permissions).map_err(Error::internal)?,
        created_at: now,
        expires_at: days.map(|days| now + Duration::from_secs(days * 24 * 3_600)),
        last_used_at: None,
        revoked_at: None,
    };
    let mut tx = state.db.scoped(caller).await?;
    // Held, so that keys are counted by one at a time.
    accounts::store::locked(&mut tx, caller.user_id.0).await?;
    if store::live(&mut tx, now).await? >= MOST {
        return Err(Error::Conflict(format!("You have {MOST} API keys: revoke one first")));
    }
    store::insert(&mut tx, &row, &secret.hash).await?;
    let about = shown(row);
    let event = Event::done("api_key.create").on("api_key", about.id).after(state_of(&about));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    Ok(MadeApiKey { key: secret.text, about })
}

fn state_of(key: &ApiKey) -> serde_json::Value {
    json!({
        "name": key.name, "prefix": key.prefix, "permissions": key.permissions, "expires_at": key.expires_at,
        "revoked_at": key.revoked_at,
    })
}

fn shown(row: Row) -> ApiKey {
    ApiKey {
        permissions: serde_json::from_str(&row.permissions).unwrap_or_default(),
        id: row.id,
        name: row.name,
        prefix: row.prefix,
        created_at: row.created_at,
        expires_at: row.expires_at,
        last_used_at: row.last_used_at,
        revoked_at: row.revoked_at,
    }
}

/// The caller's keys, live ones first.
///
/// # Errors
/// When the database fails.
pub async fn list(state: &AppState, caller: &Caller) -> Result<Vec<ApiKey>> {
    let mut tx = state.db.scoped_read(caller).await?;
    Ok(store::own(&mut tx).await?.into_iter().map(shown).collect())
}

/// Revokes a key of the caller's; one that is revoked already stays as it is.
///
/// # Errors
/// [`Error::NotFound`] when the caller has no such key.
pub async fn revoke(state: &AppState, caller: &Caller, id: ApiKeyId) -> Result<()> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let found = store::own_by_id(&mut tx, id.0).await?;
    let before = shown(found.ok_or_else(|| Error::NotFound("API key not found".to_owned()))?);
    if !store::revoke(&mut tx, id.0, now).await? {
        return Ok(());
    }
    let event = Event::done("api_key.revoke").on("api_key", id).before(state_of(&before));
    let after = state_of(&ApiKey { revoked_at: Some(now), ..before });
    audit::record(&mut tx, caller, event.after(after), now).await?;
    Ok(tx.commit().await?)
}

/// A live key with what it may do. Permissions that a later version of the application no longer knows are left out.
///
/// # Errors
/// When what is stored of it cannot be read.
pub(crate) fn recognised(found: store::Found) -> Result<Recognised> {
    let names: Vec<String> = serde_json::from_str(&found.permissions).map_err(Error::internal)?;
    Ok(Recognised {
        id: ApiKeyId(found.id),
        owner: UserId(found.user_id),
        permissions: names.iter().filter_map(|name| name.parse().ok()).collect(),
        last_used_at: found.last_used_at,
    })
}

/// Notes that a key is used, once a minute. When that fails or takes long the request goes on without.
pub async fn note_use(state: &AppState, key: &Recognised, now: Timestamp) {
    if key.last_used_at.is_some_and(|last| now.since(last) < USE_INTERVAL) {
        return;
    }
    let write = async {
        let mut tx = state.db.system("note the use of an API key").await?;
        store::touch(&mut tx, key.id.0, now, now - USE_INTERVAL).await?;
        tx.commit().await
    };
    match tokio::time::timeout(PATIENCE, write).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::warn!(%error, "the use of an API key could not be noted"),
        Err(_) => tracing::warn!("the use of an API key could not be noted in time"),
    }
}
