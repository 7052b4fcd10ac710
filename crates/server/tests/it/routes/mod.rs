//! One file for each operation, in the folders of the features.

mod api_keys;
mod audit_log;
mod auth;
pub(crate) mod companies;
mod contact;
mod dashboard;
mod grades;
mod models;
mod ops;
mod organizations;
pub(crate) mod predictions;
mod queue_admin;
mod scaling;
mod score;
mod tenant_admins;
mod tenants;
mod uploads;
pub mod users;
