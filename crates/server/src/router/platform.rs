//! Operations on the platform itself.

use utoipa_axum::{router::OpenApiRouter, routes};

use crate::{
    features::scaling,
    http::limits::{RateClass, limited},
    state::AppState,
};

/// Operations on the number of workers.
pub(super) fn workers() -> OpenApiRouter<AppState> {
    use RateClass as Class;
    use scaling::api::{change, look};
    let routes = OpenApiRouter::new;
    routes()
        .merge(limited(
            Class::Analytics,
            routes()
                .routes(routes!(look::status))
                .routes(routes!(look::metrics))
                .routes(routes!(look::recommendation))
                .routes(routes!(look::config))
                .routes(routes!(look::history)),
        ))
        .merge(limited(
            Class::JobControl,
            routes().routes(routes!(change::execute)).routes(routes!(change::manual)),
        ))
        .merge(limited(Class::UserUpdate, routes().routes(routes!(change::set_config))))
        .merge(limited(Class::UserDelete, routes().routes(routes!(change::clear_history))))
}
