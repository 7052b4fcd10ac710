//! Whether somebody may do something to somebody or something: pure rules, no state.

use crate::{Actor, OrganizationId, Permission, Reach, Role, TenantId, UserId};

/// To whom an object belongs. A person's object is owned by that person.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Belongs {
    /// Whose it is.
    pub owner: Option<UserId>,
    /// The organization that it is of.
    pub organization: Option<OrganizationId>,
    /// The tenant that it is of, or that its organization is of.
    pub tenant: Option<TenantId>,
}

/// Equal and there: nobody's object is not everybody's.
fn same<T: PartialEq>(a: Option<T>, b: Option<T>) -> bool {
    a.is_some() && a == b
}

impl Actor {
    /// Whether the actor's permission reaches this object. An API key narrows it further, see
    /// [`Actor::holds`].
    #[must_use]
    pub fn reaches(&self, permission: Permission, object: &Belongs) -> bool {
        if !self.holds(permission) {
            return false;
        }
        let own = object.owner == Some(self.user_id);
        let organization = same(object.organization, self.organization_id);
        match self.role.reach(permission) {
            Reach::No => false,
            Reach::Own => own,
            Reach::Organization => own || organization,
            Reach::Tenant => own || same(object.tenant, self.tenant_id),
            Reach::All => true,
        }
    }

    /// Whether the actor may give somebody this role: none above the own.
    #[must_use]
    pub fn may_give(&self, role: Role) -> bool {
        role <= self.role
    }

    /// Whether the actor stands above somebody of this role. Nobody stands above their peers, but a super_admin
    /// looks after every account.
    #[must_use]
    pub fn stands_above(&self, role: Role) -> bool {
        self.role == Role::SuperAdmin || role < self.role
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(role: Role, organization_id: Option<OrganizationId>, tenant_id: Option<TenantId>) -> Actor {
        Actor { user_id: UserId::new(), role, tenant_id, organization_id, limited_to: None }
    }

    #[test]
    fn null_never_equals_null() {
        let nobodys = Belongs { owner: Some(UserId::new()), ..Belongs::default() };
        for role in [Role::User, Role::OrgMember, Role::OrgAdmin, Role::TenantAdmin] {
            let nowhere = actor(role, None, None);
            for permission in Permission::ALL.iter().filter(|p| **p != Permission::PredictionReadSystem) {
                assert!(!nowhere.reaches(*permission, &nobodys), "{role} {permission}");
                assert!(!nowhere.reaches(*permission, &Belongs::default()), "{role} {permission}");
            }
        }
    }

    #[test]
    fn each_reach_ends_where_it_should() {
        let (organization, tenant) = (Some(OrganizationId::new()), Some(TenantId::new()));
        let colleague = Belongs { owner: Some(UserId::new()), organization, tenant };
        let neighbour = Belongs { organization: Some(OrganizationId::new()), ..colleague };
        let foreign = Belongs { tenant: Some(TenantId::new()), ..neighbour };
        let read = Permission::UserRead;
        let admin = actor(Role::OrgAdmin, organization, tenant);
        assert!(admin.reaches(read, &colleague) && !admin.reaches(read, &neighbour));
        let tenant_admin = actor(Role::TenantAdmin, None, tenant);
        assert!(tenant_admin.reaches(read, &neighbour) && !tenant_admin.reaches(read, &foreign));
        assert!(actor(Role::SuperAdmin, None, None).reaches(read, &foreign));
        assert!(!actor(Role::OrgMember, organization, tenant).reaches(read, &colleague));
    }

    #[test]
    fn an_api_key_narrows_what_its_owner_may() {
        let mut user = actor(Role::User, None, None);
        let own = Belongs { owner: Some(user.user_id), ..Belongs::default() };
        assert!(user.reaches(Permission::PredictionCreate, &own));
        user.limited_to = Some(vec![Permission::PredictionRead]);
        assert!(!user.reaches(Permission::PredictionCreate, &own));
        assert!(user.reaches(Permission::PredictionRead, &own));
        user.limited_to = Some(vec![Permission::TenantManage]);
        assert!(!user.reaches(Permission::TenantManage, &own), "a key gives nothing that its owner lacks");
    }

    #[test]
    fn nobody_stands_above_peers_or_gives_more_than_they_are() {
        let admin = actor(Role::OrgAdmin, None, None);
        assert!(admin.stands_above(Role::OrgMember) && !admin.stands_above(Role::OrgAdmin));
        assert!(admin.may_give(Role::OrgAdmin) && !admin.may_give(Role::TenantAdmin));
        assert!(actor(Role::SuperAdmin, None, None).stands_above(Role::SuperAdmin));
    }
}
