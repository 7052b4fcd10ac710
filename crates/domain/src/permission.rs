//! What the roles may do, and how far: one table, read by everything that authorizes.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// On which objects a role may do something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Reach {
    /// On none.
    No,
    /// On the own: the person, and what they made.
    Own,
    /// On the own and those of the own organization.
    Organization,
    /// On the own and those of the tenant that one runs.
    Tenant,
    /// On all.
    All,
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident = $text:literal: $user:ident $member:ident $admin:ident $tenant:ident $platform:ident;)*) => {
        /// One thing that can be done. Its name begins with the feature's.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum Permission {
            $($(#[$doc])* #[serde(rename = $text)] $name,)*
        }

        impl Permission {
            /// Every permission.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name used in the API and in the database.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)*
                }
            }
        }

        /// The permission matrix. Columns: user, org_member, org_admin, tenant_admin, super_admin.
        pub(crate) const MATRIX: &[(Permission, [Reach; 5])] = &[
            $((Permission::$name, [Reach::$user, Reach::$member, Reach::$admin, Reach::$tenant, Reach::$platform]),)*
        ];
    };
}

permissions! {
    /// Read and change the own profile, password and sessions.
    UserSelf = "user.self": Own Own Own Own Own;
    /// List and read people.
    UserRead = "user.read": Own Own Organization Tenant All;
    /// Change people's names.
    UserUpdate = "user.update": Own Own Organization Tenant All;
    /// Create people.
    UserCreate = "user.create": No No Organization Tenant All;
    /// Change people's roles.
    UserRole = "user.role": No No Organization Tenant All;
    /// Switch people's accounts on and off.
    UserActivate = "user.activate": No No Organization Tenant All;
    /// Close accounts, or take people out of their organization.
    UserDelete = "user.delete": No No Organization Tenant All;
    /// Make and revoke the own API keys.
    ApiKeyManage = "api_key.manage": Own Own Own Own Own;
    /// Create and delete tenants, and say who runs them.
    TenantManage = "tenant.manage": No No No No All;
    /// Read tenants and their figures.
    TenantRead = "tenant.read": No No No Tenant All;
    /// Change tenants.
    TenantUpdate = "tenant.update": No No No Tenant All;
    /// Create organizations.
    OrganizationCreate = "organization.create": No No No Tenant All;
    /// Delete organizations.
    OrganizationDelete = "organization.delete": No No No Tenant All;
    /// Read organizations and their people. Who belongs to none sees none.
    OrganizationRead = "organization.read": Own Organization Organization Tenant All;
    /// Change organizations.
    OrganizationUpdate = "organization.update": No No Organization Tenant All;
    /// Make a new join token.
    OrganizationToken = "organization.token": No No Organization Tenant All;
    /// Say who may join.
    OrganizationWhitelist = "organization.whitelist": No No Organization Tenant All;
    /// Let an organization see the system's companies.
    OrganizationGlobalData = "organization.global_data": No No No Tenant All;
    /// Put accounts into organizations from outside of them.
    OrganizationAssign = "organization.assign": No No No Tenant All;
    /// Add people to an organization, change their role in it, take them out.
    OrganizationMembers = "organization.members": No No Organization Tenant All;
    /// Join an organization by its token. Who is in one already is told so, and not that it is forbidden.
    OrganizationJoin = "organization.join": Own Own Own No No;
    /// Score a company and store the result at the caller's own level.
    PredictionCreate = "prediction.create": Own Organization Organization Own All;
    /// List personal and organization predictions.
    PredictionRead = "prediction.read": Own Organization Organization Tenant All;
    /// List the predictions that belong to everybody.
    PredictionReadSystem = "prediction.read_system": All All All All All;
    /// Score a company again, or change what was given.
    PredictionUpdate = "prediction.update": Own Own Own Own All;
    /// Delete predictions.
    PredictionDelete = "prediction.delete": Own Own Organization Own All;
    /// Score without storing.
    ScoreRun = "score.run": Own Own Own Own All;
    /// List and read companies.
    CompanyRead = "company.read": Own Organization Organization Tenant All;
    /// Add companies at the caller's own level.
    CompanyCreate = "company.create": No Organization Organization Own All;
    /// Change companies.
    CompanyUpdate = "company.update": Own Own Organization Own All;
    /// Delete companies with their predictions.
    CompanyDelete = "company.delete": Own Own Organization Own All;
    /// See counts, distributions and trends of what is in sight.
    DashboardRead = "dashboard.read": Own Organization Organization Tenant All;
    /// Read the master scale.
    ScaleRead = "scale.read": Own Own Own Tenant All;
    /// Change the master scale.
    ScaleUpdate = "scale.update": No No No Tenant All;
    /// Read which models there are, and their cards.
    ModelRead = "model.read": Own Own Own Own All;
    /// Bring models along, say which are in use.
    ModelManage = "model.manage": No No No No All;
    /// Upload a portfolio file.
    UploadCreate = "upload.create": Own Organization Organization Own All;
    /// List uploads and read their results.
    UploadRead = "upload.read": Own Organization Organization Tenant All;
    /// Cancel uploads.
    UploadControl = "upload.control": Own Own Organization Own All;
    /// Delete uploads with their files and results.
    UploadDelete = "upload.delete": Own Own Organization Own All;
    /// Look after the queue: who works, what died.
    QueueManage = "queue.manage": No No No No All;
    /// Read the audit log.
    AuditRead = "audit.read": No No No Tenant All;
    /// Try the mail settings.
    ContactTest = "contact.test": No No No No All;
    /// See and change how many workers there are.
    ScalingManage = "scaling.manage": No No No No All;
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Permission {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .iter()
            .copied()
            .find(|p| p.as_str() == text)
            .ok_or_else(|| format!("unknown permission '{text}'"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Role;

    #[test]
    fn names_read_back_and_are_those_of_json() {
        for permission in Permission::ALL {
            assert_eq!(permission.as_str().parse(), Ok(*permission));
            assert_eq!(serde_json::to_value(permission).unwrap(), permission.as_str());
        }
    }

    #[test]
    fn a_super_admin_reaches_at_least_as_far_as_anybody_but_into_an_organization() {
        for permission in Permission::ALL.iter().filter(|p| **p != Permission::OrganizationJoin) {
            for role in Role::ALL {
                assert!(
                    role.reach(*permission) <= Role::SuperAdmin.reach(*permission),
                    "{permission} {role}"
                );
            }
        }
    }

    #[test]
    fn each_role_reaches_no_further_than_its_place() {
        let furthest = |role: Role| match role {
            Role::User => Reach::Own,
            Role::OrgMember | Role::OrgAdmin => Reach::Organization,
            Role::TenantAdmin => Reach::Tenant,
            Role::SuperAdmin => Reach::All,
        };
        for permission in Permission::ALL.iter().filter(|p| **p != Permission::PredictionReadSystem) {
            for role in Role::ALL {
                assert!(role.reach(*permission) <= furthest(role), "{permission} {role}");
            }
        }
    }
}
