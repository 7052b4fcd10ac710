//! Making accounts for others.

use accunode_db::Tx;
use accunode_domain::{Actor, Belongs, Error, OrganizationId, Permission, Result, Role, TenantId};

use crate::{
    audit::{self, Event},
    caller::Caller,
    features::{
        accounts::{
            self,
            service::{By, NewAccount, Placement},
        },
        users::api::User,
    },
    state::AppState,
};

/// Which of the two operations makes the account: they differ in the roles that they give.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Door {
    /// `POST /users`.
    Users,
    /// `POST /auth/admin/create-user`.
    Admin,
}

impl Door {
    /// The roles that somebody can give here.
    #[must_use]
    pub const fn roles(self, giver: Role) -> &'static [Role] {
        use Role::{OrgAdmin, OrgMember, SuperAdmin, TenantAdmin, User};
        match (giver, self) {
            (SuperAdmin, _) => &Role::ALL,
            (TenantAdmin, Self::Users) => &[User, OrgMember, OrgAdmin, TenantAdmin],
            (TenantAdmin, Self::Admin) => &[User, OrgMember, OrgAdmin],
            (OrgAdmin, Self::Users) => &[OrgMember, OrgAdmin],
            (OrgAdmin, Self::Admin) => &[User, OrgMember],
            (OrgMember | User, _) => &[],
        }
    }

    /// The role of an account for which none is named: the lowest that can be given.
    fn lowest(self, giver: Role) -> Role {
        self.roles(giver).first().copied().unwrap_or(Role::User)
    }
}

/// A person to make an account for.
#[derive(Clone, Debug)]
pub struct NewUser {
    /// Address, as stored.
    pub email: String,
    /// A password that follows the rule.
    pub password: String,
    /// Unique name; none: made from the address.
    pub username: Option<String>,
    /// Name for people.
    pub full_name: Option<String>,
    /// Role; none: the lowest that the caller can give.
    pub role: Option<Role>,
    /// The organization to put them into.
    pub organization: Option<OrganizationId>,
    /// The tenant to put them into.
    pub tenant: Option<TenantId>,
}

/// Makes an account: an org_admin's in the own organization, a tenant_admin's in the own tenant, a super_admin's
/// where the request says.
///
/// # Errors
/// [`Error::Forbidden`] for a role that the caller cannot give here, [`Error::NotFound`] for a place out of sight,
/// [`Error::BadRequest`] for a role that does not fit the place, a full organization, a taken address or name.
pub async fn create(state: &AppState, caller: &Caller, door: Door, new: NewUser) -> Result<User> {
    let role = new.role.unwrap_or_else(|| door.lowest(caller.role));
    let roles = door.roles(caller.role);
    if !roles.contains(&role) {
        let names: Vec<_> = roles.iter().map(|r| r.as_str()).collect();
        return Err(Error::Forbidden(format!("The roles that you can give are: {}", names.join(", "))));
    }
    let password_hash = state.passwords.hash(&new.password).await?;
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let placement = destination(&mut tx, caller, role, new.organization, new.tenant).await?;
    let account = NewAccount {
        email: &new.email,
        username: new.username.as_deref(),
        password_hash: &password_hash,
        full_name: new.full_name.as_deref(),
        placement,
        must_change_password: false,
    };
    let account = accounts::service::create(&mut tx, By::Admin(caller), account, now).await?;
    let event = Event::done("user.create").tenant(account.tenant_id.map(TenantId));
    audit::record(&mut tx, caller, event.on("user", account.id).after(account.state()), now).await?;
    tx.commit().await?;
    Ok(account.into())
}

/// Where the caller puts somebody of this role.
async fn destination(
    tx: &mut Tx,
    actor: &Actor,
    role: Role,
    organization: Option<OrganizationId>,
    tenant: Option<TenantId>,
) -> Result<Placement> {
    let own_tenant = match actor.role {
        Role::SuperAdmin => tenant,
        Role::TenantAdmin if actor.tenant_id.is_none() => {
            return Err(Error::BadRequest("You run no tenant".to_owned()));
        }
        _ => actor.tenant_id,
    };
    if tenant.is_some() && tenant != own_tenant {
        return Err(Error::NotFound("Tenant not found".to_owned()));
    }
    let organization = match actor.role {
        Role::SuperAdmin | Role::TenantAdmin => organization,
        _ => organization.or(actor.organization_id),
    };
    let mut placement = Placement { role, tenant: own_tenant, organization, active: true };
    if let Some(id) = organization {
        let place = accounts::service::find_organization(tx, id.0).await?;
        placement.tenant = place.tenant_id.map(TenantId);
        if tenant.is_some() && tenant != placement.tenant {
            return Err(Error::BadRequest("The organization is not of this tenant".to_owned()));
        }
    }
    let there = Belongs { owner: None, organization: placement.organization, tenant: placement.tenant };
    if actor.reaches(Permission::UserCreate, &there) {
        Ok(placement)
    } else {
        Err(Error::Forbidden("You cannot make accounts there".to_owned()))
    }
}
