//! Scoring without storing: scores with their reasons, what-if, and the way to a wanted level.

pub mod api;
pub mod service;
