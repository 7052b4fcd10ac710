//! Rules of signing in. Here: who a request comes from; the rest by what is asked.

pub mod account;
pub mod join;
pub mod password;
pub mod session;

use accunode_domain::{Actor, Error, OrganizationId, Permission, Result, SessionId, TenantId, UserId};

pub use account::{NewUser, bootstrap_admin, create_user};

use super::{
    recognition::{Shown, SignedIn},
    secrets,
    store::Account,
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
    let claims = state.tokens.check(token, state.clock.now()).ok_or_else(invalid)?;
    let shown = Shown::Token { user: claims.sub, session: claims.sid };
    let found = state.recognition().of(shown).await?.ok_or_else(invalid)?.signed_in;
    admitted(found.is_active, found.place_active)?;
    if found.token_version != claims.ver || !found.session_holds {
        return Err(invalid());
    }
    Ok(Caller { session: claims.sid.map(SessionId), ..caller(found, None, origin)? })
}

async fn by_api_key(state: &AppState, bearer: &str, origin: Origin) -> Result<Caller> {
    let shown = Shown::Key { hash: secrets::hash(bearer) };
    let known = state.recognition().of(shown).await?.ok_or_else(invalid)?;
    let key = api_keys::recognised(known.key.ok_or_else(invalid)?)?;
    let found = known.signed_in;
    admitted(found.is_active, found.place_active)?;
    api_keys::note_use(state, &key, state.clock.now()).await;
    let caller = caller(found, Some(key.permissions), origin)?;
    Ok(Caller { api_key: Some(key.id), ..caller })
}

/// Refuses accounts that are switched off, and people of places that are.
fn admitted(is_active: bool, place_active: bool) -> Result<()> {
    if !is_active {
        return Err(Error::Unauthorized("User account is disabled".to_owned()));
    }
    if !place_active {
        return Err(Error::Unauthorized("Your organization is disabled".to_owned()));
    }
    Ok(())
}

fn caller(found: SignedIn, limited_to: Option<Vec<Permission>>, origin: Origin) -> Result<Caller> {
    Ok(Caller {
        place: found.place(),
        actor: Actor {
            user_id: UserId(found.id),
            role: found.role.parse().map_err(|e: String| Error::internal(e))?,
            tenant_id: found.tenant_id.map(TenantId),
            organization_id: found.organization_id.map(OrganizationId),
            limited_to,
        },
        email: found.email,
        session: None,
        api_key: None,
        must_change_password: found.must_change_password,
        origin,
    })
}

/// Something that happened to an account, for the audit log.
fn event(action: &'static str, account: &Account) -> Event {
    Event::done(action).tenant(account.tenant_id.map(TenantId)).on("user", account.id)
}
