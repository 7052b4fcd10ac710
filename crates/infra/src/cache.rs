//! What was worked out a short while ago, for whoever asks the same again.

use std::{
    fmt,
    sync::{Arc, LazyLock},
    time::{Duration, Instant},
};

use accunode_telemetry::{CACHE_REQUESTS, IntCounter};
use bytes::Bytes;
use moka::{Expiry, sync::Cache as Moka};
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use sha2::{Digest as _, Sha256};
use tokio::sync::OnceCell;

use crate::flight::{Flights, Turn};

/// How long values are kept unless something else is said.
const USUAL: Duration = Duration::from_secs(60);
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

/// Keeps values for a minute, or as long as is said; clones are the same.
///
/// Whoever uses it puts into the key what the value depends on: whose sight it is, and how often the data in that
/// sight was changed. So nothing has to be taken out when something changes, and nobody finds another's value.
#[derive(Clone)]
pub struct Cache {
    kept: Arc<Kept>,
    flights: Arc<Flights>,
    usual: Duration,
}

enum Kept {
    Memory(Moka<[u8; 32], Value>),
    Remote(Box<Remote>),
}

/// A value in memory and how long it is kept.
#[derive(Clone)]
struct Value {
    bytes: Bytes,
    life: Duration,
}

/// Each value's own life, from when it was last put.
struct Lives;

impl Expiry<[u8; 32], Value> for Lives {
    fn expire_after_create(&self, _: &[u8; 32], value: &Value, _: Instant) -> Option<Duration> {
        Some(value.life)
    }

    fn expire_after_update(
        &self,
        _: &[u8; 32],
        value: &Value,
        _: Instant,
        _: Option<Duration>,
    ) -> Option<Duration> {
        Some(value.life)
    }
}

/// A Redis, connected to when it is first needed.
struct Remote {
    client: redis::Client,
    manager: OnceCell<ConnectionManager>,
}

/// The memory of a Redis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ServerMemory {
    /// What it uses, in bytes.
    pub used: i64,
    /// What it may use; 0 without a limit.
    pub most: i64,
}

impl ServerMemory {
    fn read(text: &str) -> Option<Self> {
        let number = |name: &str| text.lines().find_map(|line| line.strip_prefix(name))?.trim().parse().ok();
        Some(Self { used: number("used_memory:")?, most: number("maxmemory:")? })
    }
}

/// How questions to a cache end, as they are counted: the value was there, it was not, or there was no answer.
pub const CACHE_OUTCOMES: [&str; 3] = ["hit", "miss", "error"];

/// How questions ended, looked up once.
struct Asked {
    hit: IntCounter,
    miss: IntCounter,
    error: IntCounter,
}

static ASKED: LazyLock<Asked> = LazyLock::new(|| {
    let [hit, miss, error] = CACHE_OUTCOMES.map(|outcome| CACHE_REQUESTS.with_label_values(&[outcome]));
    Asked { hit, miss, error }
});

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &*self.kept {
            Kept::Memory(_) => "Cache(in process)",
            Kept::Remote(_) => "Cache(redis)",
        })
    }
}

impl Cache {
    /// Within this process.
    #[must_use]
    pub fn in_process() -> Self {
        let weigh = |_: &[u8; 32], value: &Value| u32::try_from(value.bytes.len() + 80).unwrap_or(u32::MAX);
        let memory = Moka::builder().max_capacity(ROOM).weigher(weigh).expire_after(Lives).build();
        Self::of(Kept::Memory(memory))
    }

    fn of(kept: Kept) -> Self {
        Self { kept: Arc::new(kept), flights: Arc::default(), usual: USUAL }
    }

    /// The same values, kept for another while unless something else is said.
    #[must_use]
    pub fn with_usual(self, usual: Duration) -> Self {
        Self { usual, ..self }
    }

    /// Shared by every process that uses this Redis or Valkey. Nothing is connected to yet; while it is away, nothing
    /// is found.
    ///
    /// # Errors
    /// [`CacheError::Url`].
    pub fn redis(url: &str) -> Result<Self, CacheError> {
        let client = redis::Client::open(url).map_err(|_| CacheError::Url)?;
        Ok(Self::of(Kept::Remote(Box::new(Remote { client, manager: OnceCell::new() }))))
    }

    /// The value, if it is kept.
    pub async fn get(&self, key: &str) -> Option<Bytes> {
        let key = digest(key);
        let found = match &*self.kept {
            Kept::Memory(memory) => Some(memory.get(&key).map(|value| value.bytes)),
            Kept::Remote(remote) => {
                let mut command = redis::cmd("GET");
                command.arg(name(&key));
                ask::<Option<Vec<u8>>>(remote, &command, PATIENCE).await.map(|value| value.map(Bytes::from))
            }
        };
        let asked = &*ASKED;
        match &found {
            Some(Some(_)) => &asked.hit,
            Some(None) => &asked.miss,
            None => &asked.error,
        }
        .inc();
        found.flatten()
    }

    /// The memory of the Redis behind it: none without one, and none of the memory while it does not answer.
    pub async fn server_memory(&self) -> Option<Option<ServerMemory>> {
        let Kept::Remote(remote) = &*self.kept else { return None };
        let mut command = redis::cmd("INFO");
        command.arg("memory");
        let told = ask::<String>(remote, &command, Duration::from_secs(1)).await;
        Some(told.and_then(|text| ServerMemory::read(&text)))
    }

    /// The value, or the one that is made now, which is kept unless it has more than `most` bytes. Of several in this
    /// process who miss it at once one makes it; if that fails, each of the others makes it for itself.
    ///
    /// # Errors
    /// What `make` says.
    pub async fn get_or_make<E>(
        &self,
        key: &str,
        most: usize,
        make: impl Future<Output = Result<Bytes, E>>,
    ) -> Result<Bytes, E> {
        match self.get(key).await {
            Some(kept) => Ok(kept),
            None => self.make(key, most, make).await,
        }
    }

    /// As [`Cache::get_or_make`], for whoever has missed the value just now.
    ///
    /// # Errors
    /// What `make` says.
    pub async fn make<E>(
        &self,
        key: &str,
        most: usize,
        make: impl Future<Output = Result<Bytes, E>>,
    ) -> Result<Bytes, E> {
        let lead = match self.flights.enter(digest(key)) {
            Turn::Lead(lead) => Some(lead),
            Turn::Follow(follow) => match follow.landed().await {
                Some(value) => return Ok(value),
                None => None,
            },
        };
        let value = make.await?;
        if value.len() <= most {
            self.put(key, value.clone()).await;
        }
        // Kept before it lands: whoever comes in between finds it.
        if let Some(lead) = lead {
            lead.land(value.clone());
        }
        Ok(value)
    }

    /// Keeps a value for the usual while.
    pub async fn put(&self, key: &str, value: Bytes) {
        self.put_for(key, value, self.usual).await;
    }

    /// Keeps a value for as long as `life`.
    pub async fn put_for(&self, key: &str, value: Bytes, life: Duration) {
        let key = digest(key);
        match &*self.kept {
            Kept::Memory(memory) => memory.insert(key, Value { bytes: value, life }),
            Kept::Remote(remote) => {
                let life = u64::try_from(life.as_millis()).unwrap_or(u64::MAX).max(1);
                let mut command = redis::cmd("SET");
                command.arg(name(&key)).arg(&value[..]).arg("PX").arg(life);
                // What cannot be kept is worked out again.
                ask::<()>(remote, &command, PATIENCE).await;
            }
        }
    }
}

/// The answer, if one comes in time.
async fn ask<T: redis::FromRedisValue>(
    remote: &Remote,
    command: &redis::Cmd,
    patience: Duration,
) -> Option<T> {
    let asked = async {
        let mut connection = connection(remote).await?;
        command.query_async::<T>(&mut connection).await.ok()
    };
    tokio::time::timeout(patience, asked).await.ok().flatten()
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
    use std::sync::atomic::{AtomicU32, Ordering};

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
    async fn each_value_has_its_own_life() {
        let cache = Cache::in_process().with_usual(Duration::from_millis(1));
        cache.put("usual", Bytes::from_static(b"1")).await;
        cache.put_for("long", Bytes::from_static(b"1"), Duration::from_secs(3_600)).await;
        for _ in 0..2 {
            cache.put_for("again", Bytes::from_static(b"1"), Duration::from_millis(1)).await;
            cache.put_for("again", Bytes::from_static(b"2"), Duration::from_secs(3_600)).await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(cache.get("usual").await, None);
        assert_eq!(cache.get("long").await.as_deref(), Some(&b"1"[..]));
        assert_eq!(cache.get("again").await.as_deref(), Some(&b"2"[..]));
    }

    /// A value that is made while others ask for it, and how often it was.
    async fn asked_by_many(cache: &Cache, made: &AtomicU32, fail: bool) -> Vec<Result<Bytes, ()>> {
        let one = || {
            cache.get_or_make("slow", 1 << 10, async {
                made.fetch_add(1, Ordering::Relaxed);
                // Long enough for everybody to come.
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                if fail { Err(()) } else { Ok(Bytes::from_static(b"made")) }
            })
        };
        let (a, b, c, d) = tokio::join!(one(), one(), one(), one());
        vec![a, b, c, d]
    }

    #[tokio::test]
    async fn several_who_miss_the_same_have_it_made_once() {
        let (cache, made) = (Cache::in_process(), AtomicU32::new(0));
        let all = asked_by_many(&cache, &made, false).await;
        assert!(all.iter().all(|value| value.as_deref() == Ok(&b"made"[..])));
        assert_eq!(made.load(Ordering::Relaxed), 1);
        let all = asked_by_many(&cache, &made, true).await;
        assert!(all.iter().all(Result::is_ok), "kept");
        assert_eq!(made.load(Ordering::Relaxed), 1);
    }

    #[tokio::test]
    async fn a_failure_is_nobody_elses() {
        let (cache, made) = (Cache::in_process(), AtomicU32::new(0));
        assert!(asked_by_many(&cache, &made, true).await.iter().all(Result::is_err));
        assert_eq!(made.load(Ordering::Relaxed), 4);
        assert!(asked_by_many(&cache, &made, false).await.iter().all(Result::is_ok), "nothing is left over");
    }

    #[tokio::test]
    async fn who_goes_away_leaves_the_work_to_who_waits() {
        let cache = Cache::in_process();
        let leader = {
            let cache = cache.clone();
            tokio::spawn(async move {
                cache.get_or_make("k", 9, std::future::pending::<Result<Bytes, ()>>()).await
            })
        };
        tokio::task::yield_now().await;
        let second =
            async { cache.get_or_make("k", 9, async { Ok::<_, ()>(Bytes::from_static(b"2")) }).await };
        let goes = async {
            tokio::task::yield_now().await;
            leader.abort();
        };
        assert_eq!(tokio::join!(second, goes).0.as_deref(), Ok(&b"2"[..]));
    }

    #[tokio::test]
    async fn what_is_too_large_to_keep_is_still_given_to_all() {
        let (cache, made) = (Cache::in_process(), AtomicU32::new(0));
        let one = || {
            cache.get_or_make("large", 2, async {
                made.fetch_add(1, Ordering::Relaxed);
                for _ in 0..100 {
                    tokio::task::yield_now().await;
                }
                Ok::<_, ()>(Bytes::from_static(b"large"))
            })
        };
        let (a, b) = tokio::join!(one(), one());
        assert!(a.is_ok() && a == b);
        assert_eq!((made.load(Ordering::Relaxed), cache.get("large").await), (1, None));
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_keeps_nothing_and_breaks_nothing() {
        let cache = Cache::redis("redis://127.0.0.1:1").unwrap();
        cache.put("a", Bytes::from_static(b"1")).await;
        assert_eq!(cache.get("a").await, None);
        assert!(Cache::redis("nonsense").is_err());
    }
}
