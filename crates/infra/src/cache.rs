//! What was worked out a short while ago, for whoever asks the same again.

use std::{fmt, sync::Arc, time::Duration};

use bytes::Bytes;
use moka::sync::Cache as Moka;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

/// The longest that anything is kept.
const LONGEST: Duration = Duration::from_secs(60);
/// How much of memory may be filled, in bytes.
const ROOM: u64 = 64 << 20;
/// The longest that a request waits for Redis: working it out again is the better choice then.
const PATIENCE: Duration = Duration::from_millis(100);

/// Why values cannot be shared through a server. Says nothing of its address.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// The URL cannot be read.
    #[error("the Redis URL cannot be read: redis://host:port or rediss://host:port is expected")]
    Url,
}

/// Keeps values for at most a minute; clones are the same.
///
/// Whoever uses it puts into the key what the value depends on: whose sight it is, and how often the data in that
/// sight was changed. So nothing has to be taken out when something changes, and nobody finds another's value.
#[derive(Clone)]
pub struct Cache(Arc<Kept>);

enum Kept {
    Memory(Moka<[u8; 32], Bytes>),
    Remote(Box<Remote>),
}

/// A Redis, connected to when it is first needed.
struct Remote {
    client: redis::Client,
    manager: OnceCell<ConnectionManager>,
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.0 {
            Kept::Memory(_) => "Cache(in process)",
            Kept::Remote(_) => "Cache(redis)",
        })
    }
}

impl Cache {
    /// Within this process.
    #[must_use]
    pub fn in_process() -> Self {
        let weigh = |_: &[u8; 32], value: &Bytes| u32::try_from(value.len() + 64).unwrap_or(u32::MAX);
        let memory = Moka::builder().max_capacity(ROOM).weigher(weigh).time_to_live(LONGEST).build();
        Self(Arc::new(Kept::Memory(memory)))
    }

    /// Shared by every process that uses this Redis or Valkey. Nothing is connected to yet; while it is away, nothing
    /// is found.
    ///
    /// # Errors
    /// [`CacheError::Url`].
    pub fn redis(url: &str) -> Result<Self, CacheError> {
        let client = redis::Client::open(url).map_err(|_| CacheError::Url)?;
        Ok(Self(Arc::new(Kept::Remote(Box::new(Remote { client, manager: OnceCell::new() })))))
    }

    /// The value, if it is kept.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        let key = digest(key);
        match &*self.0 {
            Kept::Memory(memory) => memory.get(&key),
            Kept::Remote(remote) => {
                let ask = async {
                    let mut connection = connection(remote).await?;
                    redis::cmd("GET")
                        .arg(name(&key))
                        .query_async::<Option<Vec<u8>>>(&mut connection)
                        .await
                        .ok()?
                };
                tokio::time::timeout(PATIENCE, ask).await.ok().flatten().map(Bytes::from)
            }
        }
    }

    /// Keeps a value for at most a minute.
    pub async fn put(&self, key: &str, value: Bytes) {
        let key = digest(key);
        match &*self.0 {
            Kept::Memory(memory) => memory.insert(key, value),
            Kept::Remote(remote) => {
                let tell = async {
                    let mut connection = connection(remote).await?;
                    let mut command = redis::cmd("SET");
                    command.arg(name(&key)).arg(&value[..]).arg("EX").arg(LONGEST.as_secs());
                    command.query_async::<()>(&mut connection).await.ok()
                };
                // What cannot be kept is worked out again.
                let _ = tokio::time::timeout(PATIENCE, tell).await;
            }
        }
    }
}

async fn connection(remote: &Remote) -> Option<ConnectionManager> {
    let config = ConnectionManagerConfig::new().set_number_of_retries(0).set_response_timeout(Some(PATIENCE));
    let connect = || async { ConnectionManager::new_with_config(remote.client.clone(), config).await };
    remote.manager.get_or_try_init(connect).await.ok().cloned()
}

fn digest(key: &str) -> [u8; 32] {
    Sha256::digest(key.as_bytes()).into()
}

fn name(key: &[u8; 32]) -> String {
    format!("accunode:cache:{}", hex::encode(key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_value_is_found_by_its_key_alone() {
        let cache = Cache::in_process();
        assert_eq!(cache.get("a").await, None);
        cache.put("a", Bytes::from_static(b"1")).await;
        assert_eq!(cache.get("a").await.as_deref(), Some(&b"1"[..]));
        assert_eq!(cache.clone().get("a").await.as_deref(), Some(&b"1"[..]));
        assert_eq!(cache.get("b").await, None);
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_keeps_nothing_and_breaks_nothing() {
        let cache = Cache::redis("redis://127.0.0.1:1").unwrap();
        cache.put("a", Bytes::from_static(b"1")).await;
        assert_eq!(cache.get("a").await, None);
        assert!(Cache::redis("nonsense").is_err());
    }
}
