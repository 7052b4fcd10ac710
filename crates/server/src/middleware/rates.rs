//! Where the caller stands with the rate of the route, on every answer that was counted.

use accunode_infra::Standing;
use axum::{
    extract::Request,
    http::{HeaderMap, HeaderName},
    middleware::Next,
    response::Response,
};

use crate::http::limits::{Learned, whole_seconds};

/// Opens the slots that the extractors fill, and adds `RateLimit-Limit`, `RateLimit-Remaining`,
/// `RateLimit-Reset` (seconds until the full count is there again) and `RateLimit-Policy`.
pub async fn rates(mut request: Request, next: Next) -> Response {
    let learned = Learned::default();
    request.extensions_mut().insert(learned.clone());
    let mut response = next.run(request).await;
    if let Some(standing) = learned.standing() {
        add(response.headers_mut(), &standing);
    }
    response
}

fn add(headers: &mut HeaderMap, standing: &Standing) {
    let count = standing.rate.count;
    headers.insert(HeaderName::from_static("ratelimit-limit"), count.into());
    headers.insert(HeaderName::from_static("ratelimit-remaining"), standing.remaining.into());
    let reset = whole_seconds(standing.reset);
    headers.insert(HeaderName::from_static("ratelimit-reset"), reset.into());
    if let Ok(policy) = format!("{count};w={}", standing.rate.window.as_secs()).parse() {
        headers.insert(HeaderName::from_static("ratelimit-policy"), policy);
    }
}
