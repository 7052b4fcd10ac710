//! Rules of models: who sees what of them, and which is in use.

pub mod import;

use accunode_domain::{Belongs, Error, Kind, ModelId, Permission, Result, Role};
use serde_json::{Value, json};

use super::{
    api::{Activation, Activations, Model, ModelDetail, Models},
    content::Content,
    store::{self, ActivationRow, ModelRow},
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    listing::Window,
    models,
    state::AppState,
};

/// Models, newest first.
///
/// # Errors
/// When the database fails.
pub(crate) async fn list(
    state: &AppState,
    caller: &Caller,
    kind: Option<Kind>,
    window: Window,
) -> Result<Models> {
    let mut tx = state.db.scoped_read(caller).await?;
    let (rows, total) = store::list(&mut tx, kind.map(Kind::as_str), window.limit, window.skip).await?;
    let in_use = in_use(state, &mut tx).await?;
    let models = rows.into_iter().map(|row| shown(caller, row, &in_use)).collect();
    Ok(Models { models, total, skip: window.skip, limit: window.limit })
}

/// One model with its card.
///
/// # Errors
/// [`Error::NotFound`].
pub(crate) async fn get(state: &AppState, caller: &Caller, id: ModelId) -> Result<ModelDetail> {
    let mut tx = state.db.scoped_read(caller).await?;
    let mut row = store::by_id(&mut tx, id.0).await?.ok_or_else(not_found)?;
    let in_use = in_use(state, &mut tx).await?;
    // Written by this program alone; what a later version has written differently is left out.
    let content: Content = serde_json::from_str(&row.summary).unwrap_or_default();
    Ok(ModelDetail { card: row.card.take(), content, about: shown(caller, row, &in_use) })
}

fn not_found() -> Error {
    Error::NotFound("Model not found".to_owned())
}

/// The hashes of the models in use: those brought into use, and of other kinds what came with the program.
async fn in_use(state: &AppState, tx: &mut accunode_db::Tx) -> Result<Vec<String>> {
    let said = store::in_use(tx).await?;
    let of = |kind: Kind| {
        let row = said.iter().find(|row| row.kind == kind.as_str());
        row.map_or_else(|| state.models.came(kind).hash().to_owned(), |row| row.hash.clone())
    };
    Ok(Kind::ALL.map(of).into())
}

/// A model as the caller may see it: who is behind it, the platform alone.
fn shown(caller: &Caller, row: ModelRow, in_use: &[String]) -> Model {
    let platform = caller.role == Role::SuperAdmin;
    Model {
        id: row.id,
        in_use: in_use.contains(&row.hash),
        kind: row.kind,
        name: row.name,
        version: row.version,
        hash: row.hash,
        origin: row.origin,
        golden_rows: row.golden_rows,
        imported_by: row.imported_by.filter(|_| platform),
        imported_by_email: row.imported_by_email.filter(|_| platform),
        created_at: row.created_at,
    }
}

fn entry(caller: &Caller, row: ActivationRow) -> Activation {
    let platform = caller.role == Role::SuperAdmin;
    Activation {
        kind: row.kind,
        number: row.number,
        model_id: row.model_id,
        model_name: row.model_name,
        model_version: row.model_version,
        model_hash: row.model_hash,
        activated_by: row.activated_by.filter(|_| platform),
        activated_by_email: row.activated_by_email.filter(|_| platform),
        reason: row.reason.filter(|_| platform),
        created_at: row.created_at,
    }
}

/// What was brought into use, newest first.
///
/// # Errors
/// When the database fails.
pub(crate) async fn history(
    state: &AppState,
    caller: &Caller,
    kind: Option<Kind>,
    window: Window,
) -> Result<Activations> {
    let mut tx = state.db.scoped_read(caller).await?;
    let (rows, total) = store::history(&mut tx, kind.map(Kind::as_str), window.limit, window.skip).await?;
    let activations = rows.into_iter().map(|row| entry(caller, row)).collect();
    Ok(Activations { activations, total, skip: window.skip, limit: window.limit })
}

/// Models are nobody's but the platform's.
fn may_manage(caller: &Caller) -> Result<()> {
    if caller.reaches(Permission::ModelManage, &Belongs::default()) {
        Ok(())
    } else {
        Err(Error::Forbidden(
            "Only the platform's administrators can change which model is in use".to_owned(),
        ))
    }
}

/// Brings a model into use for its kind. One that was imported takes a second person.
///
/// # Errors
/// [`Error::NotFound`], [`Error::Forbidden`] for whoever imported it, [`Error::Conflict`] when it is in use already.
pub async fn activate(
    state: &AppState,
    caller: &Caller,
    id: ModelId,
    reason: Option<&str>,
) -> Result<Activation> {
    let mut tx = state.db.scoped_read(caller).await?;
    let model = store::by_id(&mut tx, id.0).await?.ok_or_else(not_found)?;
    drop(tx);
    may_manage(caller)?;
    if model.imported_by == Some(caller.user_id.0) {
        let text = "You imported this model: another super_admin has to bring it into use (four eyes)";
        return Err(Error::Forbidden(text.to_owned()));
    }
    bring_into_use(state, caller, &model, reason, "model.activate", None).await
}

/// Brings the model back that was in use before the one that is. It has been in use, so one person is enough.
///
/// # Errors
/// [`Error::Conflict`] when there is none before it.
pub async fn roll_back(
    state: &AppState,
    caller: &Caller,
    kind: Kind,
    reason: Option<&str>,
) -> Result<Activation> {
    may_manage(caller)?;
    let mut tx = state.db.scoped_read(caller).await?;
    let mut latest = store::latest(&mut tx, kind.as_str()).await?.into_iter();
    let none = || Error::Conflict(format!("No other {kind} model has been in use before this one"));
    let in_use = latest.next().ok_or_else(none)?.number;
    let model = match latest.next() {
        Some(before) => store::by_id(&mut tx, before.model_id).await?,
        // Before the first change the one was in use that came with the program.
        None => store::by_hash(&mut tx, state.models.came(kind).hash()).await?,
    };
    drop(tx);
    bring_into_use(state, caller, &model.ok_or_else(none)?, reason, "model.roll_back", Some(in_use)).await
}

/// `instead_of` is the number of the activation that this one was chosen by: another in force meanwhile refuses it.
async fn bring_into_use(
    state: &AppState,
    caller: &Caller,
    model: &ModelRow,
    reason: Option<&str>,
    action: &'static str,
    instead_of: Option<i64>,
) -> Result<Activation> {
    let outpaced = || Error::Conflict("Another model has just been brought into use: look again".to_owned());
    // Not in use before this server, at least, can use it.
    models::by_hash(state, &model.hash).await?.ok_or_else(not_found)?;
    let now = state.clock.now();
    let mut tx = state.db.scoped(caller).await?;
    let before = store::latest(&mut tx, &model.kind).await?.into_iter().next();
    if instead_of.is_some_and(|number| before.as_ref().is_none_or(|row| row.number != number)) {
        return Err(outpaced());
    }
    if before.as_ref().is_some_and(|row| row.model_id == model.id) {
        return Err(Error::Conflict("This model is in use already".to_owned()));
    }
    let number = before.as_ref().map_or(0, |row| row.number) + 1;
    store::activate(&mut tx, model, number, reason, now).await.map_err(|error| {
        match accunode_db::unique_violation(&error, "model_activations_number") {
            true => outpaced(),
            false => error.into(),
        }
    })?;
    let after = store::latest(&mut tx, &model.kind).await?.into_iter().next();
    let after = after.ok_or_else(|| Error::internal("an activation is gone"))?;
    let event = Event::done(action).on("model", model.id).after(state_of(&after));
    // Before the first change it is what came with the program.
    let event = event.before(before.as_ref().map_or_else(|| json!({ "kind": model.kind }), state_of));
    audit::record(&mut tx, caller, event, now).await?;
    tx.commit().await?;
    if let Err(error) = models::refresh(state).await {
        // It is done, and the next look finds it.
        tracing::warn!(%error, "the models in use could not be looked up at once");
    }
    Ok(entry(caller, after))
}

fn state_of(row: &ActivationRow) -> Value {
    json!({
        "kind": row.kind, "number": row.number, "model_id": row.model_id, "model_name": row.model_name,
        "model_version": row.model_version, "model_hash": row.model_hash, "reason": row.reason,
    })
}
