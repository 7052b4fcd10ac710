//! The queue as its operators see it: lanes, workers, and jobs that died.

pub mod api;
pub mod service;
