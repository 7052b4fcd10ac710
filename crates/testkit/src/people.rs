//! People of two tenants, in every role.

use accunode_db::{Db, Timestamp, Tx, on};
use accunode_domain::{Actor, OrganizationId, Role, TenantId, UserId};
use uuid::Uuid;

/// Two tenants, the first with two organizations and the second with one, and the people that questions of isolation are about. All are stored;
/// nobody can log in (their password hashes match nothing).
#[derive(Clone, Debug)]
pub struct People {
    /// The platform's own team.
    pub super_admin: Actor,
    /// Runs the first tenant, without an organization.
    pub tenant_admin: Actor,
    /// Runs the organization of the first tenant.
    pub org_admin: Actor,
    /// Analyst in the organization of the first tenant.
    pub member: Actor,
    /// A second analyst there.
    pub colleague: Actor,
    /// Analyst in the other organization of the first tenant, which has no administrator.
    pub neighbour: Actor,
    /// Analyst in the organization of the second tenant.
    pub stranger: Actor,
    /// Runs the organization of the second tenant.
    pub foreign_org_admin: Actor,
    /// Runs the second tenant.
    pub foreign_tenant_admin: Actor,
    /// Belongs to nobody.
    pub user: Actor,
    /// Belongs to nobody either.
    pub other_user: Actor,
}

impl People {
    /// Stores them, with e-mail addresses `<field>@example.com`.
    ///
    /// # Panics
    /// When the database refuses.
    pub async fn stored(db: &Db) -> Self {
        let now = Timestamp::from_unix_seconds(1_700_000_000);
        let mut tx = db.system("people of a test").await.unwrap();
        let mut places = Vec::new();
        for name in ["first", "second"] {
            let tenant = TenantId::new();
            on!(tx, |c| sqlx::query(TENANT).bind(tenant.0).bind(name).bind(now).execute(c).await.map(drop))
                .unwrap();
            places.push((tenant, organization(&mut tx, tenant, name, now).await));
        }
        let other = organization(&mut tx, places[0].0, "other", now).await;
        let actor = |role, tenant_id, organization_id| Actor {
            user_id: UserId::new(),
            role,
            tenant_id,
            organization_id,
            limited_to: None,
        };
        let ((t1, o1), (t2, o2)) = (places[0], places[1]);
        let people = Self {
            super_admin: actor(Role::SuperAdmin, None, None),
            tenant_admin: actor(Role::TenantAdmin, Some(t1), None),
            org_admin: actor(Role::OrgAdmin, Some(t1), Some(o1)),
            member: actor(Role::OrgMember, Some(t1), Some(o1)),
            colleague: actor(Role::OrgMember, Some(t1), Some(o1)),
            neighbour: actor(Role::OrgMember, Some(t1), Some(other)),
            stranger: actor(Role::OrgMember, Some(t2), Some(o2)),
            foreign_org_admin: actor(Role::OrgAdmin, Some(t2), Some(o2)),
            foreign_tenant_admin: actor(Role::TenantAdmin, Some(t2), None),
            user: actor(Role::User, None, None),
            other_user: actor(Role::User, None, None),
        };
        for (name, actor) in people.all() {
            on!(tx, |c| sqlx::query(USER)
                .bind(actor.user_id.0)
                .bind(format!("{name}@example.com"))
                .bind(name)
                .bind(actor.role.as_str())
                .bind(actor.tenant_id.map(|id| id.0))
                .bind(actor.organization_id.map(|id| id.0))
                .bind(now)
                .execute(c)
                .await
                .map(drop))
            .unwrap();
        }
        tx.commit().await.unwrap();
        people
    }

    /// Everybody, with the field's name.
    #[must_use]
    pub fn all(&self) -> [(&'static str, &Actor); 11] {
        [
            ("super_admin", &self.super_admin),
            ("tenant_admin", &self.tenant_admin),
            ("org_admin", &self.org_admin),
            ("member", &self.member),
            ("colleague", &self.colleague),
            ("neighbour", &self.neighbour),
            ("stranger", &self.stranger),
            ("foreign_org_admin", &self.foreign_org_admin),
            ("foreign_tenant_admin", &self.foreign_tenant_admin),
            ("user", &self.user),
            ("other_user", &self.other_user),
        ]
    }

    /// The organization of the first tenant.
    ///
    /// # Panics
    /// Never: a member has one.
    #[must_use]
    pub fn organization(&self) -> Uuid {
        self.member.organization_id.unwrap().0
    }
}

/// Role of the account with this address, and the slugs of its organization and tenant.
///
/// # Panics
/// When there is none.
pub async fn standing(db: &Db, email: &str) -> (String, Option<String>, Option<String>) {
    let mut tx = db.system_read("look at an account of a test").await.unwrap();
    on!(tx, |c| sqlx::query_as(STANDING).bind(email).fetch_one(c).await).unwrap()
}

async fn organization(tx: &mut Tx, tenant: TenantId, name: &str, now: Timestamp) -> OrganizationId {
    let id = OrganizationId::new();
    on!(tx, |c| sqlx::query(ORGANIZATION)
        .bind(id.0)
        .bind(tenant.0)
        .bind(name)
        .bind(now)
        .execute(c)
        .await
        .map(drop))
    .unwrap();
    id
}

const TENANT: &str = "INSERT INTO tenants (id, name, slug, created_at) VALUES ($1, $2, $2, $3)";
const ORGANIZATION: &str = "INSERT INTO organizations (id, tenant_id, name, slug, join_token, created_at)
                            VALUES ($1, $2, $3, $3, $3, $4)";
const USER: &str =
    "INSERT INTO users (id, email, username, password_hash, role, tenant_id, organization_id, created_at)
                    VALUES ($1, $2, $3, 'none', $4, $5, $6, $7)";
const STANDING: &str = "SELECT u.role, o.slug, t.slug FROM users u
                        LEFT JOIN organizations o ON o.id = u.organization_id
                        LEFT JOIN tenants t ON t.id = u.tenant_id WHERE u.email = $1";
