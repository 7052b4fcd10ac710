//! Rules of signing in. Here: who a request comes from; the rest by what is asked.

pub mod account;
pub mod join;
pub mod password;
pub mod session;

use accunode_domain::{Actor, Error, OrganizationId, Permission, Result, SessionId, TenantId, UserId};

pub use account::{NewUser, bootstrap_admin, create_user};

use super::{
    secrets,
    store::{self, Account, SignedIn},
};
use crate::{
    audit::Event,
    caller::{Caller, Origin},
    features::api_keys::service as api_keys,
    state::AppState,
};

fn invalid() -> Error {
    Error::Unauthorized("Could not validate credentials".to_owned())
}

/// Who an access token or API key belongs to, read anew each time so that roles, deactivation and revocation
/// count at once.
///
/// # Errors
/// [`Error::Unauthorized`] when it is not valid (any more), or its owner or their place is switched off.
pub async fn authenticate(state: &AppState, bearer: &str, origin: Origin) -> Result<Caller> {
    if bearer.starts_with(secrets::API_KEY) {
        by_api_key(state, bearer, origin).await
    } else {
        by_token(state, bearer, origin).await
    }
}

async fn by_token(state: &AppState, token: &str, origin: Origin) -> Result<Caller> {
    let now = state.clock.now();
    let claims = state.tokens.check(token, now).ok_or_else(invalid)?;
    let mut tx = state.db.system_glance("recognise the caller").await?;
    let found = store::signed_in(&mut tx, claims.sub, claims.sid, now).await?.ok_or_else(invalid)?;
    drop(tx);
    admitted(&found.account)?;
    if found.account.token_version != claims.ver || !found.session_holds {
        return Err(invalid());
    }
    Ok(Caller { session: claims.sid.map(SessionId), ..caller(found, None, origin)? })
}

async fn by_api_key(state: &AppState, bearer: &str, origin: Origin) -> Result<Caller> {
    let now = state.clock.now();
    let mut tx = state.db.system_glance("recognise an API key").await?;
    let key = api_keys::recognise(&mut tx, bearer, now).await?.ok_or_else(invalid)?;
    let found = store::signed_in(&mut tx, key.owner.0, None, now).await?.ok_or_else(invalid)?;
    drop(tx);
    admitted(&found.account)?;
    api_keys::note_use(state, &key, now).await;
    let caller = caller(found, Some(key.permissions), origin)?;
    Ok(Caller { api_key: Some(key.id), ..caller })
}

/// Refuses accounts that are switched off, and people of places that are.
fn admitted(account: &Account) -> Result<()> {
    if !account.is_active {
        return Err(Error::Unauthorized("User account is disabled".to_owned()));
    }
    if !account.place_active {
        return Err(Error::Unauthorized("Your organization is disabled".to_owned()));
    }
    Ok(())
}

fn caller(found: SignedIn, limited_to: Option<Vec<Permission>>, origin: Origin) -> Result<Caller> {
    let place = found.place();
    let account = found.account;
    Ok(Caller {
        actor: Actor {
            user_id: UserId(account.id),
            role: account.role.parse().map_err(|e: String| Error::internal(e))?,
            tenant_id: account.tenant_id.map(TenantId),
            organization_id: account.organization_id.map(OrganizationId),
            limited_to,
        },
        email: account.email,
        session: None,
        api_key: None,
        must_change_password: account.must_change_password,
        place,
        origin,
    })
}

/// Something that happened to an account, for the audit log.
fn event(action: &'static str, account: &Account) -> Event {
    Event::done(action).tenant(account.tenant_id.map(TenantId)).on("user", account.id)
}
