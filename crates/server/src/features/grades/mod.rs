//! Master scales: which grade a probability has.

pub mod api;
pub mod service;
pub(crate) mod store;
