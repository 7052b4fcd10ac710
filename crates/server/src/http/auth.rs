//! Who is calling, and whether they may: the handler's signature says which permission it needs.

use std::{marker::PhantomData, ops::Deref};

use accunode_domain::{Error, Permission};
use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::{
    address,
    limits::{self, Counted, Learned, Principal, RateClass},
    problem::ApiError,
};
use crate::{
    caller::{Caller, Origin},
    features::auth::service,
    state::AppState,
};

/// A permission as a type, for the signature of a handler.
pub trait Grant: Send + Sync + 'static {
    /// The permission.
    const PERMISSION: Permission;
}

macro_rules! grants {
    ($($name:ident)*) => {$(
        #[doc = concat!("Requires [`Permission::", stringify!($name), "`].")]
        pub struct $name;
        impl Grant for $name {
            const PERMISSION: Permission = Permission::$name;
        }
    )*};
}

/// The permissions as types.
pub mod grant {
    use super::{Grant, Permission};
    grants! {
        UserSelf UserRead UserUpdate UserCreate UserRole UserActivate UserDelete ApiKeyManage
        TenantManage TenantRead TenantUpdate
        OrganizationCreate OrganizationDelete OrganizationRead OrganizationUpdate OrganizationToken
        OrganizationWhitelist OrganizationGlobalData OrganizationAssign OrganizationMembers OrganizationJoin
        PredictionCreate PredictionRead PredictionReadSystem PredictionUpdate PredictionDelete ScoreRun
        CompanyRead CompanyCreate CompanyUpdate CompanyDelete DashboardRead ScaleRead ScaleUpdate
        ModelRead ModelManage UploadCreate UploadRead UploadControl UploadDelete
        QueueManage AuditRead ContactTest ScalingManage
    }
}

/// The caller, who is known, active, and holds the permission `G`. Dereferences to the [`Caller`].
pub struct Can<G> {
    caller: Caller,
    permission: PhantomData<G>,
}

impl<G> Deref for Can<G> {
    type Target = Caller;
    fn deref(&self) -> &Caller {
        &self.caller
    }
}

impl<G: Grant> FromRequestParts<AppState> for Can<G> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let origin = origin(parts, state);
        let caller = match authenticated(parts, state, origin.clone()).await {
            Err(Error::Unauthorized(text)) => {
                // Guessing is counted, by address, and so is what it costs to say no.
                let who = Principal::Address(origin.address.as_deref()).to_string();
                limits::count_as(parts, state, RateClass::Unauthenticated, "any", &who).await?;
                return Err(Error::Unauthorized(text).into());
            }
            outcome => outcome?,
        };
        if let Some(learned) = Learned::of(parts) {
            learned.is_called_by(&caller);
        }
        limits::count(parts, state, &Principal::Caller(&caller)).await?;
        if !caller.holds(G::PERMISSION) {
            tracing::warn!(user.id = %caller.user_id, permission = %G::PERMISSION, "permission denied");
            return Err(Error::Forbidden("Not enough permissions".to_owned()).into());
        }
        if caller.must_change_password && G::PERMISSION != Permission::UserSelf {
            return Err(Error::Forbidden("Change your password first".to_owned()).into());
        }
        Ok(Self { caller, permission: PhantomData })
    }
}

async fn authenticated(parts: &Parts, state: &AppState, origin: Origin) -> Result<Caller, Error> {
    service::authenticate(state, bearer(parts)?, origin).await
}

/// Anybody, signed in or not; counted by the client's address.
pub struct Public {
    /// Where the request comes from.
    pub origin: Origin,
    /// What came as bearer token, if anything did.
    pub bearer: Option<String>,
}

impl FromRequestParts<AppState> for Public {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let origin = origin(parts, state);
        limits::count(parts, state, &Principal::Address(origin.address.as_deref())).await?;
        Ok(Self { origin, bearer: bearer(parts).ok().map(str::to_owned) })
    }
}

/// Somebody who may be anybody, for operations where what is sent tells who asks: counted by address only as all
/// doubtful requests are, so that many people behind one address do not stand in each other's way, and by
/// [`Visitor::count`] once it is known whom it concerns.
pub struct Visitor {
    /// Where the request comes from.
    pub origin: Origin,
    /// What came as bearer token, if anything did.
    pub bearer: Option<String>,
    counted: Counted,
}

impl Visitor {
    /// Counts the request under its route's class for whom it concerns, such as an account or a token.
    ///
    /// # Errors
    /// [`Error::TooManyRequests`].
    pub async fn count(&self, state: &AppState, whom: &str) -> Result<(), Error> {
        let address = Principal::Address(self.origin.address.as_deref());
        self.counted.count(state, &format!("{whom} from {address}")).await
    }
}

impl FromRequestParts<AppState> for Visitor {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let origin = origin(parts, state);
        let who = Principal::Address(origin.address.as_deref()).to_string();
        limits::count_as(parts, state, RateClass::Unauthenticated, "any", &who).await?;
        Ok(Self { origin, bearer: bearer(parts).ok().map(str::to_owned), counted: Counted::of(parts) })
    }
}

fn origin(parts: &Parts, state: &AppState) -> Origin {
    let request_id = parts.headers.get("x-request-id").and_then(|v| v.to_str().ok()).map(str::to_owned);
    Origin { request_id, address: address::of(parts, state.config.trusted_proxies).map(|a| a.to_string()) }
}

fn bearer(parts: &Parts) -> Result<&str, Error> {
    let header = parts
        .headers
        .get(header::AUTHORIZATION)
        .ok_or_else(|| Error::Unauthorized("Not authenticated".to_owned()))?;
    let invalid = || Error::Unauthorized("Invalid authentication credentials".to_owned());
    let (scheme, token) = header.to_str().ok().and_then(|text| text.split_once(' ')).ok_or_else(invalid)?;
    if scheme.eq_ignore_ascii_case("bearer") { Ok(token.trim()) } else { Err(invalid()) }
}
