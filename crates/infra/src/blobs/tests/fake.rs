//! A store in this process that speaks as S3 does.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Mutex,
};

use axum::{
    Router,
    body::Bytes,
    extract::{DefaultBodyLimit, State},
    http::{HeaderMap, Method, StatusCode, Uri},
    response::{IntoResponse as _, Response},
};
use tokio::net::TcpListener;

use super::*;

pub(super) const BUCKET: &str = "files";
pub(super) const PREFIX: &str = "accunode/live";
pub(super) const SECRET: &str = "the-secret";
pub(super) const SESSION: &str = "the-session";

#[derive(Default)]
struct Inner {
    objects: BTreeMap<String, Bytes>,
    /// By their ids: the key, and the parts by their numbers.
    uploads: BTreeMap<String, (String, BTreeMap<usize, Bytes>)>,
    begun: usize,
    /// What the next requests get in place of an answer.
    refusals: VecDeque<u16>,
    asked: Vec<(String, HeaderMap)>,
    /// Whether parts get no answer.
    held: bool,
}

#[derive(Clone, Default)]
pub(super) struct Fake(Arc<Mutex<Inner>>);

impl Fake {
    pub(super) async fn start() -> (Self, Blobs) {
        let fake = Self::default();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let router =
            Router::new().fallback(answer).layer(DefaultBodyLimit::disable()).with_state(fake.clone());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        (fake, Blobs::s3_at(&settings(&endpoint), ("AKIDEXAMPLE", SECRET, Some(SESSION))).unwrap())
    }

    /// The keys of all files and of uploads under way.
    pub(super) fn keys(&self) -> Vec<String> {
        let inner = self.0.lock().unwrap();
        inner.objects.keys().cloned().chain(inner.uploads.values().map(|u| u.0.clone())).collect()
    }

    pub(super) fn unfinished(&self) -> usize {
        self.0.lock().unwrap().uploads.len()
    }

    pub(super) fn refuse(&self, statuses: &[u16]) {
        self.0.lock().unwrap().refusals.extend(statuses);
    }

    /// From now on parts get no answer.
    pub(super) fn hold_parts(&self) {
        self.0.lock().unwrap().held = true;
    }

    /// The methods with the queries' first names, and the headers.
    pub(super) fn asked(&self) -> Vec<(String, HeaderMap)> {
        std::mem::take(&mut self.0.lock().unwrap().asked)
    }
}

pub(super) fn settings(endpoint: &str) -> S3Settings {
    S3Settings {
        bucket: BUCKET.to_owned(),
        prefix: PREFIX.to_owned(),
        region: "eu-west-1".to_owned(),
        endpoint: Some(endpoint.to_owned()),
    }
}

async fn answer(
    State(fake): State<Fake>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let held = uri.query().is_some_and(|q| q.contains("partNumber")) && fake.0.lock().unwrap().held;
    if held {
        std::future::pending::<()>().await;
    }
    let mut inner = fake.0.lock().unwrap();
    let query: BTreeMap<&str, String> = uri
        .query()
        .unwrap_or_default()
        .split('&')
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
        .map(|(name, value)| (name, value.replace("%2F", "/")))
        .collect();
    let kind = ["uploads", "partNumber", "uploadId", "list-type"].into_iter().find(|n| query.contains_key(n));
    inner.asked.push((format!("{method} {}", kind.unwrap_or_default()).trim().to_owned(), headers.clone()));
    if let Some(status) = inner.refusals.pop_front() {
        // As S3 does when a signature is wrong: what was signed, with the session.
        let text = format!(
            "<Error><Code>Refused</Code><CanonicalRequest>{SESSION} of AKIDEXAMPLE</CanonicalRequest></Error>"
        );
        return (StatusCode::from_u16(status).unwrap(), text).into_response();
    }
    let key = uri.path().strip_prefix(&format!("/{BUCKET}")).unwrap().trim_start_matches('/').to_owned();
    match (method.as_str(), kind) {
        ("GET", Some("list-type")) => inner.list(&query).into_response(),
        ("POST", Some("uploads")) => inner.create(key).into_response(),
        ("PUT", Some("partNumber")) => inner.part(&query, body),
        ("POST", Some("uploadId")) => inner.complete(&query["uploadId"]),
        ("DELETE", Some("uploadId")) => {
            inner.uploads.remove(&query["uploadId"]);
            StatusCode::NO_CONTENT.into_response()
        }
        ("PUT", None) => {
            inner.objects.insert(key, body);
            [("etag", "\"e\"")].into_response()
        }
        ("GET" | "HEAD", None) => inner.read(&key, headers.get("range").map(|r| r.to_str().unwrap())),
        ("DELETE", None) => {
            inner.objects.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

impl Inner {
    /// One to a page, as the next one is asked for.
    fn list(&self, query: &BTreeMap<&str, String>) -> String {
        let after = query.get("continuation-token").map_or("", String::as_str);
        let mut found = self
            .objects
            .iter()
            .filter(|(key, _)| key.starts_with(&query["prefix"]) && key.as_str() > after)
            .peekable();
        let Some((key, bytes)) = found.next() else {
            return "<ListBucketResult></ListBucketResult>".to_owned();
        };
        let next = found.peek().map(|_| format!("<NextContinuationToken>{key}</NextContinuationToken>"));
        let size = bytes.len();
        format!(
            "<ListBucketResult>{}<Contents><Key>{key}</Key><Size>{size}</Size><ETag>\"e\"</ETag>\
             <LastModified>2026-11-01T12:00:00.000Z</LastModified></Contents></ListBucketResult>",
            next.unwrap_or_default()
        )
    }

    fn create(&mut self, key: String) -> String {
        self.begun += 1;
        let id = format!("u{}", self.begun);
        self.uploads.insert(id.clone(), (key, BTreeMap::new()));
        format!("<InitiateMultipartUploadResult><UploadId>{id}</UploadId></InitiateMultipartUploadResult>")
    }

    fn part(&mut self, query: &BTreeMap<&str, String>, body: Bytes) -> Response {
        match self.uploads.get_mut(&query["uploadId"]) {
            None => StatusCode::NOT_FOUND.into_response(),
            Some((_, parts)) => {
                parts.insert(query["partNumber"].parse().unwrap(), body);
                [("etag", "\"e\"")].into_response()
            }
        }
    }

    fn complete(&mut self, id: &str) -> Response {
        let Some((key, parts)) = self.uploads.remove(id) else {
            return StatusCode::NOT_FOUND.into_response();
        };
        let parts: Vec<Bytes> = parts.into_values().collect();
        if parts.iter().rev().skip(1).any(|part| part.len() < 5 << 20) {
            return (StatusCode::BAD_REQUEST, "<Error><Code>EntityTooSmall</Code></Error>").into_response();
        }
        self.objects.insert(key, parts.concat().into());
        "<CompleteMultipartUploadResult><ETag>\"e\"</ETag></CompleteMultipartUploadResult>".into_response()
    }

    fn read(&self, key: &str, range: Option<&str>) -> Response {
        let Some(bytes) = self.objects.get(key) else {
            return (StatusCode::NOT_FOUND, "<Error><Code>NoSuchKey</Code></Error>").into_response();
        };
        let known = [("etag", "\"e\""), ("last-modified", "Sun, 01 Nov 2026 12:00:00 GMT")];
        let Some(range) = range else {
            return (known, bytes.clone()).into_response();
        };
        let (from, to) = range.strip_prefix("bytes=").unwrap().split_once('-').unwrap();
        let (from, to): (usize, usize) = (from.parse().unwrap(), to.parse().unwrap());
        let to = (to + 1).min(bytes.len());
        if from >= to {
            return StatusCode::RANGE_NOT_SATISFIABLE.into_response();
        }
        let place = format!("bytes {from}-{}/{}", to - 1, bytes.len());
        (StatusCode::PARTIAL_CONTENT, known, [("content-range", place)], bytes.slice(from..to))
            .into_response()
    }
}
