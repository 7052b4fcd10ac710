//! "There is something to do": from whoever enqueues to whoever works.

mod redis;
#[cfg(test)]
mod tests;

use std::{fmt, sync::Arc, time::Duration};

use async_trait::async_trait;
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

use self::redis::Redis;

/// Why wake-ups cannot be sent through a server. Says nothing of its address.
#[derive(Debug, thiserror::Error)]
pub enum WakeError {
    /// The URL cannot be read.
    #[error("the Redis URL cannot be read: redis://host:port or rediss://host:port is expected")]
    Url,
}

const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Carries wake-ups between processes. What fails is said without an address.
#[async_trait]
pub trait Carrier: Send + Sync + 'static {
    /// What it is, as it stands in the log.
    fn name(&self) -> &'static str;

    /// Wakes the listeners of every process.
    ///
    /// # Errors
    /// Why the wake-up is lost.
    async fn publish(&self) -> Result<(), String>;

    /// Calls `heard` once it listens, since what was published before is not repeated, and then with each wake-up.
    /// Ends when the connection is lost.
    ///
    /// # Errors
    /// Why it could not listen, or why the connection was lost.
    async fn listen(&self, heard: &(dyn Fn() + Send + Sync)) -> Result<(), String>;

    /// Whether it answers soon. None when that is asked elsewhere.
    async fn ping(&self) -> Option<bool> {
        None
    }
}

/// Wakes every listener; clones are the same.
///
/// Several wake-ups that nobody has heard yet become one, and none is lost inside the process. Between processes one
/// may get lost while a connection is down; listeners are woken when it is back.
#[derive(Clone)]
pub struct Wake {
    shared: Arc<Shared>,
}

struct Shared {
    heard: watch::Sender<u64>,
    remote: Option<Remote>,
}

struct Remote {
    carrier: Arc<dyn Carrier>,
    to_publish: Arc<Notify>,
    _stop: DropGuard,
}

/// Hears wake-ups from the moment it was made.
#[derive(Debug)]
pub struct Listener {
    heard: watch::Receiver<u64>,
    /// Keeps the connection alive.
    _wake: Wake,
}

impl fmt::Debug for Wake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "Wake({})",
            self.shared.remote.as_ref().map_or("in process", |remote| remote.carrier.name())
        )
    }
}

impl Wake {
    /// Within this process.
    #[must_use]
    pub fn in_process() -> Self {
        Self { shared: Arc::new(Shared { heard: watch::Sender::new(0), remote: None }) }
    }

    /// Through the Redis (or Valkey) of `url` to every process, as [`Wake::carried`] says.
    ///
    /// # Errors
    /// [`WakeError::Url`].
    pub fn redis(url: &str) -> Result<Self, WakeError> {
        Ok(Self::carried(Redis::new(url)?))
    }

    /// Through a carrier to every process, and within this one even while the carrier is away. Connects in the
    /// background, again and again until the last clone is dropped. Must be called on a tokio runtime.
    #[must_use]
    pub fn carried(carrier: impl Carrier) -> Self {
        let carrier: Arc<dyn Carrier> = Arc::new(carrier);
        let stop = CancellationToken::new();
        let heard = watch::Sender::new(0);
        let to_publish = Arc::new(Notify::new());
        let listening = subscribe(Arc::clone(&carrier), heard.clone());
        tokio::spawn(stop.clone().run_until_cancelled_owned(listening));
        let publishing = publish(Arc::clone(&carrier), Arc::clone(&to_publish));
        tokio::spawn(stop.clone().run_until_cancelled_owned(publishing));
        let remote = Some(Remote { carrier, to_publish, _stop: stop.drop_guard() });
        Self { shared: Arc::new(Shared { heard, remote }) }
    }

    /// Whether Redis answers within two seconds. None without Redis.
    pub async fn ping(&self) -> Option<bool> {
        self.shared.remote.as_ref()?.carrier.ping().await
    }

    /// Wakes every listener. Never waits and never fails. Call it after the commit: who wakes up before does not
    /// see the work.
    pub fn notify(&self) {
        bump(&self.shared.heard);
        if let Some(remote) = &self.shared.remote {
            remote.to_publish.notify_one();
        }
    }

    /// Begins to listen.
    #[must_use]
    pub fn listen(&self) -> Listener {
        Listener { heard: self.shared.heard.subscribe(), _wake: self.clone() }
    }
}

impl Listener {
    /// Waits for a wake-up; returns at once if there was one since the last.
    pub async fn wait(&mut self) {
        // The sender lives as long as this value's own Wake.
        self.heard.changed().await.ok();
    }
}

fn bump(heard: &watch::Sender<u64>) {
    heard.send_modify(|n| *n = n.wrapping_add(1));
}

/// Hears what others publish; connects again when the connection is lost.
async fn subscribe(carrier: Arc<dyn Carrier>, heard: watch::Sender<u64>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let listening = std::sync::atomic::AtomicBool::new(false);
        let hear = || {
            listening.store(true, std::sync::atomic::Ordering::Relaxed);
            bump(&heard);
        };
        let reason = carrier.listen(&hear).await.err().unwrap_or_else(|| "it was closed".to_owned());
        let through = carrier.name();
        if listening.into_inner() {
            pause = FIRST_PAUSE;
            tracing::warn!(
                through,
                reason,
                "the connection for wake-ups was lost; work starts later until it is back"
            );
        } else {
            tracing::warn!(through, reason, "wake-ups cannot be listened for");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

/// Publishes on demand; what is demanded meanwhile becomes one. A message that cannot be sent is dropped: by the time
/// the carrier is back the workers have looked by themselves.
async fn publish(carrier: Arc<dyn Carrier>, to_publish: Arc<Notify>) {
    loop {
        to_publish.notified().await;
        if let Err(reason) = carrier.publish().await {
            tracing::debug!(through = carrier.name(), reason, "a wake-up was not published");
        }
    }
}
