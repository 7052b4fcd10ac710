//! Tenants: the customers, each invisible to the others.

pub mod api;
pub mod service;
pub(crate) mod store;
