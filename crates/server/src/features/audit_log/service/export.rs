//! The audit log as a file.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex, PoisonError},
};

use accunode_db::Db;
use accunode_domain::{Actor, Error, Result};
use accunode_sheets::{Cell, Writer};
use futures_util::{Stream, StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{
    super::store::{self, Cursor, Placed},
    Filter,
};
use crate::state::AppState;

/// Entries read at once.
const PAGE: i64 = 500;

const COLUMNS: [&str; 17] = [
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
];

/// The entries in the caller's sight as CSV, newest first, a page at a time: each page is a short transaction, and
/// begins behind the last entry of the one before, so that entries which come meanwhile neither appear twice nor
/// push others out.
///
/// # Errors
/// When the first page cannot be read; a later failure breaks the stream off.
pub(crate) async fn csv(
    state: &AppState,
    actor: &Actor,
    filter: Filter,
) -> Result<impl Stream<Item = io::Result<Vec<u8>>> + Send + 'static> {
    let written = Shared::default();
    let table = Writer::csv(written.clone(), &COLUMNS).map_err(Error::internal)?;
    let mut export = Export {
        db: state.db.clone(),
        actor: actor.clone(),
        filter,
        behind: Cursor::START,
        table: Some(table),
        written,
    };
    let first = export.next().await?;
    let rest = stream::try_unfold(export, |mut export| async move {
        let next = export.next().await.map_err(|error| {
            tracing::error!(%error, "an export of the audit log broke off");
            io::Error::other("the export broke off")
        });
        Ok(next?.map(|bytes| (bytes, export)))
    });
    let all = stream::iter(first.map(Ok)).chain(rest);
    Ok(all.try_filter(|bytes| std::future::ready(!bytes.is_empty())))
}

struct Export {
    db: Db,
    actor: Actor,
    filter: Filter,
    behind: Cursor,
    /// None at the end.
    table: Option<Writer>,
    written: Shared,
}

impl Export {
    /// What a page adds to the file.
    async fn next(&mut self) -> Result<Option<Vec<u8>>> {
        let Some(mut table) = self.table.take() else { return Ok(None) };
        let mut tx = self.db.scoped_read(&self.actor).await?;
        let entries = store::page(&mut tx, &self.filter, self.behind, PAGE, 0).await?;
        drop(tx);
        for entry in &entries {
            write(&mut table, entry)?;
        }
        match entries.last() {
            Some(last) if i64::try_from(entries.len()).is_ok_and(|n| n == PAGE) => {
                self.behind = last.into();
                self.table = Some(table);
            }
            _ => table.finish().map_err(Error::internal)?,
        }
        Ok(Some(self.written.take()))
    }
}

fn write(table: &mut Writer, placed: &Placed) -> Result<()> {
    let entry = &placed.entry;
    let id = |id: Option<Uuid>| id.map(|id| id.to_string());
    let (seq, at) = (placed.seq.to_string(), entry.at.to_string());
    let (tenant, actor, key) = (id(entry.tenant_id), id(entry.actor_id), id(entry.api_key_id));
    let cells = [
        Some(&seq),
        Some(&at),
        tenant.as_ref(),
        actor.as_ref(),
        entry.actor_email.as_ref(),
        entry.actor_role.as_ref(),
        key.as_ref(),
        Some(&entry.action),
        Some(&entry.outcome),
        entry.target_type.as_ref(),
        entry.target_id.as_ref(),
        entry.before_state.as_ref(),
        entry.after_state.as_ref(),
        entry.request_id.as_ref(),
        entry.address.as_ref(),
        Some(&placed.previous_hash),
        Some(&placed.hash),
    ];
    let cells = cells.map(|text| text.map_or(Cell::Empty, |text| Cell::Text(text)));
    table.write(&cells).map_err(Error::internal)
}

/// Bytes that the table's writer leaves and the stream picks up.
#[derive(Clone, Default)]
struct Shared(Arc<Mutex<Vec<u8>>>);

impl Shared {
    fn take(&self) -> Vec<u8> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Write for Shared {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
