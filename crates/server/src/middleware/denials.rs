//! Every refusal of somebody who is known goes into the audit log, wherever it was decided.

use accunode_domain::Result;
use axum::{
    extract::Request,
    http::{Method, StatusCode, Uri},
    response::Response,
};
use serde_json::json;

use crate::{
    audit::{self, Event},
    caller::Caller,
    http::{limits::Learned, problem::Refusal},
    state::AppState,
};

/// The action of these entries.
const ACTION: &str = "request.denied";

/// Longer paths are cut.
const LONGEST: usize = 500;

/// What somebody tries to do.
pub(super) struct Attempt {
    method: Method,
    uri: Uri,
}

impl Attempt {
    pub(super) fn of(request: &Request) -> Self {
        Self { method: request.method().clone(), uri: request.uri().clone() }
    }

    /// Notes a 403 with method, path (and so the ids of what it was about) and reason. When the entry cannot be written
    /// the answer is the same and the log says so: nothing was done that would have to be undone.
    pub(super) async fn note_denial(&self, state: &AppState, learned: &Learned, response: &Response) {
        if response.status() != StatusCode::FORBIDDEN {
            return;
        }
        let Some(caller) = learned.caller() else { return };
        let target: String = format!("{} {}", self.method, self.uri.path()).chars().take(LONGEST).collect();
        let reason = response.extensions().get::<Refusal>().map(|refusal| refusal.0.clone());
        let event = Event::denied(ACTION).on("route", target).after(json!({ "reason": reason }));
        if let Err(error) = note(state, caller, event).await {
            tracing::error!(%error, "a denial could not be written to the audit log");
        }
    }
}

async fn note(state: &AppState, caller: &Caller, event: Event) -> Result<()> {
    let mut tx = state.db.scoped(caller).await?;
    audit::record(&mut tx, caller, event, state.clock.now()).await?;
    Ok(tx.commit().await?)
}
