//! The one error of the services. The HTTP layer maps each kind to a status once.

use thiserror::Error;

/// Result with the services' error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// One field of the input and what is wrong with it, in words for the person who sent it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldError {
    /// The field's name in the request.
    pub field: String,
    /// One sentence.
    pub message: String,
}

/// What can go wrong in a service, by what the caller can do about it.
#[derive(Debug, Error)]
pub enum Error {
    /// Some fields of the input are not acceptable (422).
    #[error("validation failed: {}", listed(.0))]
    Invalid(Vec<FieldError>),
    /// The request cannot be carried out as it is (400).
    #[error("{0}")]
    BadRequest(String),
    /// Nobody, or somebody who is not known (401).
    #[error("{0}")]
    Unauthorized(String),
    /// Known, but not allowed (403).
    #[error("{0}")]
    Forbidden(String),
    /// Not there, or not visible to the caller: the two look alike (404).
    #[error("{0}")]
    NotFound(String),
    /// At odds with what is there (409).
    #[error("{0}")]
    Conflict(String),
    /// Larger than allowed (413).
    #[error("{0}")]
    TooLarge(String),
    /// Asked too often (429).
    #[error("too many requests: {limit}")]
    TooManyRequests {
        /// Seconds until the next try makes sense.
        retry_after: u64,
        /// The limit in words, such as `30 per 1 minute`.
        limit: String,
        /// A name for whoever asks that tells nothing about them.
        client: String,
    },
    /// Something that the server needs is not there at the moment (503).
    #[error("{0}")]
    Unavailable(String),
    /// A defect or a failed part of the system: logged, never shown (500).
    #[error("internal error")]
    Internal(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// The messages of several fields in one line.
fn listed(fields: &[FieldError]) -> String {
    fields.iter().map(|f| format!("{}: {}", f.field, f.message)).collect::<Vec<_>>().join("; ")
}

impl Error {
    /// One field's error.
    pub fn field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::Invalid(vec![FieldError { field: field.into(), message: message.into() }])
    }

    /// Wraps whatever failed inside.
    pub fn internal(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        Self::Internal(source.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_named_wherever_the_error_is_printed() {
        let error = Error::field("password", "Password is too short");
        assert_eq!(error.to_string(), "validation failed: password: Password is too short");
    }
}
