//! The law of roles: whatever administrators do, what had somebody who runs it still has, nobody is raised above
//! whoever acts, and nobody touches peers, superiors or people out of reach.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::atomic::{AtomicUsize, Ordering},
};

use accunode_db::on;
use accunode_domain::{Role, UserId};
use accunode_testkit::{TestDb, on_both_engines};
use axum::http::StatusCode;
use proptest::{prelude::*, test_runner::TestRunner};
use serde_json::json;
use uuid::Uuid;

use crate::app::{Client, Limits, TestApp};

/// Something that an administrator tries. Numbers choose among the people and places that there are.
#[derive(Clone, Debug)]
enum Act {
    Role(usize, Role),
    Switch(usize, bool),
    Delete(usize, bool),
    Assign(usize, usize, Role),
    AssignTenant(usize, usize),
    RemoveTenantAdmin(usize),
    Create(Role, Option<usize>),
}

fn role() -> impl Strategy<Value = Role> {
    prop::sample::select(Role::ALL.to_vec())
}

fn act() -> impl Strategy<Value = Act> {
    let who = 0..14_usize;
    let place = 0..3_usize;
    prop_oneof![
        4 => (who.clone(), role()).prop_map(|(who, role)| Act::Role(who, role)),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, on)| Act::Switch(who, on)),
        2 => (who.clone(), any::<bool>()).prop_map(|(who, only)| Act::Delete(who, only)),
        3 => (who.clone(), place.clone(), role()).prop_map(|(who, place, role)| Act::Assign(who, place, role)),
        2 => (who.clone(), 0..2_usize).prop_map(|(who, tenant)| Act::AssignTenant(who, tenant)),
        1 => who.prop_map(Act::RemoveTenantAdmin),
        1 => (role(), prop::option::of(place)).prop_map(|(role, place)| Act::Create(role, place)),
    ]
}

/// Who acts: mostly somebody who began as an administrator.
fn caller() -> impl Strategy<Value = usize> {
    prop_oneof![3 => 0..3_usize, 1 => 7..9_usize, 1 => 0..14_usize]
}

/// An account that is not closed.
#[derive(Clone, Debug, PartialEq, Eq, sqlx::FromRow)]
struct Person {
    id: Uuid,
    email: String,
    role: String,
    tenant_id: Option<Uuid>,
    organization_id: Option<Uuid>,
    is_active: bool,
    token_version: i64,
}

impl Person {
    fn role(&self) -> Role {
        self.role.parse().unwrap()
    }

    /// What this person runs, if they are switched on.
    fn runs(&self) -> Option<(Role, Option<Uuid>)> {
        match self.role() {
            Role::OrgAdmin => Some((Role::OrgAdmin, self.organization_id)),
            Role::TenantAdmin => Some((Role::TenantAdmin, self.tenant_id)),
            Role::SuperAdmin => Some((Role::SuperAdmin, None)),
            Role::OrgMember | Role::User => None,
        }
        .filter(|_| self.is_active)
    }

    fn fits(&self) -> bool {
        match self.role() {
            Role::SuperAdmin => self.tenant_id.is_none() && self.organization_id.is_none(),
            Role::TenantAdmin => self.tenant_id.is_some(),
            Role::OrgAdmin | Role::OrgMember => self.organization_id.is_some(),
            Role::User => true,
        }
    }

    /// Whether this administrator looks after somebody who stands there.
    fn looks_after(&self, other: &Self) -> bool {
        match self.role() {
            Role::SuperAdmin => true,
            Role::TenantAdmin => self.tenant_id.is_some() && self.tenant_id == other.tenant_id,
            Role::OrgAdmin => self.organization_id.is_some() && self.organization_id == other.organization_id,
            Role::OrgMember | Role::User => false,
        }
    }
}

/// Everybody, in the order in which they were made.
async fn everybody(app: &TestApp) -> Vec<Person> {
    const PEOPLE: &str = "SELECT id, email, role, tenant_id, organization_id, is_active,
                                 CAST(token_version AS BIGINT) AS token_version
                          FROM users WHERE deleted_at IS NULL ORDER BY created_at, id";
    let mut tx = app.state.db.system_read("look at everybody").await.unwrap();
    on!(tx, |c| sqlx::query_as(PEOPLE).fetch_all(c).await).unwrap()
}

async fn perform(app: &TestApp, client: &Client, people: &[Person], act: &Act) -> StatusCode {
    let p = &app.people;
    let places = [&p.member, &p.neighbour, &p.stranger].map(|a| a.organization_id.unwrap().0);
    let tenants = [&p.member, &p.stranger].map(|a| a.tenant_id.unwrap().0);
    let one = |n: usize| &people[n % people.len()];
    let path = |n: usize| format!("/users/{}", one(n).id);
    let answer = match act {
        Act::Role(who, role) => client.put(&format!("{}/role", path(*who)), &json!({ "role": role })).await,
        Act::Switch(who, true) => client.post(&format!("{}/activate", path(*who)), &json!({})).await,
        Act::Switch(who, false) => client.patch(&format!("{}/deactivate", path(*who)), &json!({})).await,
        Act::Delete(who, only) => client.delete(&format!("{}?remove_from_org_only={only}", path(*who))).await,
        Act::Assign(who, place, role) => {
            let body =
                json!({ "user_email": one(*who).email, "organization_id": places[*place], "role": role });
            client.post("/tenant-admin/assign-user-to-organization", &body).await
        }
        Act::AssignTenant(who, tenant) => {
            let body = json!({ "user_email": one(*who).email, "tenant_id": tenants[*tenant] });
            client.post("/tenant-admin/assign-existing-user", &body).await
        }
        Act::RemoveTenantAdmin(who) => {
            client.delete(&format!("/tenant-admin/remove-tenant-admin/{}", one(*who).id)).await
        }
        Act::Create(role, place) => {
            let email = format!("{}@example.com", Uuid::new_v4().simple());
            let body = json!({ "email": email, "password": "correct horse 1", "role": role,
                               "organization_id": place.map(|n| places[n]) });
            client.post("/users", &body).await
        }
    };
    answer.0
}

/// Tries everything in turn; says how much of it was done.
async fn holds(app: &TestApp, acts: &[(usize, Act)]) -> Result<usize, TestCaseError> {
    let mut before = everybody(app).await;
    let mut done = 0;
    for (caller, act) in acts {
        let caller = before[caller % before.len()].clone();
        let client = app.with_token(&app.token(UserId(caller.id), caller.token_version));
        let status = perform(app, &client, &before, act).await;
        prop_assert!(!status.is_server_error(), "{act:?} by {caller:?}: {status}");
        let after = everybody(app).await;
        lawful(&caller, act, status, &before, &after)?;
        done += usize::from(after != before);
        before = after;
    }
    Ok(done)
}

fn lawful(
    caller: &Person,
    act: &Act,
    status: StatusCode,
    before: &[Person],
    after: &[Person],
) -> Result<(), TestCaseError> {
    let run = |people: &[Person]| people.iter().filter_map(Person::runs).collect::<BTreeSet<_>>();
    let lost: Vec<_> = run(before).difference(&run(after)).copied().collect();
    prop_assert!(lost.is_empty(), "{act:?} by {caller:?} leaves nobody for {lost:?}");
    let old: BTreeMap<Uuid, &Person> = before.iter().map(|p| (p.id, p)).collect();
    let new: BTreeMap<Uuid, &Person> = after.iter().map(|p| (p.id, p)).collect();
    for person in after {
        prop_assert!(person.fits(), "{act:?} by {caller:?} leaves {person:?}");
        match old.get(&person.id) {
            Some(was) => prop_assert!(
                person.role() <= was.role() || person.role() <= caller.role(),
                "{act:?} by {caller:?} raises {was:?} to {person:?}"
            ),
            None => prop_assert!(
                person.role() <= caller.role() && caller.looks_after(person),
                "{act:?} by {caller:?} makes {person:?}"
            ),
        }
    }
    for was in before.iter().filter(|was| new.get(&was.id) != Some(was)) {
        let above = caller.role() == Role::SuperAdmin || was.role() < caller.role();
        let other = was.id != caller.id;
        prop_assert!(
            status.is_success() && above && other && caller.looks_after(was),
            "{act:?} by {caller:?} changes {was:?} ({status})"
        );
    }
    Ok(())
}

/// Each case on an application of its own.
fn law(cases: u32, database: impl AsyncFn() -> Option<TestDb>) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let config = ProptestConfig { cases, failure_persistence: None, ..Default::default() };
    let strategy = prop::collection::vec((caller(), act()), 15..40);
    let done = AtomicUsize::new(0);
    let outcome = TestRunner::new(config).run(&strategy, |acts| {
        runtime.block_on(async {
            let Some(test) = database().await else { return Ok(()) };
            let app = TestApp::without_worker(test, Limits::default()).await;
            done.fetch_add(1 + holds(&app, &acts).await?, Ordering::Relaxed);
            Ok(())
        })
    });
    outcome.unwrap();
    let done = done.into_inner();
    assert!(
        done == 0 || done >= 3 * cases as usize,
        "only {done} changes in {cases} cases: nothing was tried"
    );
}

#[test]
fn what_is_run_by_somebody_stays_so_on_sqlite() {
    law(24, async || Some(TestDb::sqlite().await));
}

#[test]
fn what_is_run_by_somebody_stays_so_on_postgres() {
    law(4, TestDb::postgres);
}

/// How many active people have this role.
async fn active(app: &TestApp, role: Role) -> usize {
    everybody(app).await.iter().filter(|p| p.is_active && p.role() == role).count()
}

on_both_engines! {
    async fn of_two_who_are_demoted_at_once_one_stays(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let demote = async |caller: &accunode_domain::Actor, target: &accunode_domain::Actor, role: Role| {
            let path = format!("/users/{}/role", target.user_id);
            app.client(caller).put(&path, &json!({ "role": role })).await.0
        };
        // An organization's.
        assert_eq!(demote(&p.org_admin, &p.member, Role::OrgAdmin).await, StatusCode::OK);
        let (one, other) = tokio::join!(
            demote(&p.tenant_admin, &p.org_admin, Role::OrgMember),
            demote(&p.super_admin, &p.member, Role::OrgMember)
        );
        assert!(one.is_success() != other.is_success(), "{one} {other}");
        assert_eq!(active(&app, Role::OrgAdmin).await, 2, "this one and the other tenant's");
        // A tenant's.
        assert_eq!(demote(&p.super_admin, &p.colleague, Role::TenantAdmin).await, StatusCode::OK);
        let (one, other) = tokio::join!(
            demote(&p.super_admin, &p.tenant_admin, Role::User),
            demote(&p.super_admin, &p.colleague, Role::User)
        );
        assert!(one.is_success() != other.is_success(), "{one} {other}");
        assert_eq!(active(&app, Role::TenantAdmin).await, 2, "this one and the other tenant's");
        // The platform's, each by the other.
        assert_eq!(demote(&p.super_admin, &p.user, Role::SuperAdmin).await, StatusCode::OK);
        let second = accunode_domain::Actor { role: Role::SuperAdmin, ..p.user.clone() };
        let (one, other) =
            tokio::join!(demote(&p.super_admin, &second, Role::User), demote(&second, &p.super_admin, Role::User));
        assert!(one.is_success() != other.is_success(), "{one} {other}");
        assert_eq!(active(&app, Role::SuperAdmin).await, 1);
    }
}
