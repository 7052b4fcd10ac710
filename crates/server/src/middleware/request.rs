//! What happens around every handler, in one layer: layers of their own would each be copied for each request, with all
//! that they hold.

use std::time::Instant;

use accunode_telemetry::traces;
use axum::{
    extract::{MatchedPath, Request, State},
    http::{HeaderValue, Method, StatusCode},
    middleware::Next,
    response::Response,
};
use tracing::{Instrument, Span, field::Empty};
use uuid::Uuid;

use super::{
    denials::{self, Attempt},
    rates,
};
use crate::{
    http::{
        limits::Learned,
        measured::{self, STATIC, UNMATCHED, UnderWay},
        problem, static_web,
    },
    state::AppState,
};

/// The request's own id if a proxy gave it a sound one, else a new one.
fn request_id(request: &Request) -> HeaderValue {
    let given = request.headers().get("x-request-id").filter(|value| {
        let bytes = value.as_bytes();
        (8..=64).contains(&bytes.len()) && bytes.iter().all(|b| b.is_ascii_alphanumeric() || *b == b'-')
    });
    given
        .cloned()
        .or_else(|| Uuid::now_v7().to_string().parse().ok())
        .unwrap_or(HeaderValue::from_static("unknown"))
}

/// What the request says it is part of, if it says so once.
fn traceparent(request: &Request) -> Option<&str> {
    let mut given = request.headers().get_all(traces::HEADER).iter();
    let first = given.next()?;
    if given.next().is_some() { None } else { first.to_str().ok() }
}

/// What a trace says of a request. Its names are those of the conventions for HTTP.
fn note(span: &Span, method: &Method, route: &str, status: StatusCode) {
    if !traces::on() {
        return;
    }
    traces::note(span, "http.request.method", measured::method_name(method));
    traces::note(span, "http.route", route.to_owned());
    traces::note(span, "http.response.status_code", i64::from(status.as_u16()));
    if status.is_server_error() {
        traces::failed(span);
    }
}

/// Names and times the request, and writes one line of log. The route's template is logged, never the path: paths hold
/// identifiers.
pub async fn request(State(state): State<AppState>, mut request: Request, next: Next) -> Response {
    let id = request_id(&request);
    let start = Instant::now();
    let under_way = UnderWay::begin();
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let mut route = route.as_ref().map_or(UNMATCHED, MatchedPath::as_str);
    let span = tracing::info_span!(
        "request",
        request.id = id.to_str().unwrap_or_default(),
        user.id = Empty,
        tenant.id = Empty
    );
    if let Some(parent) = traceparent(&request) {
        traces::follow(&span, parent);
    }
    request.headers_mut().insert("x-request-id", id.clone());
    let mut response = match static_web::answer(&request) {
        Some(page) => {
            route = STATIC;
            page
        }
        None => answer(&state, request, next).instrument(span.clone()).await,
    };
    let time = start.elapsed();
    measured::answered(&method, route, response.status(), time);
    drop(under_way);
    let milliseconds = time.as_secs_f64() * 1_000.0;
    let headers = response.headers_mut();
    headers.insert("x-request-id", id);
    if let Ok(value) = format!("{milliseconds:.2}").parse() {
        headers.insert("x-process-time", value);
    }
    note(&span, &method, route, response.status());
    let status = response.status().as_u16();
    span.in_scope(|| tracing::info!(%method, route, status, milliseconds, "request answered"));
    response
}

/// The handler's answer: denials noted, in the common shape, with where the caller
/// stands with the rate of the route.
async fn answer(state: &AppState, mut request: Request, next: Next) -> Response {
    let learned = Learned::default();
    request.extensions_mut().insert(learned.clone());
    let attempt = Attempt::of(&request);
    let response = next.run(request).await;
    if let (Some(caller), Some(event)) = (learned.caller(), attempt.denied(&response)) {
        denials::note(state, caller, event).await;
    }
    let mut response = problem::uniform(response);
    rates::add(response.headers_mut(), &learned);
    response
}
