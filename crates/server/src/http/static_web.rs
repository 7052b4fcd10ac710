//! The web application, embedded in the binary from `web/dist`.

use std::{borrow::Cow, io::Read as _};

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderMap, HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
};
use flate2::read::GzDecoder;
use rust_embed::RustEmbed;

/// What `npm run build` made. The folder holds next to nothing where that has not been run: a build of the server
/// needs no Node.js.
#[derive(RustEmbed)]
#[folder = "../../web/dist"]
struct Dist;

/// The page that starts the application.
const PAGE: &str = "index.html";
/// Files under here have a hash of their contents in their names.
const HASHED: &str = "assets/";
/// Paths of the server's own, which never are a screen of the application.
const OWN: [&str; 5] = ["api", "docs", "health", "openapi.json", "metrics"];
/// Where the application has not been built.
const NOT_BUILT: &str = "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>AccuNode</title>\
    <h1>AccuNode</h1><p>The server runs. Its web application was not built into it: run <code>make web</code>, then \
    build the server again.</p><p><a href=\"/docs\">API documentation</a></p></html>";

/// The application or a file of it, for browsers; none where the API answers.
#[must_use]
pub fn answer(request: &Request) -> Option<Response> {
    let path = request.uri().path().trim_start_matches('/');
    if !matches!(*request.method(), Method::GET | Method::HEAD) || is_own(path) {
        return None;
    }
    if path != PAGE
        && let Some(answer) = file(path, request.headers())
    {
        return Some(answer);
    }
    (!path.starts_with(HASHED) && wants_page(request.headers())).then(|| page(request.headers()))
}

/// Whether an address is the server's. Any other may be a screen: the application itself says when there is none.
fn is_own(path: &str) -> bool {
    OWN.contains(&path.split('/').next().unwrap_or_default())
}

/// Whether a page is asked for, as browsers do for the address bar. A client of the API accepts JSON or anything.
fn wants_page(headers: &HeaderMap) -> bool {
    let accepted = headers.get(header::ACCEPT).and_then(|value| value.to_str().ok()).unwrap_or_default();
    accepted.split(',').any(|kind| kind.split(';').next().is_some_and(|kind| kind.trim() == "text/html"))
}

fn page(headers: &HeaderMap) -> Response {
    let mut answer = file(PAGE, headers).unwrap_or_else(|| {
        let html = [(header::CONTENT_TYPE, "text/html; charset=utf-8")];
        (StatusCode::OK, html, NOT_BUILT).into_response()
    });
    // `/` answers API clients otherwise, and with other names of its assets after an update.
    answer.headers_mut().insert(header::VARY, HeaderValue::from_static("accept, accept-encoding"));
    answer
}

/// A file of the application, compressed where it was compressed in advance and the client takes that. What is held
/// compressed only is unpacked for a client that takes neither.
fn file(path: &str, headers: &HeaderMap) -> Option<Response> {
    if path.is_empty() || path.ends_with(".br") || path.ends_with(".gz") {
        return None;
    }
    let held = |ending: &str| Dist::get(&format!("{path}{ending}")).map(|file| file.data);
    let packed = [("br", ".br"), ("gzip", ".gz")]
        .into_iter()
        .find_map(|(encoding, ending)| Some((encoding, accepts(headers, encoding).then(|| held(ending))??)));
    if let Some((encoding, content)) = packed {
        return Some(respond(path, Some(encoding), content));
    }
    let plain = held("").or_else(|| unpacked(&held(".gz")?).map(Cow::Owned))?;
    Some(respond(path, None, plain))
}

/// None for what is not gzip, which the build of the application does not make.
fn unpacked(gzip: &[u8]) -> Option<Vec<u8>> {
    let mut plain = Vec::new();
    GzDecoder::new(gzip).read_to_end(&mut plain).ok()?;
    Some(plain)
}

fn accepts(headers: &HeaderMap, encoding: &str) -> bool {
    let accepted = headers.get(header::ACCEPT_ENCODING).and_then(|value| value.to_str().ok());
    accepted.unwrap_or_default().split(',').any(|entry| {
        let mut parts = entry.split(';');
        let named = parts.next().is_some_and(|name| name.trim().eq_ignore_ascii_case(encoding));
        named && !parts.any(|part| matches!(part.trim(), "q=0" | "q=0.0" | "q=0.00" | "q=0.000"))
    })
}

fn respond(path: &str, encoding: Option<&'static str>, content: Cow<'static, [u8]>) -> Response {
    let body = match content {
        Cow::Borrowed(bytes) => Body::from(bytes),
        Cow::Owned(bytes) => Body::from(bytes),
    };
    let mut answer = Response::new(body);
    let headers = answer.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type(path)));
    // Names with a hash never hold anything else; the rest is asked for anew.
    let kept = if path.starts_with(HASHED) { "public, max-age=31536000, immutable" } else { "no-cache" };
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(kept));
    headers.insert(header::VARY, HeaderValue::from_static("accept-encoding"));
    if let Some(encoding) = encoding {
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static(encoding));
    }
    answer
}

/// By the endings that the build makes.
fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" => "application/json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "woff2" => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, value.parse().unwrap())])
    }

    #[test]
    fn a_page_is_for_those_who_name_html() {
        assert!(wants_page(&headers(header::ACCEPT, "text/html,application/xhtml+xml,*/*;q=0.8")));
        assert!(wants_page(&headers(header::ACCEPT, "application/json, text/html;q=0.5")));
        assert!(!wants_page(&headers(header::ACCEPT, "application/json")));
        assert!(!wants_page(&headers(header::ACCEPT, "*/*")));
        assert!(!wants_page(&HeaderMap::new()));
    }

    #[test]
    fn screens_are_what_the_server_does_not_answer_itself() {
        for path in ["", "companies", "companies/1", "apiary", "join/abc", "assets/x.js"] {
            assert!(!is_own(path), "{path}");
        }
        for path in ["api", "api/v1/companies", "docs", "docs/index.css", "health", "openapi.json"] {
            assert!(is_own(path), "{path}");
        }
    }

    #[test]
    fn what_is_held_compressed_is_unpacked() {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        std::io::Write::write_all(&mut packer, b"a script").unwrap();
        assert_eq!(unpacked(&packer.finish().unwrap()).as_deref(), Some(b"a script".as_slice()));
        assert_eq!(unpacked(b"a script"), None);
    }

    #[test]
    fn encodings_are_taken_unless_refused() {
        assert!(accepts(&headers(header::ACCEPT_ENCODING, "gzip, deflate, br"), "br"));
        assert!(accepts(&headers(header::ACCEPT_ENCODING, "GZIP;q=0.5"), "gzip"));
        assert!(!accepts(&headers(header::ACCEPT_ENCODING, "gzip, br;q=0"), "br"));
        assert!(!accepts(&HeaderMap::new(), "gzip"));
    }
}
