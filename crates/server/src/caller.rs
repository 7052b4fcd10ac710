//! Who calls, and from where.

use std::ops::Deref;

use accunode_domain::{Actor, ApiKeyId, SessionId};
use uuid::Uuid;

/// Where a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// The request's own name, for finding it in the log.
    pub request_id: Option<String>,
    /// The client's address, as far as trusted proxies tell.
    pub address: Option<String>,
}

/// An authenticated caller with what the audit log wants to know. Dereferences to its [`Actor`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// Who acts.
    pub actor: Actor,
    /// Their address at the time.
    pub email: String,
    /// The sign-in, when a person acts.
    pub session: Option<SessionId>,
    /// The API key, when a machine acts.
    pub api_key: Option<ApiKeyId>,
    /// Whether everything but changing the password has to wait until that is done.
    pub must_change_password: bool,
    /// What counts at the caller's place.
    pub place: Place,
    /// Where the request comes from.
    pub origin: Origin,
}

/// What counts at a caller's place, read when the caller was recognised.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The master scale in force; none is the built-in one.
    pub scale: Option<Uuid>,
    /// Whether the caller's organization sees the system's companies.
    pub sees_global: bool,
    /// How often what was changed.
    pub versions: Versions,
}

/// How often the data in a caller's sight was changed: what was worked out at the same counts still holds. The
/// counters grow in the transaction of each change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Versions {
    /// The caller's personal data.
    pub own: i64,
    /// The data of the caller's organization; of all those of a tenant_admin's tenant; of all for a super_admin.
    pub shared: i64,
    /// The system's data.
    pub system: i64,
}

impl Deref for Caller {
    type Target = Actor;
    fn deref(&self) -> &Actor {
        &self.actor
    }
}
