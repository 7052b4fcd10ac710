//! The reader and the writer from outside, on files made by spreadsheets' own rules and on damaged ones.
#![allow(clippy::unwrap_used, clippy::print_stdout)] // helpers of tests, outside the test functions themselves

mod csv;
mod hostile;
mod parts;
mod real_files;
mod round_trip;
mod sample;
mod support;
mod xlsx;
