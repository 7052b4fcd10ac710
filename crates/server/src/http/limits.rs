//! How often what may be asked: the class of each route, and where a caller stands.

use std::sync::{Arc, OnceLock};

use axum::{Extension, http::request::Parts};
use utoipa_axum::router::OpenApiRouter;

use crate::{caller::Caller, state::AppState};

macro_rules! classes {
    ($($(#[$doc:meta])* $name:ident = $text:literal: $rates:literal;)*) => {
        /// What a route counts as. Each route has a counter of its own for each caller.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum RateClass {
            $($(#[$doc])* $name,)*
        }

        impl RateClass {
            /// Every class.
            pub const ALL: &[Self] = &[$(Self::$name),*];

            /// The name used in settings.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text,)* }
            }

            /// The rates by default, separated by commas.
            #[must_use]
            pub const fn default_rates(self) -> &'static str {
                match self { $(Self::$name => $rates,)* }
            }
        }
    };
}

classes! {
    /// Signing in and registering.
    Auth = "auth": "30/min";
    /// Changing and resetting passwords.
    AuthStrict = "auth_strict": "5/min,20/h";
    /// Scoring.
    Ml = "ml": "100/min";
    /// Portfolio files.
    Upload = "upload": "10/min,100/day";
    /// Reading people.
    UserRead = "user_read": "200/h,1000/day";
    /// Reading companies.
    DataRead = "data_read": "200/h,1000/day";
    /// Watching jobs, which clients do every second or two.
    JobRead = "job_read": "120/min";
    /// Reading predictions.
    PredictionRead = "prediction_read": "500/h,2000/day";
    /// Cancelling and deleting jobs.
    JobControl = "job_control": "50/h,200/day";
    /// The contact form.
    Contact = "contact": "5/min";
    /// Making organizations.
    OrgCreate = "org_create": "20/h,100/day";
    /// Making tenants.
    TenantCreate = "tenant_create": "20/h,100/day";
    /// Making people.
    UserCreate = "user_create": "20/h,100/day";
    /// Reading organizations.
    OrgRead = "org_read": "100/h,500/day";
    /// Reading tenants.
    TenantRead = "tenant_read": "100/h,500/day";
    /// Changing organizations.
    OrgUpdate = "org_update": "50/h,200/day";
    /// Changing tenants.
    TenantUpdate = "tenant_update": "50/h,200/day";
    /// Changing people.
    UserUpdate = "user_update": "50/h,200/day";
    /// Deleting organizations.
    OrgDelete = "org_delete": "10/h,50/day";
    /// Deleting tenants.
    TenantDelete = "tenant_delete": "10/h,50/day";
    /// Closing accounts.
    UserDelete = "user_delete": "10/h,50/day";
    /// New join tokens.
    OrgToken = "org_token": "5/h,20/day";
    /// Figures.
    Analytics = "analytics": "100/h,500/day";
    /// Renewing sessions and the like.
    Api = "api": "100/h,500/day";
    /// Signs of life.
    Health = "health": "60/min";
    /// Everything else.
    Other = "other": "100/h,1000/day";
    /// Requests whose credentials are no good, by client address.
    Unauthenticated = "unauthenticated": "300/min";
}

/// Gives the routes a class.
pub fn limited(class: RateClass, routes: OpenApiRouter<AppState>) -> OpenApiRouter<AppState> {
    routes.layer(Extension(class))
}

/// What the extractors learn about a request, for the middleware around them.
#[derive(Clone, Debug, Default)]
pub struct Learned(Arc<OnceLock<Caller>>);

impl Learned {
    /// Of this request.
    #[must_use]
    pub fn of(parts: &Parts) -> Option<&Self> {
        parts.extensions.get()
    }

    /// Notes who calls.
    pub fn is_called_by(&self, caller: &Caller) {
        // A request has one caller: a second extractor finds the same.
        let _ = self.0.set(caller.clone());
    }

    /// Who calls, once an extractor has found out.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.0.get()
    }
}
