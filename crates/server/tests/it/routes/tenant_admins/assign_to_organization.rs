use accunode_db::on;
use accunode_domain::Actor;
use accunode_testkit::on_both_engines;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    app::{Limits, TestApp},
    routes::users::audited,
};

async fn assign(app: &TestApp, caller: &Actor, email: &str, organization: Uuid, role: &str) -> (u16, Value) {
    let body = json!({ "user_email": email, "organization_id": organization, "role": role });
    let answer = app.client(caller).post("/tenant-admin/assign-user-to-organization", &body).await;
    (answer.0.as_u16(), answer.1)
}

/// Puts an address on an organization's list of those who may join.
pub async fn expect(app: &TestApp, organization: Uuid, email: &str, status: &str) {
    const EXPECT: &str =
        "INSERT INTO organization_member_whitelist (id, organization_id, email, added_at, status)
                          VALUES ($1, $2, $3, $4, $5)";
    let mut tx = app.state.db.system("a test's whitelist").await.unwrap();
    on!(tx, |c| sqlx::query(EXPECT)
        .bind(Uuid::now_v7())
        .bind(organization)
        .bind(email)
        .bind(app.state.clock.now())
        .bind(status)
        .execute(c)
        .await
        .map(drop))
    .unwrap();
    tx.commit().await.unwrap();
}

async fn limit(app: &TestApp, organization: Uuid, most: i32) {
    const LIMIT: &str = "UPDATE organizations SET max_users = $2 WHERE id = $1";
    let mut tx = app.state.db.system("a test's limit").await.unwrap();
    on!(tx, |c| sqlx::query(LIMIT).bind(organization).bind(most).execute(c).await.map(drop)).unwrap();
    tx.commit().await.unwrap();
}

on_both_engines! {
    async fn a_super_admin_puts_anybody_below_into_an_organization(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let (status, body) = assign(&app, &p.super_admin, "User@example.com", p.organization(), "org_admin").await;
        assert_eq!((status, &body["assigned_role"]), (200, &json!("org_admin")), "{body}");
        assert_eq!((&body["organization_name"], &body["tenant_name"]), (&json!("first"), &json!("first")));
        let me = app.client(&p.user).get_ok("/users/me").await;
        assert_eq!((&me["organization_id"], &me["tenant_id"]), (&json!(p.organization()), &json!(p.member.tenant_id)));
        assert_eq!(audited(&app, p.user.user_id).await, ["organization.user.assign"]);
        let (status, _) = assign(&app, &p.super_admin, "super_admin@example.com", p.organization(), "org_member").await;
        assert_eq!(status, 403);
    }

    async fn a_member_gets_another_role_and_the_same_role_changes_nothing(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        for role in ["org_member", "org_admin", "org_admin"] {
            let (status, body) = assign(&app, &p.tenant_admin, "member@example.com", p.organization(), role).await;
            assert_eq!((status, &body["assigned_role"]), (200, &json!(role)), "{body}");
        }
        assert_eq!(audited(&app, p.member.user_id).await.len(), 1);
        // Without a role it is that of a member.
        let body = json!({ "user_email": "member@example.com", "organization_id": p.organization() });
        let (_, body) = app.client(&p.tenant_admin).post("/tenant-admin/assign-user-to-organization", &body).await;
        assert_eq!(body["assigned_role"], "org_member");
    }

    async fn a_tenant_admin_takes_only_people_whom_the_organization_expects(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let organization = p.organization();
        let take = async |email: &str| assign(&app, &p.tenant_admin, email, organization, "org_member").await.0;
        assert_eq!(take("user@example.com").await, 404);
        expect(&app, p.neighbour.organization_id.unwrap().0, "user@example.com", "active").await;
        expect(&app, organization, "user@example.com", "inactive").await;
        assert_eq!(take("user@example.com").await, 404);
        expect(&app, organization, "other_user@example.com", "active").await;
        assert_eq!(take("other_user@example.com").await, 200);
        // Being expected makes nobody free who belongs elsewhere.
        expect(&app, organization, "stranger@example.com", "active").await;
        assert_eq!(take("stranger@example.com").await, 404);
        assert_eq!(take("nobody@example.com").await, 404);
    }

    async fn places_and_people_out_of_reach_are_refused(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let foreign = p.stranger.organization_id.unwrap().0;
        for (caller, email, organization, role, expected) in [
            (&p.tenant_admin, "member@example.com", foreign, "org_member", 404),
            (&p.tenant_admin, "member@example.com", Uuid::now_v7(), "org_member", 404),
            (&p.tenant_admin, "neighbour@example.com", p.organization(), "org_member", 400),
            (&p.super_admin, "stranger@example.com", p.organization(), "org_member", 400),
            (&p.tenant_admin, "tenant_admin@example.com", p.organization(), "org_member", 403),
            (&p.tenant_admin, "member@example.com", p.organization(), "tenant_admin", 400),
            (&p.tenant_admin, "org_admin@example.com", p.organization(), "org_member", 400),
            (&p.super_admin, "tenant_admin@example.com", p.organization(), "org_admin", 400),
            (&p.org_admin, "member@example.com", p.organization(), "org_member", 403),
            (&p.user, "user@example.com", p.organization(), "org_member", 403),
        ] {
            let (status, body) = assign(&app, caller, email, organization, role).await;
            assert_eq!(status, expected, "{} puts {email} as {role}: {body}", caller.role);
        }
    }

    async fn a_full_organization_takes_nobody(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        limit(&app, p.organization(), 3).await;
        let (status, body) = assign(&app, &p.super_admin, "user@example.com", p.organization(), "org_member").await;
        assert_eq!(status, 400, "{body}");
        // A role in it changes all the same.
        assert_eq!(assign(&app, &p.super_admin, "member@example.com", p.organization(), "org_admin").await.0, 200);
        limit(&app, p.organization(), 4).await;
        assert_eq!(assign(&app, &p.super_admin, "user@example.com", p.organization(), "org_member").await.0, 200);
    }
}
