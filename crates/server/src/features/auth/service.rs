//! Rules of signing in.

use accunode_domain::{Actor, Error, OrganizationId, Result, Role, SessionId, TenantId, UserId};

use super::{
    api::Token,
    passwords::check_rule,
    store::{self, Account},
};
use crate::{
    caller::{Caller, Origin},
    features::accounts::{
        self,
        service::{By, NewAccount, Placement},
    },
    state::AppState,
};

/// Signs in by an address in lower case: the same answer, after the same work, for an unknown account and for a wrong password.
pub async fn login(state: &AppState, email: &str, password: &str) -> Result<Token> {
    let mut tx = state.db.system_read("find the account that signs in").await?;
    let account = store::by_email(&mut tx, email).await?;
    drop(tx);
    let hash = account.as_ref().map(|a| a.password_hash.clone());
    let matches = state.passwords.verify(password, hash).await?;
    let Some(account) = account.filter(|_| matches) else {
        tracing::info!("sign-in refused");
        return Err(Error::Unauthorized("Incorrect email or password".to_owned()));
    };
    admitted(&account)?;
    let now = state.clock.now();
    let mut tx = state.db.system("note the sign-in").await?;
    store::touch_login(&mut tx, account.id, now).await?;
    tx.commit().await?;
    let access_token = state.tokens.issue(UserId(account.id), account.token_version, None, now)?;
    Ok(Token { access_token, token_type: "bearer".to_owned(), expires_in: state.tokens.lifetime_seconds() })
}

/// Who a token belongs to, read anew each time so that roles, deactivation and revocation count at once.
pub async fn authenticate(state: &AppState, token: &str, origin: Origin) -> Result<Caller> {
    let invalid = || Error::Unauthorized("Could not validate credentials".to_owned());
    let now = state.clock.now();
    let claims = state.tokens.check(token, now).ok_or_else(invalid)?;
    let mut tx = state.db.system_read("recognise the caller").await?;
    let account = store::by_id(&mut tx, claims.sub).await?.ok_or_else(invalid)?;
    let holds = match claims.sid {
        Some(session) => store::session_holds(&mut tx, session, account.id, now).await?,
        None => true,
    };
    drop(tx);
    admitted(&account)?;
    if account.token_version != claims.ver || !holds {
        return Err(invalid());
    }
    Ok(Caller {
        actor: actor(&account)?,
        must_change_password: account.must_change_password,
        email: account.email,
        session: claims.sid.map(SessionId),
        api_key: None,
        origin,
    })
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

fn actor(account: &Account) -> Result<Actor> {
    Ok(Actor {
        user_id: UserId(account.id),
        role: account.role.parse().map_err(|e: String| Error::internal(e))?,
        tenant_id: account.tenant_id.map(TenantId),
        organization_id: account.organization_id.map(OrganizationId),
        limited_to: None,
    })
}

/// A person to create from outside the API.
pub struct NewUser<'a> {
    /// Address; stored in lower case.
    pub email: &'a str,
    /// Has to follow the password rule.
    pub password: &'a str,
    /// Name for people.
    pub full_name: Option<&'a str>,
    /// Role.
    pub role: Role,
    /// Tenant.
    pub tenant_id: Option<TenantId>,
    /// Organization.
    pub organization_id: Option<OrganizationId>,
}

/// Creates a person.
///
/// # Errors
/// A password that breaks the rule, an address that is none or is taken.
pub async fn create_user(state: &AppState, new: &NewUser<'_>) -> Result<UserId> {
    check_rule("password", new.password)?;
    let email =
        accounts::email(new.email).map_err(|e| Error::field("email", format!("Invalid email: {e}")))?;
    let password_hash = state.passwords.hash(new.password).await?;
    let placement =
        Placement { role: new.role, tenant: new.tenant_id, organization: new.organization_id, active: true };
    let account = NewAccount {
        email: &email,
        username: None,
        password_hash: &password_hash,
        full_name: new.full_name,
        placement,
        must_change_password: false,
    };
    let mut tx = state.db.system("create an account").await?;
    let account = accounts::service::create(&mut tx, By::Right, account, state.clock.now()).await?;
    tx.commit().await?;
    Ok(UserId(account.id))
}

/// Makes the first super_admin when there is none; says whether it did.
///
/// # Errors
/// As [`create_user`].
pub async fn bootstrap_admin(state: &AppState, email: &str, password: &str) -> Result<bool> {
    let mut tx = state.db.system_read("look for a super_admin").await?;
    let there = store::count_role(&mut tx, Role::SuperAdmin.as_str()).await? > 0;
    drop(tx);
    if there {
        return Ok(false);
    }
    let role = Role::SuperAdmin;
    let full_name = Some("Administrator");
    create_user(state, &NewUser { email, password, full_name, role, tenant_id: None, organization_id: None })
        .await?;
    Ok(true)
}
