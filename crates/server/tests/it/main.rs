//! Tests of the application as a whole, on SQLite always and on PostgreSQL where there is one.

#![allow(unreachable_pub)] // a test program: nothing of it is reached from outside
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // tests

mod app;
mod architecture;
mod asvs;
mod chunks_law;
mod client_contract;
mod clock;
mod concurrency;
mod defects;
mod defects_of_data;
mod files;
mod headers;
mod hostile;
mod isolation;
mod limits;
mod openapi;
mod roles_law;
mod routes;
mod sessions;
mod store;
mod two_servers;
mod uploads_law;
mod uploads_resume;
mod web;
