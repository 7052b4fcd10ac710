//! Changing the number of workers, once for all servers.

use accunode_db::Timestamp;
use accunode_domain::{Error, Result};
use accunode_infra::{Scaler, ScalerError};
use serde_json::json;
use uuid::Uuid;

use super::{
    super::{
        decision::{Action, Decision},
        store::{self, Done},
    },
    Picture,
};
use crate::{
    audit::{self, Event},
    caller::Caller,
    state::AppState,
};

/// Who has something done.
#[derive(Clone, Copy)]
pub(in super::super) enum By<'a> {
    /// Somebody who asks for it.
    Caller(&'a Caller),
    /// The server that leads.
    Server,
}

/// What came of it.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// What was to be done.
    pub decision: Decision,
    /// Whether it was.
    pub executed: bool,
    /// That in a sentence.
    pub message: String,
    /// When.
    pub at: Timestamp,
}

/// Carries a decision out: writes down that it is begun, which one of all servers can do, has it done, and writes
/// down how it ended. A server that dies in between leaves an entry that is begun and a cool-down that runs, so that
/// what may have been done is not done twice.
///
/// # Errors
/// [`Error::Conflict`] when something else was done since the picture was taken, [`Error::Unavailable`] when the
/// scaler fails; then no cool-down runs.
pub(in super::super) async fn carry_out(
    state: &AppState,
    by: By<'_>,
    picture: &Picture,
    decision: Decision,
) -> Result<Outcome> {
    let at = state.clock.now();
    let refused =
        |decision: Decision, message: String| Ok(Outcome { decision, executed: false, message, at });
    if decision.action == Action::Maintain {
        let message = format!("Nothing to do: {}", decision.reason);
        return refused(decision, message);
    }
    if matches!(state.scaler, Scaler::None) {
        let message = format!(
            "Recommendation only: no scaler is set, so the number of workers has to be changed from {} to {} by hand",
            decision.current, decision.target
        );
        return refused(decision, message);
    }
    let done = begin(state, by, picture, &decision, at).await?;
    if let Scaler::Ecs(service) = &state.scaler {
        settle(state, by, picture, &done, service.set_desired(decision.target).await).await?;
    }
    tracing::info!(
        from = decision.current,
        to = decision.target,
        reason = decision.reason,
        "workers are scaled"
    );
    let message = format!("Workers: from {} to {}", decision.current, decision.target);
    Ok(Outcome { decision, executed: true, message, at })
}

/// Takes the right to act.
async fn begin(
    state: &AppState,
    by: By<'_>,
    picture: &Picture,
    decision: &Decision,
    at: Timestamp,
) -> Result<Done> {
    // What a local scaler does is to keep to the number that stands in the database.
    let outcome = if matches!(state.scaler, Scaler::Local(_)) { "done" } else { "begun" };
    let done = Done {
        id: Uuid::now_v7(),
        at,
        action: decision.action.as_str().to_owned(),
        from_workers: decision.current,
        to_workers: decision.target,
        reason: decision.reason.clone(),
        priority: decision.priority,
        cost_impact: decision.cost_impact.to_owned(),
        scaler: state.scaler.name().to_owned(),
        requested_by: match by {
            By::Caller(caller) => Some(caller.user_id.0),
            By::Server => None,
        },
        outcome: outcome.to_owned(),
        error: None,
    };
    let mut tx = transaction(state, by).await?;
    if !store::begin(&mut tx, &done, picture.row.actions).await? {
        return Err(Error::Conflict(
            "The number of workers was changed at the same moment: look again".to_owned(),
        ));
    }
    store::note(&mut tx, &done).await?;
    let event = Event::done("scaling.execute").on("scaling", done.id);
    let event = event.before(json!({ "workers": decision.current }));
    let event = event.after(json!({ "workers": decision.target, "reason": decision.reason }));
    record(&mut tx, by, event, at).await?;
    tx.commit().await?;
    Ok(done)
}

/// Writes down how it ended.
async fn settle(
    state: &AppState,
    by: By<'_>,
    picture: &Picture,
    done: &Done,
    outcome: std::result::Result<(), ScalerError>,
) -> Result<()> {
    let mut tx = transaction(state, by).await?;
    let Err(error) = outcome else {
        store::outcome(&mut tx, done.id, "done", None).await?;
        return Ok(tx.commit().await?);
    };
    let text = error.to_string();
    store::outcome(&mut tx, done.id, "failed", Some(&text)).await?;
    store::undo(&mut tx, &picture.row).await?;
    let event = Event::done("scaling.fail").on("scaling", done.id).after(json!({ "error": text }));
    record(&mut tx, by, event, state.clock.now()).await?;
    tx.commit().await?;
    Err(Error::Unavailable(format!("The number of workers could not be changed: {text}")))
}

async fn transaction(state: &AppState, by: By<'_>) -> Result<accunode_db::Tx> {
    Ok(match by {
        By::Caller(caller) => state.db.scoped(caller).await?,
        By::Server => state.db.system("the number of workers is everybody's").await?,
    })
}

async fn record(tx: &mut accunode_db::Tx, by: By<'_>, event: Event, at: Timestamp) -> Result<()> {
    match by {
        By::Caller(caller) => audit::record(tx, caller, event, at).await,
        By::Server => Ok(audit::record_background(tx, None, event, at).await?),
    }
}
