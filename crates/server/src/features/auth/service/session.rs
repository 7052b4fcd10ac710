//! Sign-ins: begun with a password, carried on with a refresh token, ended by whoever holds one of its tokens.

use std::time::Duration;

use accunode_domain::{Error, Result, SessionId, UserId};
use accunode_telemetry::LOGIN_FAILURES;

use super::{admitted, event, invalid};
use crate::{
    audit::{self, Event},
    caller::{Caller, Origin},
    features::{
        accounts,
        auth::{
            api::session::Token,
            lockout::{self, Attempt, Watch},
            passwords::Verdict,
            secrets::{REFRESH, Secret, hash},
            store::{self, Account, NewSession},
        },
    },
    state::AppState,
};

/// Signs in by an address in lower case: the same answer, after the same work, for an unknown account and for a
/// wrong password.
///
/// # Errors
/// [`Error::Unauthorized`] for wrong credentials and disabled accounts, [`Error::TooManyRequests`] while the
/// account or the address is locked, [`Error::Unavailable`] when too many sign in at once.
pub async fn login(state: &AppState, origin: &Origin, email: &str, password: &str) -> Result<Token> {
    let attempt = match lockout::count(state, email, origin.address.as_deref()).await {
        Err(error @ Error::TooManyRequests { .. }) => return Err(counted("locked", error)),
        outcome => outcome?,
    };
    let mut tx = state.db.system_read("find the account that signs in").await?;
    let account = store::by_email(&mut tx, email).await?;
    drop(tx);
    let stored = account.as_ref().map(|a| a.password_hash.clone());
    let verdict = match state.passwords.verify(password, stored).await {
        Ok(verdict) => verdict,
        Err(error) => {
            let mut tx = state.db.system("take an attempt to sign in back").await?;
            attempt.withdraw(&mut tx).await?;
            tx.commit().await?;
            return Err(counted("busy", error));
        }
    };
    let refusal = match &account {
        Some(account) if verdict.is_right() => admitted(account.is_active, account.place_active).err(),
        _ => Some(Error::Unauthorized("Incorrect email or password".to_owned())),
    };
    match (account, refusal) {
        (Some(account), None) => {
            // No reason to refuse somebody: the next sign-in tries again.
            let new = match verdict {
                Verdict::Outdated => state.passwords.hash(password).await.ok(),
                _ => None,
            };
            begin(state, origin, &account, new.as_deref(), &attempt).await
        }
        (account, refusal) => {
            refused(state, origin, account.as_ref(), &attempt).await?;
            let reason = if verdict.is_right() { "disabled" } else { "credentials" };
            Err(counted(reason, refusal.unwrap_or_else(invalid)))
        }
    }
}

/// Why sign-ins are refused, as it is counted.
pub(crate) const REASONS: [&str; 4] = ["credentials", "disabled", "locked", "busy"];

fn counted(reason: &str, error: Error) -> Error {
    LOGIN_FAILURES.with_label_values(&[reason]).inc();
    error
}

/// Begins a session. It belongs to the token version that the password was checked with: a password changed
/// meanwhile has ended it already.
async fn begin(
    state: &AppState,
    origin: &Origin,
    account: &Account,
    new_hash: Option<&str>,
    attempt: &Attempt,
) -> Result<Token> {
    let now = state.clock.now();
    let (session, secret) = (SessionId::new(), Secret::new(REFRESH)?);
    let expires_at = now + Duration::from_secs(u64::from(state.config.session_days) * 24 * 3_600);
    let mut tx = state.db.system("begin a session").await?;
    attempt.forgive(&mut tx).await?;
    store::touch_login(&mut tx, account.id, now).await?;
    if let Some(new) = new_hash {
        store::rehash(&mut tx, account.id, &account.password_hash, new).await?;
    }
    let address = origin.address.as_deref();
    let new = NewSession { id: session.0, refresh_hash: &secret.hash, address, expires_at };
    store::insert_session(&mut tx, account, &new, now).await?;
    let event = event("auth.sign_in", account).after(serde_json::json!({ "session_id": session }));
    audit::record_anonymous(&mut tx, Some(&account.email), origin, event, now).await?;
    tx.commit().await?;
    let token = state.tokens.issue(UserId(account.id), account.token_version, Some(session), now)?;
    Ok(Token {
        refresh_token: Some(secret.text),
        must_change_password: account.must_change_password,
        ..Token::bearer(token, state.tokens.lifetime_seconds())
    })
}

/// Notes a refused sign-in: of a known account in the audit log, and in any case something, so that the time it
/// takes does not tell known accounts from unknown ones.
async fn refused(
    state: &AppState,
    origin: &Origin,
    account: Option<&Account>,
    attempt: &Attempt,
) -> Result<()> {
    tracing::info!("sign-in refused");
    let now = state.clock.now();
    let mut tx = state.db.system("note a refused sign-in").await?;
    attempt.stands(&mut tx, now).await?;
    if let Some(account) = account {
        let event = event("auth.sign_in_failed", account);
        audit::record_anonymous(&mut tx, Some(&account.email), origin, event, now).await?;
    }
    for watch in attempt.reached() {
        let what = serde_json::json!({ "locked": watch.as_str() });
        match (watch, account) {
            (Watch::Address, _) => {
                let address = origin.address.clone().unwrap_or_default();
                let event = Event::done("auth.lock_out").on("address", address).after(what);
                audit::record_anonymous(&mut tx, None, origin, event, now).await?;
            }
            (_, Some(account)) => {
                let event = event("auth.lock_out", account).after(what);
                audit::record_anonymous(&mut tx, Some(&account.email), origin, event, now).await?;
            }
            (_, None) => {}
        }
    }
    Ok(tx.commit().await?)
}

/// A new access token for a refresh token, which stays as it is until its session ends.
///
/// # Errors
/// [`Error::Unauthorized`] when the session is revoked or over, or its owner or their place is switched off.
pub async fn refresh(state: &AppState, bearer: &str) -> Result<Token> {
    let now = state.clock.now();
    let mut tx = state.db.system("carry a session on").await?;
    let session = store::refresh(&mut tx, &hash(bearer), now).await?.ok_or_else(invalid)?;
    let account = store::by_id(&mut tx, session.user_id).await?.ok_or_else(invalid)?;
    admitted(account.is_active, account.place_active)?;
    if account.token_version != session.token_version {
        return Err(invalid());
    }
    tx.commit().await?;
    let id = SessionId(session.id);
    let token = state.tokens.issue(UserId(account.id), account.token_version, Some(id), now)?;
    let left = i64::try_from(session.expires_at.since(now).as_secs()).unwrap_or(i64::MAX);
    Ok(Token {
        must_change_password: account.must_change_password,
        ..Token::bearer(token, state.tokens.lifetime_seconds().min(left))
    })
}

/// Ends the session that a token belongs to: a refresh token, or an access token of whatever age. What is no
/// token, or one of a session that has ended, ends nothing.
///
/// # Errors
/// When the database fails.
pub async fn logout(state: &AppState, origin: &Origin, bearer: &str) -> Result<()> {
    let now = state.clock.now();
    let claims = state.tokens.read(bearer);
    let mut tx = state.db.system("end a session").await?;
    let owner = match claims.and_then(|c| c.sid) {
        Some(session) => store::revoke(&mut tx, session, now).await?,
        None if bearer.starts_with(REFRESH) => store::revoke_by_hash(&mut tx, &hash(bearer), now).await?,
        None => None,
    };
    let Some(owner) = owner else { return Ok(()) };
    if let Some(account) = store::by_id(&mut tx, owner).await? {
        let event = event("auth.sign_out", &account);
        audit::record_anonymous(&mut tx, Some(&account.email), origin, event, now).await?;
    }
    Ok(tx.commit().await?)
}

/// Ends every session of the caller.
///
/// # Errors
/// When the database fails.
pub async fn logout_all(state: &AppState, caller: &Caller) -> Result<()> {
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    accounts::store::end_sessions(&mut tx, caller.user_id.0, now).await?;
    let event = Event::done("auth.sign_out_all").on("user", caller.user_id);
    audit::record(&mut tx, caller, event, now).await?;
    Ok(tx.commit().await?)
}
