//! How often what may be asked: the class of each route, and where a caller stands.

use std::{
    collections::HashMap,
    fmt,
    sync::{Arc, Mutex, OnceLock, PoisonError},
    time::Duration,
};

use accunode_db::Timestamp;
use accunode_domain::Error;
use accunode_infra::{Rate, RateLimits, Standing, Verdict};
use accunode_telemetry::RATE_LIMITED;
use axum::{
    Extension,
    extract::MatchedPath,
    http::{Method, request::Parts},
};
use sha2::{Digest, Sha256};
use utoipa_axum::router::OpenApiRouter;

use super::address;
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
    /// Reading the own account, which clients do each time that they are opened.
    UserMe = "user_me": "2000/h";
    /// Reading people.
    UserRead = "user_read": "200/h,1000/day";
    /// Reading companies.
    DataRead = "data_read": "200/h,1000/day";
    /// Listing and searching companies, which clients do while somebody types.
    CompanyRead = "company_read": "120/min";
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

/// The limits in force.
#[derive(Clone, Debug)]
pub struct Limits {
    counter: RateLimits,
    rates: HashMap<RateClass, Vec<Rate>>,
}

impl Limits {
    /// The default rates, changed as `settings` say: `off`, or `class=rate,rate; class=off; …` like
    /// `user_read=1000/h,5000/day; health=off`.
    ///
    /// # Errors
    /// The class or rate that cannot be read, and what is expected.
    pub fn new(counter: RateLimits, settings: &str) -> Result<Self, String> {
        let mut rates = HashMap::new();
        if settings.trim() == "off" {
            return Ok(Self { counter, rates });
        }
        for class in RateClass::ALL {
            rates.insert(*class, read_rates(class.default_rates())?);
        }
        for change in settings.split(';').map(str::trim).filter(|c| !c.is_empty()) {
            let (name, list) = change
                .split_once('=')
                .ok_or_else(|| format!("'{change}' is not a change of rates: class=rate,rate is expected"))?;
            let class = RateClass::ALL.iter().find(|c| c.as_str() == name.trim()).ok_or_else(|| {
                let names: Vec<_> = RateClass::ALL.iter().map(|c| c.as_str()).collect();
                format!("'{}' is not a class of rates: one of {} is expected", name.trim(), names.join(", "))
            })?;
            rates.insert(*class, if list.trim() == "off" { Vec::new() } else { read_rates(list)? });
        }
        Ok(Self { counter, rates })
    }

    /// Counts a request of `who` to `route`. None where nothing is limited.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`] when it came too soon.
    pub async fn check(
        &self,
        class: RateClass,
        route: &str,
        who: &str,
        now: Timestamp,
    ) -> Result<Option<Standing>, (Standing, Error)> {
        let rates = self.rates.get(&class).filter(|rates| !rates.is_empty());
        let Some(rates) = rates else { return Ok(None) };
        let key = format!("{} {route} {who}", class.as_str());
        match self.counter.check(&key, rates, now.unix_micros()).await {
            Verdict::Allowed(standing) => Ok(Some(standing)),
            Verdict::Refused { standing, retry_after } => {
                RATE_LIMITED.with_label_values(&[class.as_str()]).inc();
                let error = Error::TooManyRequests {
                    retry_after: whole_seconds(retry_after),
                    limit: standing.rate.to_string(),
                    client: pseudonym(who),
                };
                Err((standing, error))
            }
        }
    }
}

/// The beginning of a hash: the same for the same client, and telling nothing about it.
#[must_use]
pub fn pseudonym(who: &str) -> String {
    format!("{}...", hex::encode(&Sha256::digest(who)[..4]))
}

/// Whole seconds, rounded up: who waits as long as told is let in.
pub(crate) fn whole_seconds(time: Duration) -> u64 {
    time.as_secs() + u64::from(time.subsec_nanos() > 0)
}

fn read_rates(list: &str) -> Result<Vec<Rate>, String> {
    list.split(',').map(|rate| rate.trim().parse()).collect()
}

/// Whom a request counts for.
#[derive(Clone, Debug)]
pub enum Principal<'a> {
    /// A person or machine that is known.
    Caller(&'a Caller),
    /// A client by its address.
    Address(Option<&'a str>),
}

impl fmt::Display for Principal<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Caller(caller) => match caller.api_key {
                // All of them together: or whoever makes more keys may ask more often.
                Some(_) => write!(f, "keys of {}", caller.user_id),
                None => write!(f, "user {}", caller.user_id),
            },
            Self::Address(address) => write!(f, "address {}", address::network(*address)),
        }
    }
}

/// How a request is counted: its route's class and name, and where its sender's standing is noted.
#[derive(Clone, Debug)]
pub struct Counted {
    class: RateClass,
    route: String,
    learned: Option<Learned>,
}

impl Counted {
    /// Of this request.
    #[must_use]
    pub fn of(parts: &Parts) -> Self {
        let class = parts.extensions.get::<RateClass>().copied().unwrap_or(RateClass::Other);
        let route = parts.extensions.get::<MatchedPath>().map_or("unmatched", MatchedPath::as_str);
        // HEAD is answered by GET's handler.
        let method = if parts.method == Method::HEAD { &Method::GET } else { &parts.method };
        Self { class, route: format!("{method} {route}"), learned: Learned::of(parts).cloned() }
    }

    /// Counts the request for `who`, and notes where they stand.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub async fn count(&self, state: &AppState, who: &str) -> Result<(), Error> {
        let (standing, outcome) =
            match state.limits.check(self.class, &self.route, who, state.clock.now()).await {
                Ok(standing) => (standing, Ok(())),
                Err((standing, error)) => (Some(standing), Err(error)),
            };
        if let (Some(learned), Some(standing)) = (&self.learned, standing) {
            learned.stands(standing);
        }
        outcome
    }
}

/// Counts the request under its route's class.
///
/// # Errors
/// As [`Counted::count`].
pub async fn count(parts: &Parts, state: &AppState, who: &Principal<'_>) -> Result<(), Error> {
    Counted::of(parts).count(state, &who.to_string()).await
}

/// Counts the request under any class, for a route in words.
///
/// # Errors
/// As [`Counted::count`].
pub async fn count_as(
    parts: &Parts,
    state: &AppState,
    class: RateClass,
    route: &str,
    who: &str,
) -> Result<(), Error> {
    let counted = Counted { class, route: route.to_owned(), ..Counted::of(parts) };
    counted.count(state, who).await
}

/// What the extractors learn about a request, for the middleware around them.
#[derive(Clone, Debug, Default)]
pub struct Learned(Arc<Slots>);

#[derive(Debug, Default)]
struct Slots {
    caller: OnceLock<Caller>,
    standing: Mutex<Option<Standing>>,
}

impl Learned {
    /// Of this request.
    #[must_use]
    pub fn of(parts: &Parts) -> Option<&Self> {
        parts.extensions.get()
    }

    /// Notes who calls, here and for the lines of log.
    pub fn is_called_by(&self, caller: &Caller) {
        let span = tracing::Span::current();
        span.record("user.id", tracing::field::display(caller.user_id));
        if let Some(tenant) = caller.tenant_id {
            span.record("tenant.id", tracing::field::display(tenant));
        }
        // A request has one caller: a second extractor finds the same.
        let _ = self.0.caller.set(caller.clone());
    }

    /// Who calls, once an extractor has found out.
    #[must_use]
    pub fn caller(&self) -> Option<&Caller> {
        self.0.caller.get()
    }

    fn stands(&self, standing: Standing) {
        // The last count is the route's own, or the one that refused.
        *self.0.standing.lock().unwrap_or_else(PoisonError::into_inner) = Some(standing);
    }

    /// Where the caller stands with the rate of the route.
    #[must_use]
    pub fn standing(&self) -> Option<Standing> {
        *self.0.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_default_can_be_read() {
        let limits = Limits::new(RateLimits::in_process(), "").unwrap();
        assert_eq!(limits.rates.len(), RateClass::ALL.len());
        assert!(limits.rates.values().all(|rates| !rates.is_empty()));
    }

    #[test]
    fn settings_change_what_they_name_and_say_what_they_cannot_read() {
        let new = |settings: &str| Limits::new(RateLimits::in_process(), settings);
        let limits = new("user_read=5/s; health=off").unwrap();
        assert_eq!(limits.rates[&RateClass::UserRead], ["5/s".parse().unwrap()]);
        assert!(limits.rates[&RateClass::Health].is_empty());
        assert_eq!(limits.rates[&RateClass::Auth], ["30/min".parse().unwrap()]);
        assert!(new("off").unwrap().rates.is_empty());
        assert!(new("nonsense=5/s").unwrap_err().contains("user_read"));
        assert!(new("auth=often").unwrap_err().contains("often"));
        assert!(new("auth").unwrap_err().contains("class=rate"));
    }
}
