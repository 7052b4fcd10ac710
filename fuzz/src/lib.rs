//! What the fuzz targets try. The tests of the server include the same files and run them over the corpus and what a
//! seeded mutator makes of it (`crates/server/tests/it/hostile`), so each function must hold for any bytes.

pub mod scoring;
#[cfg(feature = "server")]
pub mod server;
pub mod sheets;
