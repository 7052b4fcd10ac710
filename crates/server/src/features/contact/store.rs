//! SQL of the contact form.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sqlx::FromRow;
use uuid::Uuid;

/// What somebody wrote.
#[derive(Clone, Debug, FromRow)]
pub(super) struct MessageRow {
    pub(super) id: Uuid,
    /// What the sender was told to refer to.
    pub(super) reference_id: String,
    pub(super) name: String,
    pub(super) email: String,
    pub(super) subject: String,
    pub(super) message: String,
    /// The sender's client.
    pub(super) address: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) created_at: Timestamp,
    /// When the mail went out.
    pub(super) sent_at: Option<Timestamp>,
}

sql! {
    INSERT = "INSERT INTO contact_messages (id, reference_id, name, email, subject, message, address, user_agent,
                                            created_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    BY_ID = "SELECT id, reference_id, name, email, subject, message, address, user_agent, created_at, sent_at
             FROM contact_messages WHERE id = $1";
    SENT = "UPDATE contact_messages SET sent_at = $2, last_error = NULL WHERE id = $1";
    FAILED = "UPDATE contact_messages SET last_error = $2 WHERE id = $1";
}

/// Keeps a new message.
pub(super) async fn insert(tx: &mut Tx, new: &MessageRow) -> Result<()> {
    on!(tx, INSERT, |c, sql| {
        let query = sqlx::query(sql).bind(new.id).bind(&new.reference_id).bind(&new.name).bind(&new.email);
        let query = query.bind(&new.subject).bind(&new.message).bind(&new.address).bind(&new.user_agent);
        query.bind(new.created_at).execute(c).await.map(drop)
    })?;
    Ok(())
}

/// A message.
pub(super) async fn by_id(tx: &mut Tx, id: Uuid) -> Result<Option<MessageRow>> {
    Ok(on!(tx, BY_ID, |c, sql| sqlx::query_as(sql).bind(id).fetch_optional(c).await)?)
}

/// Notes that its mail went out.
pub(super) async fn sent(tx: &mut Tx, id: Uuid, now: Timestamp) -> Result<()> {
    on!(tx, SENT, |c, sql| sqlx::query(sql).bind(id).bind(now).execute(c).await.map(drop))?;
    Ok(())
}

/// Notes why its mail did not go out.
pub(super) async fn failed(tx: &mut Tx, id: Uuid, reason: &str) -> Result<()> {
    on!(tx, FAILED, |c, sql| sqlx::query(sql).bind(id).bind(reason).execute(c).await.map(drop))?;
    Ok(())
}
