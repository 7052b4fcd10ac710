//! Files and wake-ups: embedded on one machine, or shared between servers.
//!
//! - [`Blobs`] keeps uploaded files and results. Writing is streamed, limited in size and hashed on the way; a
//!   file is there whole or not at all.
//! - [`Wake`] tells the workers that there is something to do: within the process, or through Redis to those on
//!   other machines. It only makes them start sooner: they look by themselves anyway.
//!
//! Nothing here prints an address or a password.

mod blobs;
mod wake;

pub use blobs::{BlobError, Blobs, LocalFile, Stored};
pub use wake::{Listener, Wake, WakeError};
