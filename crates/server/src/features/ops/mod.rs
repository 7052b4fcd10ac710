//! The running system.

pub mod api;
pub mod service;
