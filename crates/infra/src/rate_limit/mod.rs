//! How often a key may do something.

mod memory;
mod rate;
mod remote;
#[cfg(test)]
mod tests;
mod window;

use std::{cmp::Reverse, fmt, sync::Arc, time::Duration};

use sha2::{Digest as _, Sha256};

pub use rate::Rate;

use memory::Memory;
use remote::Remote;
use window::{Count, slot_width};

/// Why limits cannot be shared through a server. Says nothing of its address.
#[derive(Debug, thiserror::Error)]
pub enum RateLimitError {
    /// The URL cannot be read.
    #[error("the Redis URL cannot be read: redis://host:port or rediss://host:port is expected")]
    Url,
}

/// How a key stands with the rate that matters most: the one that refused (of several, the one that does so for
/// the longest time), otherwise the one with the least remaining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The rate.
    pub rate: Rate,
    /// How many more requests are allowed now.
    pub remaining: u32,
    /// Until the key has its full count again, if it does nothing.
    pub reset: Duration,
}

/// Whether a request may go on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It may, and was counted under every rate.
    Allowed(Standing),
    /// It may not, and was not counted.
    Refused {
        /// How the key stands with the rate that refused.
        standing: Standing,
        /// The earliest moment at which it would be allowed, if nobody else asks. Round up, never down.
        retry_after: Duration,
    },
}

/// SHA-256 of the caller's key, cut: of one size whatever the caller's is, and no address can be read in Redis.
type Key = [u8; 16];

/// Counts requests by key; clones are the same.
///
/// A window slides in 60 steps: a request counts for the whole window and for up to a 60th of it longer. So no more
/// than the count ever pass in any time as long as the window, wherever it begins, and a request that the exact
/// window would just allow may have to wait for that 60th: a second of a minute, a minute of an hour.
///
/// In one process memory is bounded (65,536 keys; those that used the least of their count go first). Through Redis
/// all servers count together, by the clock of Redis; while it is away each counts by itself, so that as many times
/// the count may pass as there are servers.
#[derive(Clone)]
pub struct RateLimits {
    shared: Arc<Shared>,
}

struct Shared {
    memory: Memory,
    remote: Option<Remote>,
}

impl fmt::Debug for RateLimits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.shared.remote.is_some() { "RateLimits(redis)" } else { "RateLimits(in process)" })
    }
}

impl RateLimits {
    /// Within this process.
    #[must_use]
    pub fn in_process() -> Self {
        Self { shared: Arc::new(Shared { memory: Memory::new(), remote: None }) }
    }

    /// Shared by all servers through the Redis (or Valkey) of `url`. Connects when the first request comes.
    ///
    /// # Errors
    /// [`RateLimitError::Url`].
    pub fn redis(url: &str) -> Result<Self, RateLimitError> {
        let client = redis::Client::open(url).map_err(|_| RateLimitError::Url)?;
        Ok(Self { shared: Arc::new(Shared { memory: Memory::new(), remote: Some(Remote::new(client)) }) })
    }

    /// Counts a request of `key` under all `rates`, or under none if one of them refuses it. `now_micros` is the
    /// caller's clock in microseconds since 1970; Redis uses its own. Never fails, and waits for Redis for 250 ms
    /// at most.
    ///
    /// The key says what is limited, not only for whom: rates with the same window under the same key share one
    /// count. Without rates everything is allowed.
    pub async fn check(&self, key: &str, rates: &[Rate], now_micros: i64) -> Verdict {
        let rates = one_a_window(rates);
        if rates.is_empty() {
            return unlimited();
        }
        let key = hashed(key);
        let counts = match &self.shared.remote {
            Some(remote) => remote.check(key, &rates).await,
            None => None,
        };
        let counts = counts.unwrap_or_else(|| self.shared.memory.check(key, &rates, now_micros));
        verdict(&rates, &counts)
    }
}

fn hashed(key: &str) -> Key {
    let mut short = Key::default();
    short.copy_from_slice(&Sha256::digest(key)[..16]);
    short
}

/// Of rates with the same window the strictest: they are counted together.
fn one_a_window(rates: &[Rate]) -> Vec<Rate> {
    let mut kept: Vec<Rate> = Vec::with_capacity(rates.len());
    for rate in rates {
        match kept.iter_mut().find(|other| slot_width(other.window) == slot_width(rate.window)) {
            Some(other) if rate.count < other.count => *other = *rate,
            Some(_) => {}
            None => kept.push(*rate),
        }
    }
    kept
}

fn verdict(rates: &[Rate], counts: &[Count]) -> Verdict {
    let standings = rates.iter().zip(counts).map(|(rate, count)| {
        let remaining = u64::from(rate.count).saturating_sub(count.used);
        let remaining = u32::try_from(remaining).unwrap_or(u32::MAX);
        let standing = Standing { rate: *rate, remaining, reset: Duration::from_micros(count.reset) };
        (standing, Duration::from_micros(count.wait))
    });
    // The longest wait first; without one the least remaining, and of equals the one that lasts.
    let strictest = standings
        .min_by_key(|(standing, wait)| (Reverse(*wait), standing.remaining, Reverse(standing.reset)));
    match strictest {
        Some((standing, Duration::ZERO)) => Verdict::Allowed(standing),
        Some((standing, retry_after)) => Verdict::Refused { standing, retry_after },
        None => unlimited(),
    }
}

fn unlimited() -> Verdict {
    let rate = Rate { count: u32::MAX, window: Duration::from_secs(1) };
    Verdict::Allowed(Standing { rate, remaining: u32::MAX, reset: Duration::ZERO })
}
