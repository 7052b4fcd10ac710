//! Every route of the system, in one table.

mod long;
mod platform;

use std::time::Duration;

use axum::{Router, extract::DefaultBodyLimit, http::StatusCode};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower_http::{
    catch_panic::CatchPanicLayer,
    compression::{CompressionLayer, DefaultPredicate, Predicate, predicate::NotForContentType},
    timeout::TimeoutLayer,
};
use utoipa::OpenApi;
use utoipa_axum::{router::OpenApiRouter, routes};
use utoipa_swagger_ui::SwaggerUi;

use crate::{
    connections,
    features::{
        api_keys, audit_log, auth, companies, contact, dashboard, grades, models, ops, organizations,
        predictions, queue_admin, score, tenant_admins, tenants, uploads, users,
    },
    http::{
        limits::{RateClass, limited},
        measured,
        openapi::{ApiDoc, complete},
        table::XLSX,
    },
    middleware,
    state::AppState,
};

/// The longest that a request may take, body included.
const LONGEST: Duration = Duration::from_secs(30);
/// The largest body of a request without a file, in bytes.
const LARGEST_BODY: usize = 1 << 20;

/// The operations under `/api/v1`, each group with the class that its rate is limited by.
fn api() -> OpenApiRouter<AppState> {
    use RateClass as Class;
    let routes = OpenApiRouter::new;
    routes()
        .merge(signing_in())
        .merge(people())
        .merge(customers())
        .merge(departments())
        .merge(limited(Class::Other, bundles()))
        .merge(portfolio())
        .merge(insights())
        .merge(platform::workers())
        .merge(limited(
            Class::Ml,
            routes()
                .routes(routes!(predictions::api::create::create_annual))
                .routes(routes!(predictions::api::create::create_quarterly))
                .routes(routes!(predictions::api::one::update_annual, predictions::api::one::delete_annual))
                .routes(routes!(
                    predictions::api::one::update_quarterly,
                    predictions::api::one::delete_quarterly
                ))
                .routes(routes!(predictions::api::one::rescore_annual))
                .routes(routes!(predictions::api::one::rescore_quarterly))
                .routes(routes!(score::api::batch::rows))
                .routes(routes!(score::api::what_if::what_if))
                .routes(routes!(score::api::target::target)),
        ))
        .merge(limited(
            Class::PredictionRead,
            routes()
                .routes(routes!(predictions::api::list::list_annual))
                .routes(routes!(predictions::api::list::list_quarterly))
                .routes(routes!(predictions::api::system::system_annual))
                .routes(routes!(predictions::api::system::system_quarterly))
                .routes(routes!(predictions::api::one::get_annual))
                .routes(routes!(predictions::api::one::get_quarterly))
                .routes(routes!(predictions::api::versions::versions_annual))
                .routes(routes!(predictions::api::versions::versions_quarterly)),
        ))
        .merge(limited(
            Class::JobRead,
            routes()
                .routes(routes!(uploads::api::jobs::list))
                .routes(routes!(uploads::api::jobs::status))
                .routes(routes!(uploads::api::events::follow)),
        ))
        .merge(following())
        .merge(limited(
            Class::Analytics,
            routes().routes(routes!(audit_log::api::list)).routes(routes!(audit_log::api::verify)),
        ))
        .merge(limited(
            Class::JobRead,
            routes().routes(routes!(queue_admin::api::state)).routes(routes!(queue_admin::api::list_dead)),
        ))
        .merge(limited(
            Class::JobControl,
            routes()
                .routes(routes!(queue_admin::api::retry_dead))
                .routes(routes!(queue_admin::api::delete_dead)),
        ))
        .merge(limited(Class::Contact, routes().routes(routes!(contact::api::submit))))
        .layer(TimeoutLayer::with_status_code(StatusCode::GATEWAY_TIMEOUT, LONGEST))
        .merge(long::files())
        .merge(limited(Class::Other, long::mails()))
        .merge(limited(Class::Upload, long::bodies()))
}

/// Operations on uploads that have been handed in.
fn following() -> OpenApiRouter<AppState> {
    use RateClass as Class;
    use uploads::api::{control, detail, results};
    let routes = OpenApiRouter::new;
    routes()
        .merge(limited(
            Class::DataRead,
            routes()
                .routes(routes!(detail::get))
                .routes(routes!(detail::errors))
                .routes(routes!(results::results)),
        ))
        .merge(limited(
            Class::JobControl,
            routes().routes(routes!(control::cancel)).routes(routes!(control::delete)),
        ))
}

/// Operations on models, but for importing one.
fn bundles() -> OpenApiRouter<AppState> {
    use models::api;
    OpenApiRouter::new()
        .routes(routes!(api::list))
        .routes(routes!(api::get))
        .routes(routes!(api::history))
        .routes(routes!(api::activate))
        .routes(routes!(api::rollback))
}

/// Operations on tenants.
fn customers() -> OpenApiRouter<AppState> {
    use RateClass as Class;
    use tenants::api;
    let routes = OpenApiRouter::new;
    routes()
        .merge(limited(Class::TenantCreate, routes().routes(routes!(api::create))))
        .merge(limited(Class::TenantRead, routes().routes(routes!(api::list)).routes(routes!(api::get))))
        .merge(limited(Class::TenantUpdate, routes().routes(routes!(api::update))))
        .merge(limited(Class::TenantDelete, routes().routes(routes!(api::delete))))
        .merge(limited(Class::Analytics, routes().routes(routes!(api::stats))))
}

/// Signing in, by people and by machines.
fn signing_in() -> OpenApiRouter<AppState> {
    use RateClass as Class;
    use auth::api::{account, password, session};
    let routes = OpenApiRouter::new;
    routes()
        .merge(limited(
            Class::Auth,
            routes()
                .routes(routes!(session::login))
                .routes(routes!(account::register))
                .routes(routes!(account::join)),
        ))
        .merge(limited(
            Class::AuthStrict,
            routes()
                .routes(routes!(password::change))
                .routes(routes!(password::forgot))
                .routes(routes!(password::reset)),
        ))
        .merge(limited(
            Class::Api,
            routes()
                .routes(routes!(session::refresh))
                .routes(routes!(session::logout))
                .routes(routes!(session::logout_all)),
        ))
        .merge(limited(
            Class::Other,
            routes()
                .routes(routes!(api_keys::api::list, api_keys::api::create))
                .routes(routes!(api_keys::api::revoke)),
        ))
}

/// Operations on organizations and their people.
fn departments() -> OpenApiRouter<AppState> {
    use RateClass as Class;
    use organizations::api::{access, manage, members, people, whitelist};
    let routes = OpenApiRouter::new;
    routes()
        .merge(limited(Class::OrgCreate, routes().routes(routes!(manage::create))))
        .merge(limited(
            Class::OrgRead,
            routes()
                .routes(routes!(manage::list))
                .routes(routes!(manage::get))
                .routes(routes!(people::users))
                .routes(routes!(people::details))
                .routes(routes!(people::admins))
                .routes(routes!(whitelist::whitelist))
                .routes(routes!(access::global_data)),
        ))
        .merge(limited(
            Class::OrgUpdate,
            routes()
                .routes(routes!(manage::update))
                .routes(routes!(whitelist::add_to_whitelist))
                .routes(routes!(whitelist::remove_from_whitelist))
                .routes(routes!(access::set_global_data))
                .routes(routes!(members::add_member))
                .routes(routes!(members::change_member_role))
                .routes(routes!(members::remove_member)),
        ))
        .merge(limited(Class::OrgDelete, routes().routes(routes!(manage::delete))))
        .merge(limited(Class::OrgToken, routes().routes(routes!(access::regenerate_token))))
}

/// Operations on companies.
fn portfolio() -> OpenApiRouter<AppState> {
    use RateClass as Class;
    use companies::api::{list, manage};
    let routes = OpenApiRouter::new;
    routes()
        .merge(limited(
            Class::CompanyRead,
            routes().routes(routes!(list::list)).routes(routes!(list::suggest)),
        ))
        .merge(limited(
            Class::DataRead,
            routes().routes(routes!(list::by_symbol)).routes(routes!(manage::get)),
        ))
        .merge(limited(Class::UserCreate, routes().routes(routes!(manage::create))))
        .merge(limited(Class::UserUpdate, routes().routes(routes!(manage::update))))
        .merge(limited(Class::UserDelete, routes().routes(routes!(manage::delete))))
}

/// Operations on people and those who run tenants.
fn people() -> OpenApiRouter<AppState> {
    use RateClass as Class;
    use tenant_admins::api as admins;
    use users::api::{creation, list, manage, me, names};
    let routes = OpenApiRouter::new;
    routes()
        .merge(limited(Class::UserMe, routes().routes(routes!(me::me))))
        .merge(limited(
            Class::UserRead,
            routes()
                .routes(routes!(names::profile))
                .routes(routes!(list::list_users))
                .routes(routes!(names::get_user)),
        ))
        .merge(limited(
            Class::UserUpdate,
            routes()
                .routes(routes!(names::update_profile))
                .routes(routes!(names::update_me))
                .routes(routes!(names::update_user))
                .routes(routes!(manage::put_role, manage::patch_role))
                .routes(routes!(manage::activate_user, manage::patch_activate_user))
                .routes(routes!(manage::deactivate_user, manage::patch_deactivate_user))
                .routes(routes!(admins::assign_existing_user))
                .routes(routes!(admins::assign_user_to_organization)),
        ))
        .merge(limited(
            Class::UserCreate,
            routes().routes(routes!(creation::create_user)).routes(routes!(creation::admin_create_user)),
        ))
        .merge(limited(
            Class::UserDelete,
            routes().routes(routes!(manage::delete_user)).routes(routes!(admins::remove_tenant_admin)),
        ))
        .merge(limited(Class::TenantRead, routes().routes(routes!(admins::tenant_admin_info))))
        .merge(limited(Class::TenantCreate, routes().routes(routes!(admins::create_tenant_with_admin))))
}

/// Figures of portfolios, and the scale that gives grades.
fn insights() -> OpenApiRouter<AppState> {
    use RateClass as Class;
    let routes = OpenApiRouter::new;
    routes()
        .merge(limited(
            Class::Analytics,
            routes()
                .routes(routes!(dashboard::api::stats::stats))
                .routes(routes!(dashboard::api::get_dashboard, dashboard::api::post_dashboard)),
        ))
        .merge(limited(
            Class::PredictionRead,
            routes()
                .routes(routes!(dashboard::peers::api::peers_annual))
                .routes(routes!(dashboard::peers::api::peers_quarterly)),
        ))
        .merge(limited(
            Class::DataRead,
            routes().routes(routes!(grades::api::in_force)).routes(routes!(grades::api::versions)),
        ))
        .merge(limited(Class::Other, routes().routes(routes!(grades::api::change))))
}

/// Operations outside `/api/v1`.
fn outside() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .merge(limited(RateClass::Api, OpenApiRouter::new().routes(routes!(ops::api::root))))
        .merge(limited(RateClass::Health, OpenApiRouter::new().routes(routes!(ops::api::health))))
        // Asked by balancers from few addresses, and answered without asking anybody: not counted.
        .routes(routes!(ops::api::live))
        .routes(routes!(ops::api::ready))
}

fn table() -> OpenApiRouter<AppState> {
    OpenApiRouter::with_openapi(ApiDoc::openapi()).merge(outside()).nest("/api/v1", api())
}

/// The API document.
#[must_use]
pub fn openapi() -> utoipa::openapi::OpenApi {
    let mut document = table().to_openapi();
    complete(&mut document);
    document
}

/// The whole application.
pub fn router(state: &AppState) -> Router {
    let (routes, mut document) = table().split_for_parts();
    complete(&mut document);
    measured::know(&document);
    let routes = routes
        .merge(SwaggerUi::new("/docs").url("/openapi.json", document))
        .with_state(state.clone())
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .layer(axum::middleware::from_fn_with_state(state.clone(), middleware::request));
    // Around the routes, so that a path is put right before it is matched.
    Router::new()
        .fallback_service(routes)
        .layer(CatchPanicLayer::custom(middleware::panicked))
        .layer(CompressionLayer::new().compress_when(worth_compressing()))
        .layer(middleware::cors(&state.config.cors_origins))
        .layer(axum::middleware::from_fn(middleware::headers))
}

/// What is not compressed already.
fn worth_compressing() -> impl Predicate {
    DefaultPredicate::new().and(NotForContentType::const_new(XLSX))
}

/// Answers requests until `stop` is cancelled, then finishes those under way.
///
/// # Errors
/// When the listener fails.
pub async fn serve(listener: TcpListener, state: &AppState, stop: CancellationToken) -> std::io::Result<()> {
    let streams = state.streams.clone();
    let stopped = stop.clone();
    tokio::spawn(async move {
        stopped.cancelled_owned().await;
        streams.close(); // nobody waits for the end of an upload that others work on
    });
    connections::serve(listener, router(state), stop).await
}
