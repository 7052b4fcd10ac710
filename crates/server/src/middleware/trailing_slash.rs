//! `/api/v1/companies/` and `/api/v1/companies` are the same: a redirect would drop the Authorization header in
//! some clients.

use axum::{extract::Request, http::Uri};

/// The same address without slashes at the end of its path.
fn trimmed(uri: &Uri) -> Option<Uri> {
    let path = uri.path().strip_suffix('/')?.trim_end_matches('/');
    let path_and_query = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.clone().into_parts();
    parts.path_and_query = Some(path_and_query.parse().ok()?);
    Uri::from_parts(parts).ok()
}

/// Drops slashes at the end of the API's paths, before they are routed.
pub(super) fn trim(request: &mut Request) {
    if request.uri().path().starts_with("/api/")
        && let Some(uri) = trimmed(request.uri())
    {
        *request.uri_mut() = uri;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_query_stays() {
        let uri = |text: &str| text.parse::<Uri>().unwrap();
        assert_eq!(trimmed(&uri("/api/v1/companies/?page=2")), Some(uri("/api/v1/companies?page=2")));
        assert_eq!(trimmed(&uri("/api/v1/companies//")), Some(uri("/api/v1/companies")));
        assert_eq!(trimmed(&uri("/api/v1/companies")), None);
    }
}
