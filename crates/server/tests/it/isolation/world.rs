//! A small world for one question: a caller, and one of everything in each relation to them. Everything carries a
//! marker in its names, so that an answer that shows it gives itself away.

use std::sync::LazyLock;

use accunode_db::{Db, Timestamp, Tx, on};
use accunode_domain::{Actor, Belongs, Kind, OrganizationId, Role, TenantId, UserId};
use uuid::Uuid;

/// How something stands to the caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Relation {
    /// The caller's very own.
    Own,
    /// Of the same organization.
    SameOrganization,
    /// Of another organization of the same tenant.
    SameTenant,
    /// Of another tenant.
    OtherTenant,
    /// Of no tenant and no organization.
    Nowhere,
}

impl Relation {
    pub const ALL: [Self; 5] =
        [Self::Own, Self::SameOrganization, Self::SameTenant, Self::OtherTenant, Self::Nowhere];

    /// Part of the names of what stands so.
    pub fn word(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::SameOrganization => "colleague",
            Self::SameTenant => "neighbour",
            Self::OtherTenant => "stranger",
            Self::Nowhere => "nomad",
        }
    }
}

/// A person with something of everything that a person can have.
#[derive(Clone, Debug)]
pub struct Person {
    pub actor: Actor,
    pub email: String,
    pub upload: Uuid,
    pub company: Uuid,
    pub api_key: Uuid,
    pub predictions: Predictions,
}

/// A person's predictions, of one company.
#[derive(Clone, Copy, Debug)]
pub struct Predictions {
    pub annual: Uuid,
    pub quarterly: Uuid,
}

impl Person {
    pub fn belongs(&self) -> Belongs {
        Belongs {
            owner: Some(self.actor.user_id),
            organization: self.actor.organization_id,
            tenant: self.actor.tenant_id,
        }
    }
}

/// An organization, with its tenant where it has one.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    pub organization: Uuid,
    pub tenant: Option<Uuid>,
}

pub struct World {
    pub caller: Person,
    people: Vec<(Relation, Person)>,
    places: Vec<(Relation, Place)>,
    /// A model.
    pub model: Uuid,
    /// A job that died.
    pub dead_job: Uuid,
    /// Ends every name of this world.
    pub tag: String,
}

impl World {
    /// A world around a caller of this role.
    pub async fn around(db: &Db, role: Role) -> Self {
        let tag = Uuid::new_v4().simple().to_string();
        let mut tx = db.system("a world for a test").await.unwrap();
        let (home, abroad) = (tenant(&mut tx, "home", &tag).await, tenant(&mut tx, "stranger", &tag).await);
        let mut places = Vec::new();
        for (relation, tenant) in [
            (Relation::SameOrganization, Some(home)),
            (Relation::SameTenant, Some(home)),
            (Relation::OtherTenant, Some(abroad)),
            (Relation::Nowhere, None),
        ] {
            let organization = organization(&mut tx, tenant, relation.word(), &tag).await;
            places.push((relation, Place { organization, tenant }));
        }
        let own = places[0].1;
        let (tenant_id, organization_id) = match role {
            Role::SuperAdmin | Role::User => (None, None),
            Role::TenantAdmin => (own.tenant, None),
            Role::OrgAdmin | Role::OrgMember => (own.tenant, Some(own.organization)),
        };
        let caller = person(&mut tx, "own", role, tenant_id, organization_id, &tag).await;
        let mut people = vec![(Relation::Own, caller.clone())];
        for (relation, place) in &places {
            let (role, place) = match relation {
                Relation::Nowhere => (Role::User, None),
                _ => (Role::OrgMember, Some(place)),
            };
            let tenant = place.and_then(|p| p.tenant);
            let organization = place.map(|p| p.organization);
            people
                .push((*relation, person(&mut tx, relation.word(), role, tenant, organization, &tag).await));
        }
        let model = model(&mut tx).await;
        let dead_job = dead_job(&mut tx, &tag).await;
        accunode_testkit::recount(&mut tx).await;
        tx.commit().await.unwrap();
        Self { caller, people, places, model, dead_job, tag }
    }

    /// The person in this relation. Nobody is the colleague of somebody without an organization.
    pub fn person(&self, relation: Relation) -> Option<&Person> {
        self.people.iter().find(|(r, _)| *r == relation).map(|(_, p)| p)
    }

    /// The organization in this relation.
    pub fn place(&self, relation: Relation) -> Option<Place> {
        self.places.iter().find(|(r, _)| *r == relation).map(|(_, p)| *p)
    }

    /// The marker in the names of what stands in this relation.
    pub fn marker(&self, relation: Relation) -> String {
        format!("{}-{}", relation.word(), self.tag)
    }
}

/// The model that ships for annual ratios: all worlds share it.
async fn model(tx: &mut Tx) -> Uuid {
    const INSERT: &str = "INSERT INTO models (id, kind, name, version, hash, file_key, origin, golden_rows, summary,
                                              created_at)
                          VALUES ($1, 'annual', 'shipped', '1', $2, 'models/none.zip', 'shipped', 10, '{}', $3)
                          ON CONFLICT (hash) DO NOTHING";
    const FIND: &str = "SELECT id FROM models WHERE hash = $1";
    static HASH: LazyLock<String> =
        LazyLock::new(|| accunode_scoring::shipped(Kind::Annual).unwrap().hash().to_owned());
    let hash = HASH.as_str();
    let id = Uuid::now_v7();
    on!(tx, |c| sqlx::query(INSERT).bind(id).bind(hash).bind(now()).execute(c).await.map(drop)).unwrap();
    on!(tx, |c| sqlx::query_scalar(FIND).bind(hash).fetch_one(c).await).unwrap()
}

async fn dead_job(tx: &mut Tx, tag: &str) -> Uuid {
    const SQL: &str =
        "INSERT INTO job (id, kind, payload, priority, status, attempts, max_attempts, run_at, worker,
                                        created_at, finished_at)
                       VALUES ($1, 'nothing', '{}', 1, 'dead', 1, 1, $2, $3, $2, $2)";
    let id = Uuid::now_v7();
    let worker = format!("dead-{tag}");
    on!(tx, |c| sqlx::query(SQL).bind(id).bind(now()).bind(worker).execute(c).await.map(drop)).unwrap();
    id
}

fn now() -> Timestamp {
    Timestamp::from_unix_seconds(1_700_000_000)
}

async fn tenant(tx: &mut Tx, word: &str, tag: &str) -> Uuid {
    const SQL: &str =
        "INSERT INTO tenants (id, name, slug, description, created_at) VALUES ($1, $2, $2, $2, $3)";
    let id = Uuid::now_v7();
    let name = format!("{word}-{tag}");
    on!(tx, |c| sqlx::query(SQL).bind(id).bind(&name).bind(now()).execute(c).await.map(drop)).unwrap();
    id
}

async fn organization(tx: &mut Tx, tenant: Option<Uuid>, word: &str, tag: &str) -> Uuid {
    const SQL: &str =
        "INSERT INTO organizations (id, tenant_id, name, slug, join_token, created_at, join_created_at)
                       VALUES ($1, $2, $3, $3, $4, $5, $5)";
    const LISTED: &str = "INSERT INTO organization_member_whitelist (id, organization_id, email, added_at)
                          VALUES ($1, $2, $3, $4)";
    let id = Uuid::now_v7();
    let name = format!("{word}-{tag}");
    let token = Uuid::new_v4().simple().to_string();
    on!(tx, |c| sqlx::query(SQL)
        .bind(id)
        .bind(tenant)
        .bind(&name)
        .bind(&token)
        .bind(now())
        .execute(c)
        .await
        .map(drop))
    .unwrap();
    on!(tx, |c| sqlx::query(LISTED)
        .bind(Uuid::now_v7())
        .bind(id)
        .bind(listed(word, tag))
        .bind(now())
        .execute(c)
        .await
        .map(drop))
    .unwrap();
    id
}

/// The address on the whitelist of the organization of this name.
pub fn listed(word: &str, tag: &str) -> String {
    format!("listed.{word}-{tag}@example.com")
}

async fn person(
    tx: &mut Tx,
    word: &str,
    role: Role,
    tenant: Option<Uuid>,
    organization: Option<Uuid>,
    tag: &str,
) -> Person {
    const SQL: &str = "INSERT INTO users (id, email, username, full_name, password_hash, role, tenant_id,
                                          organization_id, created_at)
                       VALUES ($1, $2, $3, $3, 'none', $4, $5, $6, $7)";
    const KEY: &str = "INSERT INTO api_keys (id, user_id, name, prefix, key_hash, permissions, created_at)
                       VALUES ($1, $2, $3, 'ack_', $4, '[]', $5)";
    let actor = Actor {
        user_id: UserId::new(),
        role,
        tenant_id: tenant.map(TenantId),
        organization_id: organization.map(OrganizationId),
        limited_to: None,
    };
    let name = format!("{word}-{tag}");
    let email = format!("{name}@example.com");
    on!(tx, |c| sqlx::query(SQL)
        .bind(actor.user_id.0)
        .bind(&email)
        .bind(&name)
        .bind(role.as_str())
        .bind(tenant)
        .bind(organization)
        .bind(now())
        .execute(c)
        .await
        .map(drop))
    .unwrap();
    let api_key = Uuid::now_v7();
    on!(tx, |c| sqlx::query(KEY)
        .bind(api_key)
        .bind(actor.user_id.0)
        .bind(&name)
        .bind(api_key.to_string())
        .bind(now())
        .execute(c)
        .await
        .map(drop))
    .unwrap();
    let (upload, company, predictions) = work(tx, &actor, &name).await;
    Person { actor, email, upload, company, api_key, predictions }
}

/// An upload, and a company with a prediction of each kind, at the person's own level.
async fn work(tx: &mut Tx, actor: &Actor, name: &str) -> (Uuid, Uuid, Predictions) {
    const UPLOAD: &str =
        "INSERT INTO bulk_upload_jobs (id, user_id, organization_id, access_level, job_type, status,
                              original_filename, file_key, file_size, file_sha256, queue_priority, created_at,
                              started_at, completed_at)
                          VALUES ($1, $2, $3, $4, 'annual', 'completed', $5, $5, 1, 'h', 'high', $6, $6, $6)";
    const COMPANY: &str = "INSERT INTO companies (id, symbol, name, sector, access_level, organization_id,
                                                  created_by, created_at)
                           VALUES ($1, $2, $3, 'Sector', $4, $5, $6, $7)";
    const ANNUAL: &str = "INSERT INTO annual_predictions (id, company_id, organization_id, access_level, created_by,
                              reporting_year, probability, raw_probability, risk_level, confidence, model_name,
                              model_version, model_hash, created_at)
                          VALUES ($1, $2, $3, $4, $5, 2020, 0.1, 0.1, 'LOW', 0.5, 'm', '1', 'h', $6)";
    const QUARTERLY: &str = "INSERT INTO quarterly_predictions (id, company_id, organization_id, access_level,
                                 created_by, reporting_year, reporting_quarter, ensemble_probability, raw_probability,
                                 risk_level, confidence, model_name, model_version, model_hash, created_at)
                             VALUES ($1, $2, $3, $4, $5, 2020, 'Q1', 0.1, 0.1, 'LOW', 0.5, 'm', '1', 'h', $6)";
    let (level, organization) = actor.creates_at();
    let organization = organization.map(|o| o.0);
    let (upload, company) = (Uuid::now_v7(), Uuid::now_v7());
    on!(tx, |c| sqlx::query(UPLOAD)
        .bind(upload)
        .bind(actor.user_id.0)
        .bind(organization)
        .bind(level.as_str())
        .bind(format!("{name}.csv"))
        .bind(now())
        .execute(c)
        .await
        .map(drop))
    .unwrap();
    on!(tx, |c| sqlx::query(COMPANY)
        .bind(company)
        .bind(company.simple().to_string())
        .bind(name)
        .bind(level.as_str())
        .bind(organization)
        .bind(actor.user_id.0)
        .bind(now())
        .execute(c)
        .await
        .map(drop))
    .unwrap();
    let predictions = Predictions { annual: Uuid::now_v7(), quarterly: Uuid::now_v7() };
    for (sql, id) in [(ANNUAL, predictions.annual), (QUARTERLY, predictions.quarterly)] {
        on!(tx, |c| sqlx::query(sql)
            .bind(id)
            .bind(company)
            .bind(organization)
            .bind(level.as_str())
            .bind(actor.user_id.0)
            .bind(now())
            .execute(c)
            .await
            .map(drop))
        .unwrap();
    }
    (upload, company, predictions)
}
