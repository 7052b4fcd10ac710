//! The application by feature; each folder has `api.rs` (handlers and their types), `service.rs` (rules),
//! `store.rs` (SQL) and, where there is background work, `jobs.rs`.

pub mod accounts;
pub mod api_keys;
pub mod audit_log;
pub mod auth;
pub mod companies;
pub mod contact;
pub mod dashboard;
pub mod grades;
pub mod models;
pub mod ops;
pub mod organizations;
pub mod predictions;
pub mod queue_admin;
pub mod scaling;
pub mod score;
pub mod tenant_admins;
pub mod tenants;
pub mod uploads;
pub mod users;
