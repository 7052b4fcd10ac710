//! Roles and what they may do: one table, read by everything that authorizes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

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

    /// Whether this role holds the permission at all; on which objects is the service's question.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        MATRIX.iter().any(|(p, roles)| *p == permission && roles.contains(&self))
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

/// One thing that can be done. Its prefix is the feature's name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Permission {
    /// Read the own profile.
    UserSelf,
    /// Score a company and store the result at the caller's own level.
    PredictionCreate,
    /// List personal and organization predictions in scope.
    PredictionRead,
    /// List the predictions that belong to everybody.
    PredictionReadSystem,
    /// Upload a portfolio file.
    UploadCreate,
    /// List uploads in scope and read their results.
    UploadRead,
}

use Role::{OrgAdmin, OrgMember, SuperAdmin, TenantAdmin, User};

const EVERYBODY: &[Role] = &[User, OrgMember, OrgAdmin, TenantAdmin, SuperAdmin];

/// The permission matrix: who may do what, before any question of scope.
const MATRIX: &[(Permission, &[Role])] = &[
    (Permission::UserSelf, EVERYBODY),
    (Permission::PredictionCreate, EVERYBODY),
    (Permission::PredictionRead, EVERYBODY),
    (Permission::PredictionReadSystem, EVERYBODY),
    (Permission::UploadCreate, EVERYBODY),
    (Permission::UploadRead, EVERYBODY),
];

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
