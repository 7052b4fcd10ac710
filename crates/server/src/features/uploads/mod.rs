//! Portfolio files: taken in, scored and stored as jobs.

pub mod api;
pub mod jobs;
pub mod service;
pub(crate) mod store;
