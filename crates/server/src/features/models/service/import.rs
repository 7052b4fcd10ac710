//! Taking a model in: parsed and tried on its golden rows, never run, and not yet in use.

use accunode_domain::{Error, ModelId, Result};
use accunode_scoring::archive::{self, Opened};
use accunode_sheets::validate::printable;
use serde_json::json;

use super::shown;
use crate::{
    audit::{self, Event},
    caller::Caller,
    features::models::{
        api::Model,
        store::{self, ModelRow},
    },
    http::form::StoredFile,
    models,
    state::AppState,
};

/// Where the file of a model is kept.
pub(crate) fn key(id: ModelId) -> String {
    format!("models/{id}.zip")
}

/// Takes in a model whose file has been stored; when it is refused, nothing of it stays.
///
/// # Errors
/// [`Error::BadRequest`] naming file, line and reason, [`Error::Conflict`] when it is there already.
pub async fn import(state: &AppState, caller: &Caller, id: ModelId, file: StoredFile) -> Result<Model> {
    let imported = record(state, caller, id, &file.key).await;
    if imported.is_err() {
        file.discard(state).await;
    }
    imported
}

async fn record(state: &AppState, caller: &Caller, id: ModelId, key: &str) -> Result<Model> {
    super::may_manage(caller)?;
    let bytes = models::read(state, key).await.map_err(Error::internal)?;
    let opened = tokio::task::spawn_blocking(move || archive::open(&bytes)).await.map_err(Error::internal)?;
    let refused = |error: accunode_scoring::BundleError| Error::BadRequest(printable(&error.to_string()));
    let Opened { bundle, golden_rows } = opened.map_err(refused)?;
    let row = ModelRow {
        imported_by: Some(caller.user_id.0),
        imported_by_email: Some(caller.email.clone()),
        ..models::recorded(id, &bundle, golden_rows, key.to_owned(), state)?
    };
    let mut tx = state.db.scoped(caller).await?;
    if !store::insert(&mut tx, &row).await? {
        return Err(Error::Conflict("This model is there already: its files are the same".to_owned()));
    }
    let event = Event::done("model.import").on("model", row.id).after(json!({
        "kind": row.kind, "name": row.name, "version": row.version, "hash": row.hash,
        "golden_rows": row.golden_rows,
    }));
    audit::record(&mut tx, caller, event, row.created_at).await?;
    tx.commit().await?;
    Ok(shown(caller, row, &[]))
}
