//! Operations of signing in, by what they are about.

pub mod account;
pub mod password;
pub mod session;

use serde::Serialize;
use utoipa::ToSchema;

/// That something was done, for clients that ask.
#[derive(Debug, Serialize, ToSchema)]
pub struct Succeeded {
    /// Always true.
    pub success: bool,
    /// One sentence.
    pub message: String,
}

fn succeeded(text: &str) -> axum::Json<Succeeded> {
    axum::Json(Succeeded { success: true, message: text.to_owned() })
}
