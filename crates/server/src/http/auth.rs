//! Who is calling, and whether they may: the handler's signature says which permission it needs.

use std::marker::PhantomData;

use accunode_domain::{Actor, Error, Permission};
use axum::{
    extract::FromRequestParts,
    http::{header, request::Parts},
};

use super::problem::ApiError;
use crate::{features::auth::service, state::AppState};

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
    grants! { UserSelf PredictionCreate PredictionRead PredictionReadSystem UploadCreate UploadRead }
}

/// The caller, who is known, active, and holds the permission `G`.
pub struct Can<G> {
    /// Who is calling.
    pub actor: Actor,
    permission: PhantomData<G>,
}

impl<G: Grant> FromRequestParts<AppState> for Can<G> {
    type Rejection = ApiError;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Self::Rejection> {
        let token = bearer(parts)?;
        let actor = service::authenticate(state, token).await?;
        if !actor.role.may(G::PERMISSION) {
            tracing::warn!(user.id = %actor.user_id, permission = ?G::PERMISSION, "permission denied");
            return Err(Error::Forbidden("Not enough permissions".to_owned()).into());
        }
        Ok(Self { actor, permission: PhantomData })
    }
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
