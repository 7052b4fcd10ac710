//! Crash drills: real processes on a PostgreSQL and a Redis of their own, which are killed, stopped, starved and
//! started again in the middle of uploads. After each drill every upload has ended, every row of its file is either
//! stored or refused, exactly once, and nothing else changed (`truth.rs`).
//!
//! Outages and rude clients are short in the suite; `make test-fault` (`ACCUNODE_FAULTS=full`) has them last as long as
//! docs/operations.md says, and prints what happened as a table.
//!
//! They skip themselves, saying so, where PostgreSQL or Redis is not installed. `make test-crash` runs twenty rounds of
//! random faults in place of the five of the suite; `ACCUNODE_DRILL_SEED` repeats the rounds of a run that failed.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::print_stderr)] // tests

mod cluster;
mod disk;
mod faults;
mod outages;
mod program;
mod restoring;
mod rounds;
mod rude;
mod slow;
mod truth;
