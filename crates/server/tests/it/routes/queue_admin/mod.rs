mod delete;
mod list;
mod retry;
mod state;

use accunode_db::on;
use axum::http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::app::TestApp;

/// A job that died of a reason, in the state that a runner leaves it in.
async fn died(app: &TestApp, kind: &str, payload: &str, reason: &str) -> Uuid {
    const SQL: &str =
        "INSERT INTO job (id, kind, payload, priority, status, attempts, max_attempts, run_at, worker,
                                        last_error, created_at, finished_at)
                       VALUES ($1, $2, $3, 0, 'dead', 5, 5, $4, 'somebody', $5, $4, $4)";
    let (id, now) = (Uuid::now_v7(), app.state.clock.now());
    let mut tx = app.state.db.system("a test").await.unwrap();
    on!(tx, |c| sqlx::query(SQL)
        .bind(id)
        .bind(kind)
        .bind(payload)
        .bind(now)
        .bind(reason)
        .execute(c)
        .await
        .map(drop))
    .unwrap();
    tx.commit().await.unwrap();
    id
}

async fn status(app: &TestApp, id: Uuid) -> Option<String> {
    let mut tx = app.state.db.system_read("a test").await.unwrap();
    let sql = "SELECT status FROM job WHERE id = $1";
    on!(tx, |c| sqlx::query_scalar(sql).bind(id).fetch_optional(c).await).unwrap()
}

/// Nobody below a super_admin may ask.
async fn refused_to_others(app: &TestApp, method: &str, path: &str) {
    let people = &app.people;
    for actor in [&people.tenant_admin, &people.org_admin, &people.member, &people.user] {
        assert_eq!(ask(&app.client(actor), method, path).await, StatusCode::FORBIDDEN);
    }
    assert_eq!(ask(&app.anonymous(), method, path).await, StatusCode::UNAUTHORIZED);
}

async fn ask(client: &crate::app::Client, method: &str, path: &str) -> StatusCode {
    match method {
        "GET" => client.get(path).await.0,
        "DELETE" => client.delete(path).await.0,
        _ => client.post(path, &json!({})).await.0,
    }
}
