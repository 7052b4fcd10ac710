//! How one company stands among those of its sector and year.

pub mod api;
pub(crate) mod service;
mod store;
