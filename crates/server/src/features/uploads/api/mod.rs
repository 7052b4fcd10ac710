//! Operations on portfolio files.

pub mod at_once;
pub mod control;
pub mod detail;
pub mod download;
pub mod events;
pub mod jobs;
pub mod results;
pub mod submit;
