//! Around everything: the path put right before it is matched, and security headers on every answer.

use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName, HeaderValue, header},
    middleware::Next,
    response::Response,
};

use super::trailing_slash;

/// Nothing is loaded, framed or run from an answer of the API.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
/// The documentation page brings its scripts and styles along; its styles are partly inline.
const DOCS_POLICY: &str = "default-src 'self'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; object-src 'none'; frame-ancestors 'none'; base-uri 'self'; form-action 'self'";

/// Pages of the web application: its own scripts, styles and fonts, and requests to where it came from. Nothing inline.
const PAGE_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self'; \
    connect-src 'self'; manifest-src 'self'; object-src 'none'; frame-ancestors 'none'; base-uri 'none'; \
    form-action 'self'";

static FIXED: [(HeaderName, HeaderValue); 6] = [
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_XSS_PROTECTION, HeaderValue::from_static("1; mode=block")),
    (header::REFERRER_POLICY, HeaderValue::from_static("strict-origin-when-cross-origin")),
    (
        HeaderName::from_static("permissions-policy"),
        HeaderValue::from_static(
            "accelerometer=(), camera=(), geolocation=(), gyroscope=(), magnetometer=(), microphone=(), \
             payment=(), usb=()",
        ),
    ),
    (HeaderName::from_static("x-security-headers"), HeaderValue::from_static("enabled")),
];

fn forwarded_https(headers: &HeaderMap) -> bool {
    headers.get("x-forwarded-proto").is_some_and(|v| v.as_bytes().eq_ignore_ascii_case(b"https"))
}

fn is_page(headers: &HeaderMap) -> bool {
    headers.get(header::CONTENT_TYPE).is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"))
}

/// Puts the path right, and adds the headers to the answer.
pub async fn headers(mut request: Request, next: Next) -> Response {
    trailing_slash::trim(&mut request);
    let https = forwarded_https(request.headers());
    let docs = request.uri().path().starts_with("/docs");
    let mut response = next.run(request).await;
    let policy = match (docs, is_page(response.headers())) {
        (true, _) => DOCS_POLICY,
        (false, true) => PAGE_POLICY,
        (false, false) => API_POLICY,
    };
    let headers = response.headers_mut();
    // So that the table grows once.
    headers.reserve(FIXED.len() + 3);
    for (name, value) in &FIXED {
        headers.insert(name, value.clone());
    }
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    // What is answered is for the caller alone and may be a secret; files of the application say otherwise themselves.
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if https {
        let value = HeaderValue::from_static("max-age=31536000; includeSubDomains; preload");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, value);
    }
    response
}
