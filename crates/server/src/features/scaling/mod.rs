//! How many workers there are, how many there should be, and who sees to it.

pub mod api;
pub mod decision;
mod emf;
pub mod jobs;
pub mod measure;
pub mod service;
pub(crate) mod store;
