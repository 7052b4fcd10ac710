//! Every operation: what guards it, what it is done to, and a body that it takes.

use accunode_domain::{Belongs, OrganizationId, Permission, Reach, Role, TenantId};
use serde_json::Value;

use super::{
    bodies::{
        address, annual, company, described, everything, key, member_role, names, new_colleague, new_person,
        new_place, new_tenant, passwords, platform_too, quarterly, role, scored, sector, their_member,
        their_organization, their_scale, their_tenant, three_workers, token, why,
    },
    world::{Relation, World, listed},
};

/// What stands before an operation.
#[derive(Clone, Copy, Debug)]
pub enum Guard {
    /// Anybody may ask.
    Public,
    /// A permission of the matrix.
    Permission(Permission),
}

/// What an operation is done to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Subject {
    /// Nothing in particular: a list, or something new.
    Nothing,
    Person,
    Organization,
    /// An address on an organization's whitelist.
    Listed,
    /// A person as member of an organization.
    Member,
    Tenant,
    Upload,
    Company,
    /// The model that ships for annual ratios, which is nobody's.
    Model,
    /// A kind of models.
    ModelKind,
    Annual,
    Quarterly,
    ApiKey,
    /// A job that died, which is nobody's.
    DeadJob,
}

pub struct Operation {
    /// Method and template, as in the API document.
    pub route: &'static str,
    pub guard: Guard,
    subject: Subject,
    body: Option<fn(&World, Relation) -> Value>,
    query: &'static str,
    /// Whether rules of its own may refuse (400, 409) what is in reach.
    pub may_refuse: bool,
    /// Statuses besides, with which it may refuse what is in reach.
    pub excused: &'static [u16],
    /// Whether it takes a file.
    pub form: bool,
    /// Whether it tells about all of the caller's own part of the world.
    surroundings: bool,
}

/// A request about something.
pub struct Target {
    pub path: String,
    pub body: Option<Value>,
    /// None for what has no object.
    pub belongs: Option<Belongs>,
}

impl Operation {
    /// The request about what stands in this relation, if there is such a thing.
    pub fn target(&self, world: &World, relation: Relation) -> Option<Target> {
        let template = self.route.split(' ').nth(1)?;
        let place = || world.place(relation).filter(|_| relation != Relation::Own);
        let (ids, belongs): (Vec<String>, _) = match self.subject {
            Subject::Nothing if relation == Relation::Own => (Vec::new(), None),
            Subject::Model if relation == Relation::Own => (vec![world.model.to_string()], None),
            Subject::ModelKind if relation == Relation::Own => (vec!["annual".to_owned()], None),
            Subject::DeadJob if relation == Relation::Own => (vec![world.dead_job.to_string()], None),
            Subject::Nothing | Subject::Model | Subject::ModelKind | Subject::DeadJob => return None,
            Subject::Person => {
                let person = world.person(relation)?;
                (vec![person.actor.user_id.to_string()], Some(person.belongs()))
            }
            Subject::Upload => {
                let person = world.person(relation)?;
                (vec![person.upload.to_string()], Some(person.belongs()))
            }
            Subject::Company => {
                let person = world.person(relation)?;
                (vec![person.company.to_string()], Some(person.belongs()))
            }
            Subject::Annual | Subject::Quarterly => {
                let person = world.person(relation)?;
                let ids = person.predictions;
                let id = if self.subject == Subject::Annual { ids.annual } else { ids.quarterly };
                (vec![id.to_string()], Some(person.belongs()))
            }
            Subject::ApiKey => {
                let person = world.person(relation)?;
                let belongs = Belongs { owner: Some(person.actor.user_id), ..Belongs::default() };
                (vec![person.api_key.to_string()], Some(belongs))
            }
            Subject::Tenant => {
                let tenant = match relation {
                    Relation::SameOrganization | Relation::OtherTenant => place()?.tenant?,
                    _ => return None,
                };
                let belongs = Belongs { tenant: Some(TenantId(tenant)), ..Belongs::default() };
                (vec![tenant.to_string()], Some(belongs))
            }
            Subject::Organization | Subject::Listed | Subject::Member => {
                let place = place()?;
                let mut ids = vec![place.organization.to_string()];
                match self.subject {
                    Subject::Listed => ids.push(listed(relation.word(), &world.tag)),
                    Subject::Member if relation == Relation::Nowhere => return None,
                    Subject::Member => ids.push(world.person(relation)?.actor.user_id.to_string()),
                    _ => {}
                }
                let belongs = Belongs {
                    owner: None,
                    organization: Some(OrganizationId(place.organization)),
                    tenant: place.tenant.map(TenantId),
                };
                (ids, Some(belongs))
            }
        };
        let mut ids = ids.into_iter();
        let parts = template.split('/').map(|part| match part.strip_prefix('{') {
            Some(_) => ids.next().unwrap_or_else(|| panic!("{}: too few identifiers", self.route)),
            None => part.to_owned(),
        });
        let path = parts.collect::<Vec<_>>().join("/") + self.query;
        Some(Target { path, body: self.body.map(|body| body(world, relation)), belongs })
    }

    /// Whether an answer to this role may tell about what stands in this relation.
    pub fn shows(&self, role: Role, relation: Relation) -> bool {
        let Guard::Permission(permission) = self.guard else { return false };
        if self.surroundings {
            return true;
        }
        match role.reach(permission) {
            Reach::No => false,
            Reach::Own => relation == Relation::Own,
            Reach::Organization => matches!(relation, Relation::Own | Relation::SameOrganization),
            Reach::Tenant => relation <= Relation::SameTenant,
            Reach::All => true,
        }
    }
}

const fn public(route: &'static str) -> Operation {
    Operation { guard: Guard::Public, ..guarded(route, Permission::UserSelf, Subject::Nothing) }
}

const fn guarded(route: &'static str, permission: Permission, subject: Subject) -> Operation {
    Operation {
        route,
        guard: Guard::Permission(permission),
        subject,
        body: None,
        query: "",
        may_refuse: false,
        excused: &[],
        form: false,
        surroundings: false,
    }
}

impl Operation {
    const fn takes(self, body: fn(&World, Relation) -> Value) -> Self {
        Self { body: Some(body), ..self }
    }
    const fn with(self, query: &'static str) -> Self {
        Self { query, ..self }
    }
    const fn may_refuse(self) -> Self {
        Self { may_refuse: true, ..self }
    }
    const fn excused(self, excused: &'static [u16]) -> Self {
        Self { excused, ..self }
    }
    const fn takes_a_file(self) -> Self {
        Self { form: true, ..self }
    }
    const fn tells_of_surroundings(self) -> Self {
        Self { surroundings: true, ..self }
    }
}

use Permission as P;
use Subject::{
    Annual, ApiKey, Company, DeadJob, Listed, Member, Model, ModelKind, Nothing, Organization, Person,
    Quarterly, Tenant, Upload,
};

pub const TABLE: &[Operation] = &[
    public("GET /"),
    public("GET /health"),
    public("GET /health/live"),
    public("GET /health/ready"),
    // auth
    public("POST /api/v1/auth/register"),
    public("POST /api/v1/auth/login"),
    public("POST /api/v1/auth/refresh"),
    public("POST /api/v1/auth/logout"),
    public("POST /api/v1/auth/forgot-password"),
    public("POST /api/v1/auth/reset-password"),
    guarded("POST /api/v1/auth/join", P::OrganizationJoin, Nothing).takes(token).excused(&[404, 409]),
    guarded("POST /api/v1/auth/change-password", P::UserSelf, Nothing).takes(passwords).may_refuse(),
    guarded("POST /api/v1/auth/logout-all", P::UserSelf, Nothing),
    guarded("POST /api/v1/auth/admin/create-user", P::UserCreate, Nothing).takes(new_person),
    // api_keys
    guarded("GET /api/v1/api-keys", P::ApiKeyManage, Nothing),
    guarded("POST /api/v1/api-keys", P::ApiKeyManage, Nothing).takes(key),
    guarded("DELETE /api/v1/api-keys/{id}", P::ApiKeyManage, ApiKey),
    // users
    guarded("GET /api/v1/users/me", P::UserSelf, Nothing).tells_of_surroundings(),
    guarded("PUT /api/v1/users/me", P::UserSelf, Nothing).takes(names),
    guarded("GET /api/v1/users/profile", P::UserSelf, Nothing),
    guarded("PUT /api/v1/users/profile", P::UserSelf, Nothing).takes(names),
    guarded("GET /api/v1/users", P::UserRead, Nothing),
    guarded("POST /api/v1/users", P::UserCreate, Nothing).takes(new_colleague),
    guarded("GET /api/v1/users/{id}", P::UserRead, Person),
    guarded("PUT /api/v1/users/{id}", P::UserUpdate, Person).takes(names),
    guarded("PUT /api/v1/users/{id}/role", P::UserRole, Person).takes(role).may_refuse(),
    guarded("PATCH /api/v1/users/{id}/role", P::UserRole, Person).takes(role).may_refuse(),
    guarded("POST /api/v1/users/{id}/activate", P::UserActivate, Person).may_refuse(),
    guarded("PATCH /api/v1/users/{id}/activate", P::UserActivate, Person).may_refuse(),
    guarded("POST /api/v1/users/{id}/deactivate", P::UserActivate, Person).may_refuse(),
    guarded("PATCH /api/v1/users/{id}/deactivate", P::UserActivate, Person).may_refuse(),
    guarded("DELETE /api/v1/users/{id}", P::UserDelete, Person).may_refuse(),
    // tenant_admins
    guarded("POST /api/v1/tenant-admin/create-tenant-with-admin", P::TenantManage, Nothing).takes(new_tenant),
    guarded("POST /api/v1/tenant-admin/assign-existing-user", P::TenantManage, Tenant).takes(their_tenant),
    guarded("POST /api/v1/tenant-admin/assign-user-to-organization", P::OrganizationAssign, Organization)
        .takes(their_organization),
    guarded("GET /api/v1/tenant-admin/tenant/{tenant_id}/admin-info", P::TenantManage, Tenant),
    guarded("DELETE /api/v1/tenant-admin/remove-tenant-admin/{user_id}", P::TenantManage, Person)
        .may_refuse(),
    // tenants
    guarded("GET /api/v1/tenants", P::TenantRead, Nothing),
    guarded("POST /api/v1/tenants", P::TenantManage, Nothing).takes(new_place),
    guarded("GET /api/v1/tenants/{id}", P::TenantRead, Tenant),
    guarded("PUT /api/v1/tenants/{id}", P::TenantUpdate, Tenant).takes(described),
    guarded("DELETE /api/v1/tenants/{id}", P::TenantManage, Tenant).with("?force=true"),
    guarded("GET /api/v1/tenants/{id}/stats", P::TenantRead, Tenant),
    // organizations
    guarded("GET /api/v1/organizations", P::OrganizationRead, Nothing),
    guarded("POST /api/v1/organizations", P::OrganizationCreate, Nothing).takes(new_place),
    guarded("GET /api/v1/organizations/{id}", P::OrganizationRead, Organization),
    guarded("PUT /api/v1/organizations/{id}", P::OrganizationUpdate, Organization).takes(described),
    guarded("DELETE /api/v1/organizations/{id}", P::OrganizationDelete, Organization).with("?force=true"),
    guarded("POST /api/v1/organizations/{id}/regenerate-token", P::OrganizationToken, Organization),
    guarded("GET /api/v1/organizations/{id}/whitelist", P::OrganizationWhitelist, Organization),
    guarded("POST /api/v1/organizations/{id}/whitelist", P::OrganizationWhitelist, Organization)
        .takes(address),
    guarded("DELETE /api/v1/organizations/{id}/whitelist/{email}", P::OrganizationWhitelist, Listed),
    guarded("GET /api/v1/organizations/{id}/users", P::OrganizationRead, Organization),
    guarded("POST /api/v1/organizations/{id}/users", P::OrganizationMembers, Organization)
        .takes(their_member)
        .may_refuse(),
    guarded("PATCH /api/v1/organizations/{id}/users/{user_id}/role", P::OrganizationMembers, Member)
        .takes(member_role),
    guarded("DELETE /api/v1/organizations/{id}/users/{user_id}", P::OrganizationMembers, Member),
    guarded("GET /api/v1/organizations/{id}/details", P::OrganizationRead, Organization),
    guarded("GET /api/v1/organizations/{id}/admins", P::OrganizationRead, Organization),
    guarded("GET /api/v1/organizations/{id}/global-data-access", P::OrganizationRead, Organization),
    guarded("PATCH /api/v1/organizations/{id}/global-data-access", P::OrganizationGlobalData, Organization)
        .with("?allow_access=true"),
    // companies
    guarded("GET /api/v1/companies", P::CompanyRead, Nothing).with("?limit=100"),
    guarded("GET /api/v1/companies/search", P::CompanyRead, Nothing).with("?q=own"),
    guarded("GET /api/v1/companies/search/{symbol}", P::CompanyRead, Company).excused(&[404]),
    guarded("GET /api/v1/companies/export", P::CompanyRead, Nothing),
    guarded("GET /api/v1/companies/{id}", P::CompanyRead, Company),
    guarded("POST /api/v1/companies", P::CompanyCreate, Nothing).takes(company),
    guarded("PUT /api/v1/companies/{id}", P::CompanyUpdate, Company).takes(sector),
    guarded("DELETE /api/v1/companies/{id}", P::CompanyDelete, Company).with("?with_predictions=true"),
    // predictions
    guarded("POST /api/v1/predictions/annual", P::PredictionCreate, Nothing).takes(annual),
    guarded("POST /api/v1/predictions/quarterly", P::PredictionCreate, Nothing).takes(quarterly),
    guarded("GET /api/v1/predictions/annual", P::PredictionRead, Nothing),
    guarded("GET /api/v1/predictions/quarterly", P::PredictionRead, Nothing),
    guarded("GET /api/v1/predictions/annual/system", P::PredictionReadSystem, Nothing),
    guarded("GET /api/v1/predictions/quarterly/system", P::PredictionReadSystem, Nothing),
    // score
    guarded("POST /api/v1/score", P::ScoreRun, Nothing).takes(scored),
    guarded("POST /api/v1/score/what-if", P::ScoreRun, Nothing).takes(scored),
    guarded("POST /api/v1/score/target", P::ScoreRun, Nothing).takes(scored),
    guarded("GET /api/v1/predictions/annual/export", P::PredictionRead, Nothing),
    guarded("GET /api/v1/predictions/quarterly/export", P::PredictionRead, Nothing),
    guarded("GET /api/v1/predictions/annual/system/export", P::PredictionReadSystem, Nothing),
    guarded("GET /api/v1/predictions/quarterly/system/export", P::PredictionReadSystem, Nothing),
    guarded("GET /api/v1/predictions/annual/{id}", P::PredictionRead, Annual),
    guarded("GET /api/v1/predictions/quarterly/{id}", P::PredictionRead, Quarterly),
    guarded("GET /api/v1/predictions/annual/{id}/versions", P::PredictionRead, Annual),
    guarded("GET /api/v1/predictions/quarterly/{id}/versions", P::PredictionRead, Quarterly),
    guarded("PUT /api/v1/predictions/annual/{id}", P::PredictionUpdate, Annual)
        .takes(annual)
        .tells_of_surroundings(),
    guarded("PUT /api/v1/predictions/quarterly/{id}", P::PredictionUpdate, Quarterly)
        .takes(quarterly)
        .tells_of_surroundings(),
    guarded("POST /api/v1/predictions/annual/{id}/rescore", P::PredictionUpdate, Annual)
        .tells_of_surroundings(),
    guarded("POST /api/v1/predictions/quarterly/{id}/rescore", P::PredictionUpdate, Quarterly)
        .tells_of_surroundings(),
    guarded("DELETE /api/v1/predictions/annual/{id}", P::PredictionDelete, Annual),
    guarded("DELETE /api/v1/predictions/quarterly/{id}", P::PredictionDelete, Quarterly),
    // dashboard
    guarded("GET /api/v1/predictions/stats", P::DashboardRead, Nothing),
    guarded("GET /api/v1/predictions/dashboard", P::DashboardRead, Nothing)
        .with("?include_platform_stats=true"),
    guarded("POST /api/v1/predictions/dashboard", P::DashboardRead, Nothing).takes(platform_too),
    guarded("GET /api/v1/predictions/annual/{id}/peers", P::PredictionRead, Annual),
    guarded("GET /api/v1/predictions/quarterly/{id}/peers", P::PredictionRead, Quarterly),
    // grades
    guarded("GET /api/v1/master-scale", P::ScaleRead, Nothing),
    guarded("GET /api/v1/master-scale/versions", P::ScaleRead, Nothing),
    guarded("PUT /api/v1/master-scale", P::ScaleUpdate, Tenant).takes(their_scale),
    // uploads
    guarded("POST /api/v1/predictions/annual/bulk-upload-async", P::UploadCreate, Nothing).takes_a_file(),
    guarded("POST /api/v1/predictions/quarterly/bulk-upload-async", P::UploadCreate, Nothing).takes_a_file(),
    guarded("POST /api/v1/predictions/bulk-upload", P::UploadCreate, Nothing)
        .with("?prediction_type=annual")
        .takes_a_file(),
    guarded("GET /api/v1/predictions/jobs", P::UploadRead, Nothing),
    guarded("GET /api/v1/predictions/jobs/{id}", P::UploadRead, Upload).with("?include_errors=true"),
    guarded("GET /api/v1/predictions/jobs/{id}/errors", P::UploadRead, Upload),
    guarded("GET /api/v1/predictions/jobs/{id}/download", P::UploadRead, Upload).with("?format=csv"),
    guarded("GET /api/v1/predictions/jobs/{id}/events", P::UploadRead, Upload),
    guarded("POST /api/v1/predictions/jobs/{id}/cancel", P::UploadControl, Upload).may_refuse(),
    guarded("DELETE /api/v1/predictions/jobs/{id}", P::UploadDelete, Upload)
        .with("?with_predictions=true")
        .may_refuse(),
    guarded("GET /api/v1/predictions/jobs/{id}/status", P::UploadRead, Upload),
    guarded("POST /api/v1/predictions/jobs/{id}/results", P::UploadRead, Upload).takes(everything),
    // audit_log
    guarded("GET /api/v1/audit", P::AuditRead, Nothing),
    guarded("GET /api/v1/audit/export", P::AuditRead, Nothing),
    guarded("GET /api/v1/audit/verify", P::AuditRead, Nothing),
    // models
    guarded("GET /api/v1/models", P::ModelRead, Nothing),
    guarded("POST /api/v1/models", P::ModelManage, Nothing).takes_a_file().may_refuse(),
    guarded("GET /api/v1/models/{id}", P::ModelRead, Model),
    guarded("GET /api/v1/models/activations", P::ModelRead, Nothing),
    guarded("POST /api/v1/models/{id}/activate", P::ModelManage, Model).takes(why).may_refuse(),
    guarded("POST /api/v1/models/active/{kind}/rollback", P::ModelManage, ModelKind).takes(why).may_refuse(),
    // scaling
    guarded("GET /api/v1/scaling/status", P::ScalingManage, Nothing),
    guarded("GET /api/v1/scaling/metrics", P::ScalingManage, Nothing),
    guarded("GET /api/v1/scaling/recommendation", P::ScalingManage, Nothing),
    guarded("GET /api/v1/scaling/config", P::ScalingManage, Nothing),
    guarded("GET /api/v1/scaling/history", P::ScalingManage, Nothing),
    guarded("POST /api/v1/scaling/execute", P::ScalingManage, Nothing),
    guarded("POST /api/v1/scaling/manual", P::ScalingManage, Nothing).takes(three_workers),
    guarded("PUT /api/v1/scaling/config", P::ScalingManage, Nothing).takes(three_workers),
    guarded("DELETE /api/v1/scaling/history", P::ScalingManage, Nothing),
    // queue
    guarded("GET /api/v1/queue", P::QueueManage, Nothing),
    guarded("GET /api/v1/queue/dead", P::QueueManage, Nothing),
    guarded("POST /api/v1/queue/dead/{id}/retry", P::QueueManage, DeadJob),
    guarded("DELETE /api/v1/queue/dead/{id}", P::QueueManage, DeadJob),
    // contact
    public("POST /api/v1/contact/submit"),
    guarded("GET /api/v1/contact/test-email", P::ContactTest, Nothing),
    guarded("POST /api/v1/contact/test-send", P::ContactTest, Nothing).with("?test_email=probe@example.com"),
];
