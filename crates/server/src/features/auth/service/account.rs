//! Accounts that nobody else's right makes: by registering, at the console, at the first start.

use accunode_db::Tx;
use accunode_domain::{Error, OrganizationId, Result, Role, TenantId, UserId};
use serde_json::{Value, json};

use crate::{
    audit::{self, Event},
    caller::Origin,
    features::{
        accounts::{
            self,
            service::{By, NewAccount, Placement},
            store::Account,
        },
        auth::{passwords::check_rule, store},
    },
    state::AppState,
};

/// What somebody says about themselves, checked.
pub struct Registration {
    /// Address in lower case.
    pub email: String,
    /// Follows the rule.
    pub password: String,
    /// Unique name, if they chose one.
    pub username: Option<String>,
    /// Name for people.
    pub full_name: Option<String>,
}

/// Makes an account of role `user` for whoever asks.
///
/// # Errors
/// [`Error::BadRequest`] when the address or name is taken, [`Error::Unavailable`] when too many ask at once.
pub async fn register(state: &AppState, origin: &Origin, new: Registration) -> Result<Account> {
    let password_hash = state.passwords.hash(&new.password).await?;
    let account = NewAccount {
        email: &new.email,
        username: new.username.as_deref(),
        password_hash: &password_hash,
        full_name: new.full_name.as_deref(),
        placement: Placement::NOWHERE,
        must_change_password: false,
    };
    let now = state.clock.now();
    let mut tx = state.db.system("register").await?;
    let account = accounts::service::create(&mut tx, By::Right, account, now).await?;
    let event = made("auth.register", &account);
    audit::record_anonymous(&mut tx, Some(&account.email), origin, event, now).await?;
    tx.commit().await?;
    Ok(account)
}

fn made(action: &'static str, account: &Account) -> Event {
    Event::done(action)
        .tenant(account.tenant_id.map(TenantId))
        .on("user", account.id)
        .after(state_of(account))
}

fn state_of(account: &Account) -> Value {
    json!({
        "email": account.email, "username": account.username, "full_name": account.full_name,
        "role": account.role, "tenant_id": account.tenant_id, "organization_id": account.organization_id,
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
/// A password that breaks the rule, an address that is none or is taken, a place that does not fit the role.
pub async fn create_user(state: &AppState, new: &NewUser<'_>) -> Result<UserId> {
    let password_hash = checked_hash(state, new.password).await?;
    let mut tx = state.db.system("create an account at the console").await?;
    let id = insert(state, &mut tx, new, &password_hash, false).await?;
    tx.commit().await?;
    Ok(id)
}

async fn checked_hash(state: &AppState, password: &str) -> Result<String> {
    check_rule("password", password)?;
    state.passwords.hash(password).await
}

async fn insert(
    state: &AppState,
    tx: &mut Tx,
    new: &NewUser<'_>,
    password_hash: &str,
    must_change_password: bool,
) -> Result<UserId> {
    let email =
        accounts::email(new.email).map_err(|e| Error::field("email", format!("Invalid email: {e}")))?;
    let placement =
        Placement { role: new.role, tenant: new.tenant_id, organization: new.organization_id, active: true };
    let full_name = new.full_name;
    let account = NewAccount {
        email: &email,
        username: None,
        password_hash,
        full_name,
        placement,
        must_change_password,
    };
    let now = state.clock.now();
    let account = accounts::service::create(tx, By::Right, account, now).await?;
    let event = made("user.create", &account);
    audit::record_background(tx, Some(&account.email), event, now).await?;
    Ok(UserId(account.id))
}

/// The tenant and organization with these slugs.
///
/// # Errors
/// [`Error::NotFound`] for a slug that names nothing, [`Error::BadRequest`] when they do not belong together.
pub async fn place_by_slug(
    state: &AppState,
    tenant: Option<&str>,
    organization: Option<&str>,
) -> Result<(Option<TenantId>, Option<OrganizationId>)> {
    let missing = |what: &str, slug: &str| Error::NotFound(format!("there is no {what} '{slug}'"));
    let mut tx = state.db.system_read("find a place by its slug").await?;
    let tenant_id = match tenant {
        Some(slug) => {
            Some(store::tenant_by_slug(&mut tx, slug).await?.ok_or_else(|| missing("tenant", slug))?)
        }
        None => None,
    };
    let Some(slug) = organization else { return Ok((tenant_id.map(TenantId), None)) };
    let (id, of) =
        store::organization_by_slug(&mut tx, slug).await?.ok_or_else(|| missing("organization", slug))?;
    if tenant_id.is_some() && tenant_id != of {
        return Err(Error::BadRequest(format!("the organization '{slug}' belongs to another tenant")));
    }
    Ok((of.map(TenantId), Some(OrganizationId(id))))
}

/// Makes the first super_admin when there is none, one for all servers that start together; says whether it did.
/// The password comes from settings, so it has to be changed at the first sign-in.
///
/// # Errors
/// As [`create_user`].
pub async fn bootstrap_admin(state: &AppState, email: &str, password: &str) -> Result<bool> {
    let role = Role::SuperAdmin;
    let mut tx = state.db.system_read("look for a super_admin").await?;
    let there = store::count_role(&mut tx, role.as_str()).await? > 0;
    drop(tx);
    if there {
        return Ok(false);
    }
    let password_hash = checked_hash(state, password).await?;
    let mut tx = state.db.system("make the first super_admin").await?;
    if store::count_role(&mut tx, role.as_str()).await? > 0 {
        return Ok(false);
    }
    let full_name = Some("Administrator");
    let new = NewUser { email, password, full_name, role, tenant_id: None, organization_id: None };
    insert(state, &mut tx, &new, &password_hash, true).await?;
    tx.commit().await?;
    Ok(true)
}
