//! Operations on portfolio files.

pub mod jobs;
pub mod results;
pub mod submit;
