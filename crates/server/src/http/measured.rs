//! Counting and timing requests. With each request this is done more than ten thousand times a second, so the metrics
//! of each route are looked up once and kept.

use std::{collections::HashMap, sync::OnceLock, time::Duration};

use accunode_telemetry::{HTTP_IN_FLIGHT, HTTP_REQUESTS, HTTP_SECONDS, Histogram, IntCounter};
use axum::http::{Method, StatusCode};
use utoipa::openapi::OpenApi;

/// Methods that have metrics of their own. A client may send any word for one.
static METHODS: [Method; 7] =
    [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::HEAD, Method::OPTIONS];
/// The others together.
const OTHER: &str = "other";
/// Statuses that are told apart by an index; the others are looked up.
const STATUSES: [u16; 20] =
    [200, 201, 202, 204, 206, 304, 400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 429, 500, 503, 504];
/// What is answered without a route.
const PLACES: [&str; 2] = [STATIC, UNMATCHED];

/// The web application's pages and files.
pub(crate) const STATIC: &str = "static";
/// No route.
pub(crate) const UNMATCHED: &str = "unmatched";

static ROUTES: OnceLock<HashMap<String, Route>> = OnceLock::new();

type Route = [OnceLock<Handles>; METHODS.len()];

struct Handles {
    seconds: Histogram,
    requests: [OnceLock<IntCounter>; STATUSES.len()],
}

/// Makes room for the metrics of these routes; a process has one application.
pub(crate) fn know(document: &OpenApi) {
    let paths = document.paths.paths.keys().map(String::as_str);
    ROUTES.get_or_init(|| paths.chain(PLACES).map(|path| (path.to_owned(), Route::default())).collect());
}

/// A request that is being answered; it is no longer when this is dropped.
pub(crate) struct UnderWay(());

impl UnderWay {
    pub(crate) fn begin() -> Self {
        HTTP_IN_FLIGHT.inc();
        Self(())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        HTTP_IN_FLIGHT.dec();
    }
}

/// A method's name in traces, where their conventions have one for all odd ones: a client may send any word.
pub(crate) fn method_name(method: &Method) -> &'static str {
    METHODS.iter().find(|known| *known == method).map_or("_OTHER", Method::as_str)
}

/// Notes an answer. The route is a template, never a path.
pub(crate) fn answered(method: &Method, route: &str, status: StatusCode, time: Duration) {
    let at = METHODS.iter().position(|known| known == method);
    let seconds = time.as_secs_f64();
    match (ROUTES.get().and_then(|routes| routes.get(route)), at) {
        (Some(handles), Some(at)) => {
            let handles = handles[at].get_or_init(|| Handles::of(route, METHODS[at].as_str()));
            handles.seconds.observe(seconds);
            handles.count(method.as_str(), route, status);
        }
        (_, at) => {
            let method = at.map_or(OTHER, |at| METHODS[at].as_str());
            HTTP_SECONDS.with_label_values(&[class(route), route, method]).observe(seconds);
            counter(method, route, status).inc();
        }
    }
}

impl Handles {
    fn of(route: &str, method: &str) -> Self {
        let seconds = HTTP_SECONDS.with_label_values(&[class(route), route, method]);
        Self { seconds, requests: Default::default() }
    }

    fn count(&self, method: &str, route: &str, status: StatusCode) {
        match STATUSES.iter().position(|known| *known == status.as_u16()) {
            Some(at) => self.requests[at].get_or_init(|| counter(method, route, status)).inc(),
            None => counter(method, route, status).inc(),
        }
    }
}

fn counter(method: &str, route: &str, status: StatusCode) -> IntCounter {
    HTTP_REQUESTS.with_label_values(&[method, route, status.as_str()])
}

/// What is promised of a route's answers.
fn class(route: &str) -> &'static str {
    let Some(path) = route.strip_prefix("/api/v1/") else { return "other" };
    let mut parts = path.split('/');
    match (parts.next().unwrap_or_default(), parts.next().unwrap_or_default()) {
        ("auth", "admin") => "admin",
        ("auth", _) => "auth",
        ("companies", _) => "companies",
        ("predictions", "dashboard" | "stats") => "dashboard",
        ("predictions", "jobs" | "bulk-upload") => "uploads",
        ("predictions", _) if path.ends_with("/bulk-upload-async") => "uploads",
        ("predictions", _) => "predictions",
        ("score", _) => "score",
        ("contact", "submit") => "other",
        (_, _) => "admin",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_belongs_to_a_class_that_something_is_promised_of() {
        let expected = [
            ("/api/v1/auth/login", "auth"),
            ("/api/v1/auth/admin/create-user", "admin"),
            ("/api/v1/companies/search/{symbol}", "companies"),
            ("/api/v1/predictions/annual/{id}", "predictions"),
            ("/api/v1/predictions/annual/bulk-upload-async", "uploads"),
            ("/api/v1/predictions/bulk-upload", "uploads"),
            ("/api/v1/predictions/jobs/{id}/status", "uploads"),
            ("/api/v1/predictions/dashboard", "dashboard"),
            ("/api/v1/score/what-if", "score"),
            ("/api/v1/users/me", "admin"),
            ("/health", "other"),
            (STATIC, "other"),
        ];
        for (route, wanted) in expected {
            assert_eq!(class(route), wanted, "{route}");
        }
    }

    /// The texts of the registry, which other tests write to as well.
    #[test]
    fn answers_are_counted_by_template_and_words_for_methods_become_one() {
        know(&crate::router::openapi());
        let odd = Method::from_bytes(b"BREW").unwrap();
        for _ in 0..2 {
            answered(&odd, "/api/v1/score", StatusCode::METHOD_NOT_ALLOWED, Duration::from_millis(150));
            answered(&Method::GET, "/api/v1/audit", StatusCode::IM_A_TEAPOT, Duration::ZERO);
        }
        let text = accunode_telemetry::text().unwrap();
        for line in [
            "accunode_http_requests_total{method=\"other\",route=\"/api/v1/score\",status=\"405\"} 2",
            "accunode_http_requests_total{method=\"GET\",route=\"/api/v1/audit\",status=\"418\"} 2",
            "_bucket{method=\"other\",route=\"/api/v1/score\",route_class=\"score\",le=\"0.1\"} 0",
            "_bucket{method=\"other\",route=\"/api/v1/score\",route_class=\"score\",le=\"0.2\"} 2",
        ] {
            assert!(text.contains(line), "{line}\n{text}");
        }
    }
}
