//! The dashboard and the list of companies.

use accunode_testkit::on_both_engines;
use serde_json::{Value, json};

use super::{both_spellings, has, ok, roles, with};
use crate::{
    app::{Limits, TestApp},
    routes::predictions::{annual, body, made},
};

/// The figures that both parts of the dashboard have.
fn figures(annual: u64, quarterly: u64) -> Value {
    json!({
        "total_companies": annual.max(quarterly), "total_predictions": annual + quarterly, "annual_predictions": annual,
        "quarterly_predictions": quarterly, "average_default_rate": "share", "high_risk_companies": "whole",
        "sectors_covered": u64::from(annual + quarterly > 0)
    })
}

fn all_figures(scope: &str, place: &str, (annual, quarterly): (u64, u64), updated: &Value) -> Value {
    let platform = with(figures(1, 1), &json!({ "last_updated_times": { "system_last_updated": "time" } }));
    let own = with(
        figures(annual, quarterly),
        &json!({
            "scope": format!("={scope}"), "user_name": "text", "organization_name": format!("={place}"), "data_scope": "text",
            "last_updated_times": updated
        }),
    );
    json!({ "scope": format!("={scope}"), "user_dashboard": own, "platform_statistics": platform })
}

on_both_engines! {
    async fn the_dashboard_has_every_figure_for_every_role(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        let asked = json!({ "include_platform_stats": true });
        for actor in [&p.super_admin, &p.member, &p.stranger, &p.user] {
            for kind in ["annual", "quarterly"] {
                made(&app, actor, kind, "SAME").await;
            }
        }
        for (role, actor) in roles(&app) {
            let (scope, place, counts) = match role {
                "user" => ("personal", "Personal Data", (1, 1)),
                "org_member" | "org_admin" => ("organization", "first", (1, 1)),
                "tenant_admin" => ("tenant", "first", (1, 1)),
                _ => ("system", "System Administrator", (4, 4)),
            };
            let dashboard = ok(app.client(actor).post("/predictions/dashboard", &asked).await);
            let updated = json!({ "user_last_updated": "time?", "system_last_updated": "time" });
            has(&dashboard, &all_figures(scope, place, counts, &updated));
            let plain = ok(app.client(actor).post("/predictions/dashboard", &json!({ "include_platform_stats": false })).await);
            assert!(plain.get("platform_statistics").is_none(), "{role}: {plain}");
        }
        // Who has nothing sees nothing, in the same fields.
        let empty = ok(app.client(&p.other_user).post("/predictions/dashboard", &asked).await);
        let updated = json!({ "user_last_updated": null, "system_last_updated": "time" });
        has(&empty, &all_figures("personal", "Personal Data", (0, 0), &updated));
        // The page counts of the lists come from here.
        let client = app.client(&p.member);
        assert_eq!(client.get_ok("/predictions/annual?page=1&size=1000").await["total"], 1);
        assert_eq!(client.get_ok("/predictions/annual/system?page=1&size=1000").await["total"], 1);
    }

    async fn companies_are_listed_while_somebody_scrolls_and_types(test: TestDb) {
        let app = TestApp::without_worker(test, Limits::default()).await;
        let p = &app.people;
        for actor in [&p.user, &p.member, &p.tenant_admin, &p.super_admin] {
            for i in 0..3 {
                let mut new = body("annual", &format!("CO{i}"));
                new["company_name"] = json!(format!("Company {i}"));
                ok(app.client(actor).post("/predictions/annual", &new).await);
            }
        }
        ok(app.client(&p.stranger).post("/predictions/annual", &annual("FOREIGN")).await);
        // Of the tenant_admin the own, those of the tenant and the system's; of the super_admin all.
        for ((role, actor), total) in roles(&app).into_iter().zip([3, 3, 3, 9, 13]) {
            let client = app.client(actor);
            let item = json!({ "id": "id", "symbol": "text", "name": "text", "sector": "=Industrials" });
            let page = both_spellings(&client, "/companies?page=1&limit=50").await;
            has(&page, &json!({ "items": [item], "total": total, "page": 1, "size": 50, "pages": 1 }));
            assert_eq!(page["items"].as_array().unwrap().len(), total, "{role}");
            // The second part of a list that has one only: scrolling ends there.
            let behind = client.get_ok("/companies/?page=2&limit=50").await;
            assert_eq!((&behind["items"], &behind["total"]), (&json!([]), &json!(total)), "{role}");
            for (typed, found) in [("co1", total / 3), ("Company%202", total / 3), ("", total), ("nowhere", 0)] {
                let page = client.get_ok(&format!("/companies/?page=1&limit=50&search={typed}")).await;
                assert_eq!(page["total"], found, "{role} types {typed}");
            }
        }
    }
}
