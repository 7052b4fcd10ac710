//! SQL of the audit log.

use accunode_db::{Result, Timestamp, Tx, on, sql};
use sha2::{Digest, Sha256};
use sqlx::FromRow;
use uuid::Uuid;

/// What one entry says, without its place in the chain.
#[derive(Clone, Debug, PartialEq, Eq, FromRow)]
pub struct Entry {
    /// When.
    pub at: Timestamp,
    /// The tenant that it concerns.
    pub tenant_id: Option<Uuid>,
    /// Who acted; none before a sign-in.
    pub actor_id: Option<Uuid>,
    /// Their address at the time.
    pub actor_email: Option<String>,
    /// Their role at the time.
    pub actor_role: Option<String>,
    /// The API key they used.
    pub api_key_id: Option<Uuid>,
    /// What was done.
    pub action: String,
    /// `done` or `denied`.
    pub outcome: String,
    /// What kind of thing it was done to.
    pub target_type: Option<String>,
    /// Which one.
    pub target_id: Option<String>,
    /// JSON of the state before.
    pub before_state: Option<String>,
    /// JSON of the state after.
    pub after_state: Option<String>,
    /// The request.
    pub request_id: Option<String>,
    /// The client's address.
    pub address: Option<String>,
}

impl Entry {
    /// The hash of this entry at its place: SHA-256 over the previous entry's hash and the entry's parts as a
    /// JSON array, so that no two different entries read the same. Hexadecimal.
    #[must_use]
    pub fn hash(&self, chain: Uuid, seq: i64, previous: &str) -> String {
        let parts = serde_json::json!([
            previous,
            chain,
            seq,
            self.at.unix_micros(),
            self.tenant_id,
            self.actor_id,
            self.actor_email,
            self.actor_role,
            self.api_key_id,
            self.action,
            self.outcome,
            self.target_type,
            self.target_id,
            self.before_state,
            self.after_state,
            self.request_id,
            self.address,
        ]);
        hex::encode(Sha256::digest(parts.to_string()))
    }
}

/// What the first entry of a chain has for its predecessor's hash.
pub const GENESIS: &str = "";

sql! {
    /// Makes the chain's head if it is the first entry.
    OPEN = "INSERT INTO audit_heads (chain, seq, hash) VALUES ($1, 0, '') ON CONFLICT (chain) DO NOTHING";
    /// Holds the head until the transaction ends, and moves it on.
    NEXT = "UPDATE audit_heads SET seq = seq + 1 WHERE chain = $1 RETURNING seq, hash";
    CLOSE = "UPDATE audit_heads SET hash = $2 WHERE chain = $1";
    INSERT = "INSERT INTO audit_log (chain, seq, at, tenant_id, actor_id, actor_email, actor_role, api_key_id,
                                     action, outcome, target_type, target_id, before_state, after_state,
                                     request_id, address, previous_hash, hash)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18)";
}

/// Adds an entry to the chain of its tenant, or of what belongs to none.
pub(crate) async fn append(tx: &mut Tx, entry: &Entry) -> Result<()> {
    let chain = entry.tenant_id.unwrap_or(Uuid::nil());
    on!(tx, OPEN, |c, sql| sqlx::query(sql).bind(chain).execute(c).await.map(drop))?;
    let (seq, previous): (i64, String) =
        on!(tx, NEXT, |c, sql| sqlx::query_as(sql).bind(chain).fetch_one(c).await)?;
    let hash = entry.hash(chain, seq, &previous);
    on!(tx, INSERT, |c, sql| {
        let query = sqlx::query(sql).bind(chain).bind(seq).bind(entry.at).bind(entry.tenant_id);
        let query = query.bind(entry.actor_id).bind(&entry.actor_email).bind(&entry.actor_role);
        let query = query.bind(entry.api_key_id).bind(&entry.action).bind(&entry.outcome);
        let query = query.bind(&entry.target_type).bind(&entry.target_id).bind(&entry.before_state);
        let query = query.bind(&entry.after_state).bind(&entry.request_id).bind(&entry.address);
        query.bind(&previous).bind(&hash).execute(c).await.map(drop)
    })?;
    on!(tx, CLOSE, |c, sql| sqlx::query(sql).bind(chain).bind(&hash).execute(c).await.map(drop))?;
    Ok(())
}
