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
    http::problem::Refusal,
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

    /// The entry for an answer that refuses somebody who is known: method, path (and so the ids of what it was about)
    /// and reason.
    pub(super) fn denied(&self, response: &Response) -> Option<Event> {
        if response.status() != StatusCode::FORBIDDEN {
            return None;
        }
        let target: String = format!("{} {}", self.method, self.uri.path()).chars().take(LONGEST).collect();
        let reason = response.extensions().get::<Refusal>().map(|refusal| refusal.0.clone());
        Some(Event::denied(ACTION).on("route", target).after(json!({ "reason": reason })))
    }
}

/// Writes the entry. When that cannot be done the answer is the same and the log says so: nothing was done that would
/// have to be undone.
pub(super) async fn note(state: &AppState, caller: &Caller, event: Event) {
    if let Err(error) = write(state, caller, event).await {
        tracing::error!(%error, "a denial could not be written to the audit log");
    }
}

async fn write(state: &AppState, caller: &Caller, event: Event) -> Result<()> {
    let mut tx = state.db.scoped(caller).await?;
    audit::record(&mut tx, caller, event, state.clock.now()).await?;
    Ok(tx.commit().await?)
}
