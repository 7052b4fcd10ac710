//! The `accunode` binary.
fn main() {}
