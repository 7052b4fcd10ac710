use accunode_testkit::on_both_engines;
use axum::http::StatusCode;
use serde_json::{Value, json};

use super::at_rest;
use crate::app::Client;

/// Asks all nine; the statuses.
async fn all(client: &Client) -> Vec<StatusCode> {
    let mut statuses = Vec::new();
    for path in ["status", "metrics", "recommendation", "config", "history"] {
        statuses.push(client.get(&format!("/scaling/{path}")).await.0);
    }
    statuses.push(client.post("/scaling/execute", &json!({})).await.0);
    statuses.push(client.post("/scaling/manual", &json!({ "target_workers": 3 })).await.0);
    statuses.push(client.put("/scaling/config", &json!({ "max_workers": 20 })).await.0);
    statuses.push(client.delete("/scaling/history").await.0);
    statuses
}

on_both_engines! {
    async fn nobody_but_a_super_admin_may(test: TestDb) {
        let (app, _, admin) = at_rest(test).await;
        let people = &app.people;
        let others =
            [&people.user, &people.member, &people.org_admin, &people.tenant_admin, &people.foreign_tenant_admin];
        for actor in others {
            assert_eq!(all(&app.client(actor)).await, [StatusCode::FORBIDDEN; 9]);
        }
        assert_eq!(all(&app.anonymous()).await, [StatusCode::UNAUTHORIZED; 9]);
        assert_eq!(admin.get_ok("/scaling/config").await["data"]["version"], 0, "nobody changed anything");
        assert_eq!(admin.get_ok("/scaling/status").await["data"]["last_scale_action"], Value::Null);
        assert_eq!(all(&admin).await, [StatusCode::OK; 9]);
    }
}
