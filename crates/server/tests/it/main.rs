//! Tests of the application as a whole, on SQLite always and on PostgreSQL where there is one.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // in helpers of tests as in tests
#![allow(unreachable_pub)] // a test program: nothing of it is reached from outside

mod app;
mod architecture;
mod files;
mod openapi;
mod routes;
mod store;
mod uploads_law;
