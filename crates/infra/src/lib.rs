//! Files, wake-ups, rate limits, a cache, mail and the number of workers: embedded on one machine, or shared between servers.
//!
//! - [`Blobs`] keeps uploaded files and results, in a folder or in a bucket of S3. Writing is streamed, limited in size and hashed on the way; a
//!   file is there whole or not at all.
//! - [`Wake`] tells the workers that there is something to do: within the process, or through Redis or another [`Carrier`] to
//!   those elsewhere. It only makes them start sooner: they look by themselves anyway.
//! - [`RateLimits`] counts how often a key does something: within the process, or through Redis for all servers
//!   together.
//! - [`Cache`] keeps what was worked out for a short while: in this process, or in Redis for all servers. What several
//!   ask for at once is worked out once.
//! - [`Mail`] hands messages to a mail server, or puts them into a folder.
//! - [`Scaler`] changes the number of workers: processes of this machine, or tasks of a service on Amazon ECS.
//!
//! Nothing here prints a URL or a password.

mod blobs;
mod cache;
mod flight;
mod mail;
mod rate_limit;
mod scaler;
mod tls;
mod wake;

pub use blobs::{BlobError, Blobs, Listed, LocalFile, S3Settings, Stored};
pub use cache::{CACHE_OUTCOMES, Cache, CacheError, ServerMemory};
pub use mail::{Mail, MailError, Message, Security, SmtpSettings};
pub use rate_limit::{Rate, RateLimitError, RateLimits, Standing, Verdict};
pub use scaler::{EcsService, EcsSettings, LocalCommand, LocalWorkers, Scaler, ScalerError};
pub use tls::use_ring;
pub use wake::{Carrier, Listener, Wake, WakeError};
