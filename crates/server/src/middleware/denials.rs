//! Every refusal of somebody who is known goes into the audit log, wherever it was decided.

use accunode_domain::Result;
use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
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

/// Passes the request on and notes a 403 with method, path (and so the ids of what it was about) and reason. When
/// the entry cannot be written the answer is the same and the log says so: nothing was done that would have to be
/// undone.
pub async fn denials(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let learned = request.extensions().get::<Learned>().cloned().unwrap_or_default();
    let (method, uri) = (request.method().clone(), request.uri().clone());
    let response = next.run(request).await;
    if response.status() == StatusCode::FORBIDDEN
        && let Some(caller) = learned.caller()
    {
        let target: String = format!("{method} {}", uri.path()).chars().take(LONGEST).collect();
        let reason = response.extensions().get::<Refusal>().map(|refusal| refusal.0.clone());
        let event = Event::denied(ACTION).on("route", target).after(json!({ "reason": reason }));
        if let Err(error) = note(&state, caller, event).await {
            tracing::error!(%error, "a denial could not be written to the audit log");
        }
    }
    response
}

async fn note(state: &AppState, caller: &Caller, event: Event) -> Result<()> {
    let mut tx = state.db.scoped(caller).await?;
    audit::record(&mut tx, caller, event, state.clock.now()).await?;
    Ok(tx.commit().await?)
}
