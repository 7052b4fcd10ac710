//! Operations of signing in, by what they are about.

pub mod account;
pub mod password;
pub mod session;

use serde::Serialize;
use utoipa::ToSchema;

/// One sentence about what was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Message {
    /// The sentence.
    pub message: String,
}

/// That something was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
}

fn message(text: &str) -> axum::Json<Message> {
    axum::Json(Message { message: text.to_owned() })
}

fn done(text: &str) -> axum::Json<Done> {
    axum::Json(Done { success: true, message: text.to_owned() })
}
