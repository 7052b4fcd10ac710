//! The subcommands of the `accunode` binary.

pub mod doctor;
pub mod migrate;
pub mod model;
pub mod openapi;
pub mod score;
pub mod serve;
