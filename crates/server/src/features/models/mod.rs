//! Models that are brought along: which there are, and which of them is in use.

pub mod api;
pub mod content;
pub mod replay;
pub mod service;
pub(crate) mod store;
