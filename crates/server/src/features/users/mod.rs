//! People.

pub mod api;
pub mod service;
mod store;
