//! Tests of the application as a whole, on SQLite always and on PostgreSQL where there is one.

mod app;
mod architecture;
mod files;
mod openapi;
mod routes;
mod store;
mod uploads_law;
