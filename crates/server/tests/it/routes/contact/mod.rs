mod delivery;
mod submit;
mod test_email;
mod test_send;

use accunode_db::on;
use serde_json::{Value, json};

use crate::app::TestApp;

/// A sound form.
fn form() -> Value {
    json!({
        "name": "Amy Lee", "email": "amy@example.net", "subject": "A question of terms",
        "message": "How do you count quarters?\nBest, <Amy>"
    })
}

/// A kept message: name, subject, text, whether it was mailed, and why not.
type Kept = (String, String, String, bool, Option<String>);

/// The only message that was kept.
async fn kept(app: &TestApp) -> Kept {
    const KEPT: &str = "SELECT name, subject, message, sent_at IS NOT NULL, last_error FROM contact_messages";
    let mut tx = app.state.db.system_read("a test").await.unwrap();
    let mut rows: Vec<Kept> = on!(tx, |c| sqlx::query_as(KEPT).fetch_all(c).await).unwrap();
    assert_eq!(rows.len(), 1);
    rows.remove(0)
}
