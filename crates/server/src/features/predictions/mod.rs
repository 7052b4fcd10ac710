//! Predictions of both kinds: one implementation, two sets of paths.

pub mod api;
mod columns;
pub mod service;
pub(crate) mod store;
