//! Organizations: the departments of tenants, who may join them and who is in them.

pub mod api;
pub mod service;
pub(crate) mod store;
