//! The application: HTTP operations and background jobs, feature by feature.

pub mod audit;
pub mod caller;
pub mod coalesce;
pub mod config;
mod connections;
pub mod features;
pub mod http;
mod listing;
pub mod middleware;
pub mod models;
pub mod router;
pub mod state;
pub mod workers;
