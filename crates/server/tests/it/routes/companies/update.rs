use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::json;

use super::{added, see_the_systems};
use crate::app::{Limits, TestApp};

on_both_engines! {
    async fn who_added_it_and_who_runs_the_organization_may(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        see_the_systems(&app, true).await;
        let ours = added(&app.client(&people.member), "OURS").await;
        let own = added(&app.client(&people.tenant_admin), "OWN").await;
        let systems = added(&app.client(&people.super_admin), "SYSTEMS").await;
        let (ok, no, gone) = (StatusCode::OK, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND);
        for (company, expected) in [
            (&ours, [ok, no, ok, ok, no, gone, gone, gone, gone, gone, gone]),
            (&own, [ok, ok, gone, gone, gone, gone, gone, gone, gone, gone, gone]),
            (&systems, [ok, no, no, no, no, gone, gone, gone, no, gone, gone]),
        ] {
            let actors = [&people.super_admin, &people.tenant_admin, &people.org_admin, &people.member, &people.colleague,
                          &people.neighbour, &people.stranger, &people.foreign_org_admin, &people.foreign_tenant_admin,
                          &people.user, &people.other_user];
            for (i, (actor, status)) in actors.into_iter().zip(expected).enumerate() {
                let change = json!({ "name": format!("Name {i}"), "market_cap": i });
                let (given, body) = app.client(actor).put(&format!("/companies/{company}"), &change).await;
                assert_eq!(given, status, "{i} {}: {body}", actor.role);
                let now = app.client(&people.super_admin).get_ok(&format!("/companies/{company}")).await;
                assert_eq!(now["data"]["name"] == change["name"], status == ok, "{i}: {now}");
            }
        }
    }

    /// Who made something for the platform, or in an organization, has no hold on it from elsewhere.
    async fn who_has_moved_on_may_no_longer(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let people = &app.people;
        // The tenant_admin was a super_admin before, and an analyst.
        let (moved, client) = (people.tenant_admin.user_id.0, app.client(&people.tenant_admin));
        app.set("UPDATE users SET role = 'super_admin' WHERE id = $1", moved).await;
        let systems = added(&client, "SYSTEMS").await;
        const JOINS: &str = "UPDATE users SET role = 'org_member',
                                              organization_id = (SELECT m.organization_id FROM users m WHERE m.id = $1)
                             WHERE role = 'super_admin' AND tenant_id IS NOT NULL";
        app.set(JOINS, people.member.user_id.0).await;
        let ours = added(&client, "OURS").await;
        app.set("UPDATE users SET role = 'tenant_admin', organization_id = NULL WHERE id = $1", moved).await;
        for company in [&systems, &ours] {
            let path = format!("/companies/{company}");
            assert_eq!(client.get(&path).await.0, StatusCode::OK);
            assert_eq!(client.put(&path, &json!({ "name": "Taken Over" })).await.0, StatusCode::FORBIDDEN, "{path}");
            assert_eq!(client.delete(&path).await.0, StatusCode::FORBIDDEN, "{path}");
        }
    }

    async fn what_is_not_said_stays_and_the_symbol_always(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let member = app.client(&app.people.member);
        let path = format!("/companies/{}", added(&member, "XMP").await);
        let (_, body) = member.put(&path, &json!({ "sector": "Retail", "symbol": "xmp" })).await;
        let data = &body["data"];
        assert_eq!((&data["sector"], &data["name"], &data["market_cap"]), (&json!("Retail"), &json!("XMP Works"), &json!(12.5)));
        assert!(data["updated_at"].is_string());
        for (change, field) in [
            (json!({ "symbol": "OTHER" }), "symbol"), (json!({ "name": "" }), "name"), (json!({ "market_cap": -1 }), "market_cap"),
            (json!({ "sector": 5 }), "sector"),
        ] {
            let (status, body) = member.put(&path, &change).await;
            assert_eq!((status, body["errors"][0]["field"].as_str()), (StatusCode::UNPROCESSABLE_ENTITY, Some(field)), "{body}");
        }
        let log = app.client(&app.people.tenant_admin).get_ok("/audit?action=company.update").await;
        assert_eq!(log["pagination"]["total"], 1);
        assert_eq!((&log["entries"][0]["before"]["sector"], &log["entries"][0]["after"]["sector"]), (&json!("Industrials"), &json!("Retail")));
    }
}
