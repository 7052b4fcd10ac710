//! Answers that are kept for whoever asks the same again before anything has changed.

use accunode_domain::{Error, Result};
use accunode_infra::Cache;
use axum::{
    body::Body,
    http::{HeaderValue, header},
    response::Response,
};
use bytes::Bytes;
use serde::Serialize;

use super::problem::ApiResult;

/// The largest answer that is kept, in bytes: large ones are asked for seldom, and would push out many small ones.
const LARGEST: usize = 64 << 10;

/// The answer under this key, or the one that is made now, which is kept if there is a key. The key must hold all that
/// the answer depends on: whose sight it is, what was asked, and the counters of what is in that sight.
pub(crate) async fn kept<T: Serialize>(
    cache: &Cache,
    key: Option<String>,
    make: impl Future<Output = Result<T>>,
) -> ApiResult<Response> {
    if let Some(key) = &key
        && let Some(body) = cache.get(key).await
    {
        return Ok(json(body));
    }
    // What makes an answer is large: it lies on the heap, where it is needed at all.
    let make = Box::pin(async {
        Ok::<_, Error>(Bytes::from(serde_json::to_vec(&make.await?).map_err(Error::internal)?))
    });
    let body = match key {
        Some(key) => cache.make(&key, LARGEST, make).await?,
        None => make.await?,
    };
    Ok(json(body))
}

/// A number such as a total, under the same rule.
pub(crate) async fn kept_number(
    cache: &Cache,
    key: &str,
    make: impl Future<Output = accunode_db::Result<i64>>,
) -> Result<i64> {
    let make = async { Ok::<_, Error>(Bytes::copy_from_slice(&make.await?.to_be_bytes())) };
    let bytes = cache.get_or_make(key, LARGEST, make).await?;
    Ok(i64::from_be_bytes(bytes.as_ref().try_into().map_err(Error::internal)?))
}

fn json(body: Bytes) -> Response {
    let mut response = Response::new(Body::from(body));
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    response
}
