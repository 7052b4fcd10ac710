//! The subcommands of the `accunode` binary.

pub(crate) mod model;
pub(crate) mod score;
