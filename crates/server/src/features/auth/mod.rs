//! Signing in and recognising who calls.

pub mod api;
pub mod passwords;
pub mod service;
mod store;
pub mod tokens;
