//! Signing in and recognising who calls.

pub mod api;
pub mod jobs;
pub mod lockout;
pub mod passwords;
pub(crate) mod recognition;
pub mod resets;
pub mod secrets;
pub mod service;
mod store;
pub mod tokens;
