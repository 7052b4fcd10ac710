//! Roles, ordered by rank.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::permission::{MATRIX, Permission, Reach};

/// What a user is in the system, ordered by rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Self-registered account: personal data only.
    User,
    /// Analyst in an organization.
    OrgMember,
    /// Runs one organization.
    OrgAdmin,
    /// Runs one tenant: its organizations and users.
    TenantAdmin,
    /// The platform's own team; its data is visible to everybody as system data.
    SuperAdmin,
}

impl Role {
    /// Every role, lowest rank first.
    pub const ALL: [Self; 5] =
        [Self::User, Self::OrgMember, Self::OrgAdmin, Self::TenantAdmin, Self::SuperAdmin];

    /// The name used in the API and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::User => "user",
            Self::OrgMember => "org_member",
            Self::OrgAdmin => "org_admin",
            Self::TenantAdmin => "tenant_admin",
            Self::SuperAdmin => "super_admin",
        }
    }

    /// How far this role's permission reaches.
    #[must_use]
    pub fn reach(self, permission: Permission) -> Reach {
        let row = MATRIX.iter().find(|(p, _)| *p == permission);
        row.map_or(Reach::No, |(_, reaches)| reaches[self as usize])
    }

    /// Whether this role holds the permission at all; on which objects is [`crate::Actor::reaches`].
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        self.reach(permission) != Reach::No
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|r| r.as_str() == text).ok_or_else(|| {
            let names: Vec<_> = Self::ALL.iter().map(|r| r.as_str()).collect();
            format!("unknown role '{text}', expected one of {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_read_back() {
        for role in Role::ALL {
            assert_eq!(role.as_str().parse::<Role>(), Ok(role));
        }
        assert!("root".parse::<Role>().unwrap_err().contains("super_admin"));
    }

    #[test]
    fn rank_is_the_order() {
        assert!(Role::User < Role::OrgMember && Role::TenantAdmin < Role::SuperAdmin);
    }
}
