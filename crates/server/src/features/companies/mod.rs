//! Companies: finding, adding, changing and deleting them.

pub mod api;
pub mod service;
pub mod store;
