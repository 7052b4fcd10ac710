//! One file for each operation, in the folders of the features.

mod api_keys;
mod auth;
mod ops;
mod organizations;
mod predictions;
mod tenant_admins;
mod tenants;
mod uploads;
pub mod users;
