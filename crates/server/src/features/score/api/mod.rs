//! Shapes of scores that are not stored.

pub mod explanation;
