//! The running system.

pub mod api;
pub mod backup;
mod machine;
pub mod port;
mod scrape;
pub mod service;
mod store;
pub mod vitals;
