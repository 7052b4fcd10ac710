//! Who runs tenants and organizations: made, named and taken back from above.

pub mod api;
pub mod service;
mod store;
