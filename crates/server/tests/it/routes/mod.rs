//! One file for each operation, in the folders of the features.

mod auth;
mod ops;
mod organizations;
pub mod predictions;
mod tenant_admins;
mod tenants;
mod uploads;
pub mod users;
