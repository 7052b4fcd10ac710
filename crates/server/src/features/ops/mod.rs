//! The running system.

pub mod api;
mod machine;
pub mod port;
mod scrape;
pub mod service;
mod store;
pub mod vitals;
