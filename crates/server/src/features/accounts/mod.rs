//! Accounts behind every operation on people: made, placed in tenants and organizations, closed. No operations of
//! its own; the rules that several features share stand here once.

mod names;
pub mod places;
pub mod service;
pub(crate) mod store;

pub use names::{email, is_domain, username};
