//! Who is acting, and the level and owner of what they create.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::{OrganizationId, Permission, Role, TenantId, UserId};

/// The authenticated person behind a request or a job, as read from the database.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Actor {
    /// The person.
    pub user_id: UserId,
    /// Their role at the time of the request.
    pub role: Role,
    /// Their tenant, if any.
    pub tenant_id: Option<TenantId>,
    /// Their organization, if any.
    pub organization_id: Option<OrganizationId>,
    /// What an API key confines its owner to; none when the person acts.
    pub limited_to: Option<Vec<Permission>>,
}

impl Actor {
    /// Whether the actor holds a permission at all: the role has it, and the API key, if one is used, too.
    #[must_use]
    pub fn holds(&self, permission: Permission) -> bool {
        self.role.may(permission) && self.limited_to.as_ref().is_none_or(|list| list.contains(&permission))
    }

    /// The tenant that the actor runs.
    #[must_use]
    pub fn runs_tenant(&self) -> Option<TenantId> {
        self.tenant_id.filter(|_| self.role == Role::TenantAdmin)
    }

    /// Access level and organization of what this actor creates: system for a super_admin, organization for
    /// the people of an organization, personal for everybody else (a tenant_admin is not an analyst).
    #[must_use]
    pub fn creates_at(&self) -> (AccessLevel, Option<OrganizationId>) {
        match (self.role, self.organization_id) {
            (Role::SuperAdmin, _) => (AccessLevel::System, None),
            (Role::OrgAdmin | Role::OrgMember, Some(org)) => (AccessLevel::Organization, Some(org)),
            _ => (AccessLevel::Personal, None),
        }
    }
}

/// To whom a company or prediction belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AccessLevel {
    /// Its creator alone.
    Personal,
    /// The people of one organization.
    Organization,
    /// Everybody, through the system lists.
    System,
}

impl AccessLevel {
    /// The name used in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "personal",
            Self::Organization => "organization",
            Self::System => "system",
        }
    }
}

impl fmt::Display for AccessLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for AccessLevel {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        [Self::Personal, Self::Organization, Self::System]
            .into_iter()
            .find(|l| l.as_str() == text)
            .ok_or_else(|| format!("unknown access level '{text}'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(role: Role, in_organization: bool) -> Actor {
        Actor {
            user_id: UserId::new(),
            role,
            tenant_id: None,
            organization_id: in_organization.then(OrganizationId::new),
            limited_to: None,
        }
    }

    #[test]
    fn level_follows_the_role() {
        assert_eq!(actor(Role::SuperAdmin, false).creates_at(), (AccessLevel::System, None));
        assert_eq!(actor(Role::User, false).creates_at(), (AccessLevel::Personal, None));
        assert_eq!(actor(Role::TenantAdmin, true).creates_at(), (AccessLevel::Personal, None));
        let member = actor(Role::OrgMember, true);
        assert_eq!(member.creates_at(), (AccessLevel::Organization, member.organization_id));
        assert_eq!(actor(Role::OrgAdmin, false).creates_at(), (AccessLevel::Personal, None));
    }
}
