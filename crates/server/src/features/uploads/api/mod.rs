//! Operations on portfolio files.

pub mod control;
pub mod detail;
pub mod jobs;
pub mod results;
pub mod submit;
