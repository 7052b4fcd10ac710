//! Who calls, and from where.

use std::ops::Deref;

use accunode_domain::{Actor, ApiKeyId, SessionId};

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
    /// Where the request comes from.
    pub origin: Origin,
}

impl Deref for Caller {
    type Target = Actor;
    fn deref(&self) -> &Actor {
        &self.actor
    }
}
