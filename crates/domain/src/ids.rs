//! Identifiers: one type each, so that a company's id is never taken for a user's.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($($(#[$doc:meta])* $name:ident;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);

        impl $name {
            /// A new identifier (UUID version 7, so that later ones sort after earlier ones).
            #[must_use]
            #[allow(clippy::new_without_default)] // a default identifier that differs each time would surprise
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::parse_str(text).map(Self)
            }
        }
    )*};
}

id! {
    /// A person's account.
    UserId;
    /// A customer: everything below it is invisible to other customers.
    TenantId;
    /// A department of a tenant.
    OrganizationId;
    /// A company that is scored.
    CompanyId;
    /// One stored annual or quarterly prediction.
    PredictionId;
    /// One bulk upload, which the API calls a job.
    UploadId;
    /// One sign-in: a refresh token and every access token made from it.
    SessionId;
    /// A model bundle.
    ModelId;
    /// A key that a machine signs in with.
    ApiKeyId;
}
