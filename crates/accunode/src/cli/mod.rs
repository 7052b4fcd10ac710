//! The subcommands of the `accunode` binary.

pub mod model;
pub mod score;
