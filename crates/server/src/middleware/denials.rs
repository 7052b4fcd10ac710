//! Every refusal of somebody who is known goes into the audit log, wherever it was decided.

use axum::{
    extract::{Request, State},
    http::StatusCode,
    middleware::Next,
    response::Response,
};

use crate::{
    audit::{self, Event},
    http::limits::Learned,
    state::AppState,
};

/// Passes the request on and notes a 403 with its route. When the entry cannot be written the answer is the same
/// and the log says so: nothing was done that would have to be undone.
pub async fn denials(State(state): State<AppState>, request: Request, next: Next) -> Response {
    let learned = request.extensions().get::<Learned>().cloned().unwrap_or_default();
    let method = request.method().clone();
    let path = request.uri().path().to_owned();
    let response = next.run(request).await;
    if response.status() == StatusCode::FORBIDDEN
        && let Some(caller) = learned.caller()
    {
        let event = Event::denied("request").on("route", format!("{method} {path}"));
        let now = state.clock.now();
        let written = async {
            let mut tx = state.db.scoped(caller).await?;
            audit::record(&mut tx, caller, event, now).await?;
            tx.commit().await.map_err(accunode_domain::Error::from)
        };
        if let Err(error) = written.await {
            tracing::error!(%error, "a denial could not be written to the audit log");
        }
    }
    response
}
