//! What people write through the contact form: kept, and mailed to the operator.

pub mod api;
pub mod jobs;
mod letter;
pub(crate) mod service;
mod store;
