//! One file for each operation, in the folders of the features.

mod api_keys;
mod audit_log;
mod auth;
mod contact;
mod ops;
pub(crate) mod predictions;
mod uploads;
mod users;
