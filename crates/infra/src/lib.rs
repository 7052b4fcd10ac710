//! Files and wake-ups: embedded or shared between servers.
