//! Follow an upload by server-sent events.

use std::time::Duration;

use accunode_domain::{Error, UploadId};
use axum::{
    extract::State,
    http::{HeaderMap, StatusCode, header},
    response::{
        IntoResponse, Response,
        sse::{KeepAlive, Sse},
    },
};
use utoipa::ToSchema;

use crate::{
    features::uploads::service::events::{self, END},
    http::{
        auth::{Can, grant::UploadRead},
        body::Id,
        problem::ApiResult,
    },
    state::AppState,
};

/// How often a silent stream shows that it is alive.
const SIGN_OF_LIFE: Duration = Duration::from_secs(15);

/// An event, as each of the stream is read.
#[derive(ToSchema)]
#[allow(dead_code)] // the document's shape; the service writes the stream
pub struct UploadEvent {
    /// `progress`, and last `end`.
    event: String,
    /// What to send as `Last-Event-ID` to go on after it.
    id: String,
    /// The upload as the list shows it.
    #[schema(content_media_type = "application/json")]
    data: String,
}

/// An upload as it goes, by server-sent events: `progress` at once and whenever it has moved, then `end`; the data is
/// the upload as the list shows it. Comments keep silent streams open. Who comes back with the `Last-Event-ID` of the
/// end is answered 204, by which browsers stop.
#[utoipa::path(
    get, path = "/predictions/jobs/{id}/events", tag = "uploads", security(("bearer" = [])),
    params(
        ("id" = String, Path, format = Uuid),
        ("Last-Event-ID" = Option<String>, Header, description = "The id of the last event that was received"),
    ),
    responses(
        (status = OK, description = "The events", content_type = "text/event-stream", body = UploadEvent),
        (status = NO_CONTENT, description = "There is nothing more to tell"),
        (status = SERVICE_UNAVAILABLE, description = "Too many streams are open"),
    )
)]
pub async fn follow(
    State(state): State<AppState>,
    caller: Can<UploadRead>,
    Id(id): Id<UploadId>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
    let seen = text(header::HeaderName::from_static("last-event-id")).map(str::to_owned);
    let bearer = text(header::AUTHORIZATION).and_then(|value| value.split_once(' '));
    let bearer = bearer.ok_or_else(|| Error::Unauthorized("Not authenticated".to_owned()))?.1.trim();
    let over = seen.as_deref() == Some(END);
    let stream = events::follow(&state, &caller, bearer.to_owned(), id, seen).await?;
    if over {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    Ok(Sse::new(stream).keep_alive(KeepAlive::new().interval(SIGN_OF_LIFE)).into_response())
}
