//! Keys that machines sign in with, each confined to some of its owner's permissions.

pub mod api;
pub mod service;
pub(crate) mod store;
