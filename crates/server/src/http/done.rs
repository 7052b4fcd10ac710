//! The answer of operations that have nothing to show.

use axum::Json;
use serde::Serialize;
use utoipa::ToSchema;

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
pub struct Done {
    /// One sentence for the person who asked.
    pub message: String,
}

impl Done {
    /// As an answer.
    pub fn json(message: impl Into<String>) -> Json<Self> {
        Json(Self { message: message.into() })
    }
}
