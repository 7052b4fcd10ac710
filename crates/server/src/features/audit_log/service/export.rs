//! The audit log as a file.

use accunode_db::Db;
use accunode_domain::{Actor, Result};

use super::{
    super::store::{self, Cursor, Placed},
    Filter,
};
use crate::{
    http::table::{Pager, Row, Table},
    state::AppState,
};

/// Entries read at once.
const PAGE: i64 = 500;

/// The file.
pub(crate) const TABLE: Table = Table {
    name: "audit-log",
    header: &[
        "seq",
        "at",
        "tenant_id",
        "actor_id",
        "actor_email",
        "actor_role",
        "api_key_id",
        "action",
        "outcome",
        "target_type",
        "target_id",
        "before",
        "after",
        "request_id",
        "address",
        "previous_hash",
        "hash",
    ],
    rows: None,
};

/// The entries in an actor's sight, newest first: each page is a short transaction, and begins behind the last entry
/// of the one before, so that entries which come meanwhile neither appear twice nor push others out.
pub(crate) struct Entries {
    db: Db,
    actor: Actor,
    filter: Filter,
    /// None at the end.
    behind: Option<Cursor>,
}

impl Entries {
    /// From the newest on.
    pub(crate) fn new(state: &AppState, actor: &Actor, filter: Filter) -> Self {
        Self { db: state.db.clone(), actor: actor.clone(), filter, behind: Some(Cursor::START) }
    }
}

impl Pager for Entries {
    async fn next(&mut self) -> Result<Option<Vec<Row>>> {
        let Some(behind) = self.behind.take() else { return Ok(None) };
        let mut tx = self.db.scoped_read(&self.actor).await?;
        let entries = store::page(&mut tx, &self.filter, behind, PAGE, 0).await?;
        drop(tx);
        if i64::try_from(entries.len()).is_ok_and(|n| n == PAGE) {
            self.behind = entries.last().map(Into::into);
        }
        Ok(Some(entries.into_iter().map(row).collect()))
    }
}

fn row(placed: Placed) -> Row {
    let Placed { seq, entry, previous_hash, hash, .. } = placed;
    vec![
        seq.into(),
        entry.at.into(),
        entry.tenant_id.into(),
        entry.actor_id.into(),
        entry.actor_email.into(),
        entry.actor_role.into(),
        entry.api_key_id.into(),
        entry.action.into(),
        entry.outcome.into(),
        entry.target_type.into(),
        entry.target_id.into(),
        entry.before_state.into(),
        entry.after_state.into(),
        entry.request_id.into(),
        entry.address.into(),
        previous_hash.into(),
        hash.into(),
    ]
}
