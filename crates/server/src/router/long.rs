//! Operations that may take longer than others: files that come in or go out, and mail servers.

use std::time::Duration;

use axum::{extract::DefaultBodyLimit, http::StatusCode};
use tower_http::timeout::TimeoutLayer;
use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    features::{audit_log, companies, contact, models, predictions, uploads},
    http::limits::{RateClass, limited},
    state::AppState,
};

/// The longest that a request may take where a file comes along.
const LONGEST_UPLOAD: Duration = Duration::from_secs(600);
/// The same where a file is made before it is sent.
const LONGEST_FILE: Duration = Duration::from_secs(300);
/// The same where a mail server is waited for, which has a minute of its own.
const LONGEST_MAIL: Duration = Duration::from_secs(90);

/// Operations that take a file and bound its size themselves.
pub(super) fn bodies() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(uploads::api::submit::submit_annual))
        .routes(routes!(uploads::api::submit::submit_quarterly))
        .routes(routes!(uploads::api::at_once::store))
        .routes(routes!(models::api::import))
        .layer(DefaultBodyLimit::disable())
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LONGEST_UPLOAD))
}

/// Operations that give a file, which may take long to make.
pub(super) fn files() -> OpenApiRouter<AppState> {
    use RateClass as Class;
    let routes = OpenApiRouter::new;
    routes()
        .merge(limited(
            Class::Analytics,
            routes()
                .routes(routes!(audit_log::api::export))
                .routes(routes!(predictions::api::export::export_annual))
                .routes(routes!(predictions::api::export::export_quarterly))
                .routes(routes!(predictions::api::export::export_system_annual))
                .routes(routes!(predictions::api::export::export_system_quarterly)),
        ))
        .merge(limited(
            Class::DataRead,
            routes()
                .routes(routes!(companies::api::list::export))
                .routes(routes!(uploads::api::download::download)),
        ))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LONGEST_FILE))
}

/// Operations that wait for a mail server.
pub(super) fn mails() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(contact::api::test_email))
        .routes(routes!(contact::api::test_send))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LONGEST_MAIL))
}
