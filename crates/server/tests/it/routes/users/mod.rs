use accunode_db::on;

use crate::app::TestApp;

mod create;
mod delete;
mod list;
mod me;
mod profile;
mod role;
mod switch;
mod update;

/// What the audit log says was done to somebody or something, oldest first.
pub async fn audited(app: &TestApp, id: impl ToString) -> Vec<String> {
    const ACTIONS: &str =
        "SELECT action FROM audit_log WHERE target_id = $1 AND outcome = 'done' ORDER BY seq";
    let mut tx = app.state.db.system_read("look into the log of a test").await.unwrap();
    on!(tx, |c| sqlx::query_scalar(ACTIONS).bind(id.to_string()).fetch_all(c).await).unwrap()
}
