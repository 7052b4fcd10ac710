//! Figures of what is in somebody's sight: counts, distributions, trends, and how one company stands among its peers.

pub mod api;
pub mod peers;
pub mod service;
pub(crate) mod store;
