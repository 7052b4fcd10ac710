//! Who did what, when and from where; and whether somebody changed the record.

pub mod api;
pub mod service;
pub mod store;
