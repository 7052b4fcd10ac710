//! Where the caller stands with the rate of the route, on every answer that was counted.

use axum::http::{HeaderMap, HeaderName};

use crate::http::limits::{Learned, whole_seconds};

/// Adds `RateLimit-Limit`, `RateLimit-Remaining`, `RateLimit-Reset` (seconds until the full count is there again) and
/// `RateLimit-Policy`, when the extractors have counted the request.
pub(super) fn add(headers: &mut HeaderMap, learned: &Learned) {
    let Some(standing) = learned.standing() else { return };
    let count = standing.rate.count;
    headers.insert(HeaderName::from_static("ratelimit-limit"), count.into());
    headers.insert(HeaderName::from_static("ratelimit-remaining"), standing.remaining.into());
    let reset = whole_seconds(standing.reset);
    headers.insert(HeaderName::from_static("ratelimit-reset"), reset.into());
    if let Ok(policy) = format!("{count};w={}", standing.rate.window.as_secs()).parse() {
        headers.insert(HeaderName::from_static("ratelimit-policy"), policy);
    }
}
