//! Rules about people.

pub mod administration;
pub mod creation;
pub mod me;
pub mod people;
