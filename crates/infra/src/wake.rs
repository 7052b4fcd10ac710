//! "There is something to do": from whoever enqueues to whoever works.

use std::{fmt, sync::Arc, time::Duration};

use futures_util::StreamExt as _;
use tokio::sync::{Notify, watch};
use tokio_util::sync::{CancellationToken, DropGuard};

/// Why wake-ups cannot be sent through a server. Says nothing of its address.
#[derive(Debug, thiserror::Error)]
pub enum WakeError {
    /// The URL cannot be read.
    #[error("the Redis URL cannot be read: redis://host:port or rediss://host:port is expected")]
    Url,
}

/// The channel; messages carry nothing.
const CHANNEL: &str = "accunode:wake";
const PING: Duration = Duration::from_secs(2);
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);

/// Wakes every listener; clones are the same.
///
/// Several wake-ups that nobody has heard yet become one, and none is lost inside the process. Through Redis one
/// may get lost while the connection is down; listeners are woken when it is back.
#[derive(Clone)]
pub struct Wake {
    shared: Arc<Shared>,
}

struct Shared {
    heard: watch::Sender<u64>,
    remote: Option<Remote>,
}

struct Remote {
    client: redis::Client,
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
        f.write_str(if self.shared.remote.is_some() { "Wake(redis)" } else { "Wake(in process)" })
    }
}

impl Wake {
    /// Within this process.
    #[must_use]
    pub fn in_process() -> Self {
        Self { shared: Arc::new(Shared { heard: watch::Sender::new(0), remote: None }) }
    }

    /// Through the Redis (or Valkey) of `url` to every process, and within this one even while Redis is away.
    /// Connects in the background, again and again until the last clone is dropped. Must be called on a tokio
    /// runtime.
    ///
    /// # Errors
    /// [`WakeError::Url`].
    pub fn redis(url: &str) -> Result<Self, WakeError> {
        let client = redis::Client::open(url).map_err(|_| WakeError::Url)?;
        let pinged = client.clone();
        let stop = CancellationToken::new();
        let heard = watch::Sender::new(0);
        let to_publish = Arc::new(Notify::new());
        tokio::spawn(stop.clone().run_until_cancelled_owned(subscribe(client.clone(), heard.clone())));
        tokio::spawn(stop.clone().run_until_cancelled_owned(publish(client, Arc::clone(&to_publish))));
        let remote = Some(Remote { client: pinged, to_publish, _stop: stop.drop_guard() });
        Ok(Self { shared: Arc::new(Shared { heard, remote }) })
    }

    /// Whether Redis answers within two seconds. None without Redis.
    pub async fn ping(&self) -> Option<bool> {
        let client = &self.shared.remote.as_ref()?.client;
        let answer = async {
            let mut connection = client.get_multiplexed_async_connection().await?;
            redis::cmd("PING").query_async::<String>(&mut connection).await
        };
        Some(matches!(tokio::time::timeout(PING, answer).await, Ok(Ok(_))))
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
async fn subscribe(client: redis::Client, heard: watch::Sender<u64>) {
    let mut pause = FIRST_PAUSE;
    loop {
        match listen_once(&client, &heard).await {
            Ok(()) => {
                tracing::warn!("the connection to Redis was lost; work starts later until it is back");
                pause = FIRST_PAUSE;
            }
            // The kind only: the text may repeat the address.
            Err(error) => tracing::warn!(kind = ?error.kind(), "Redis cannot be reached"),
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
    }
}

async fn listen_once(client: &redis::Client, heard: &watch::Sender<u64>) -> redis::RedisResult<()> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe(CHANNEL).await?;
    // What was published while nobody listened is not repeated.
    bump(heard);
    let mut messages = subscription.on_message();
    while messages.next().await.is_some() {
        bump(heard);
    }
    Ok(())
}

/// Publishes on demand. A message that cannot be sent is dropped: by the time Redis is back the workers have
/// looked by themselves.
async fn publish(client: redis::Client, to_publish: Arc<Notify>) {
    let mut connection: Option<redis::aio::MultiplexedConnection> = None;
    loop {
        to_publish.notified().await;
        // Twice, since a connection that was lost shows it only when it is used.
        for _ in 0..2 {
            match publish_once(&client, &mut connection).await {
                Ok(()) => break,
                Err(error) => {
                    connection = None;
                    tracing::debug!(kind = ?error.kind(), "a wake-up was not published");
                }
            }
        }
    }
}

async fn publish_once(
    client: &redis::Client,
    connection: &mut Option<redis::aio::MultiplexedConnection>,
) -> redis::RedisResult<()> {
    let connection = match connection {
        Some(connection) => connection,
        None => connection.insert(client.get_multiplexed_async_connection().await?),
    };
    redis::cmd("PUBLISH").arg(CHANNEL).arg("").query_async(connection).await
}

#[cfg(test)]
mod tests {
    use accunode_testkit::{PrivateRedis, redis_url};
    use tokio::time::timeout;

    use super::*;

    const SOON: Duration = Duration::from_secs(5);
    const NOT_AT_ALL: Duration = Duration::from_millis(100);

    async fn hears(listener: &mut Listener) -> bool {
        timeout(SOON, listener.wait()).await.is_ok()
    }

    #[tokio::test]
    async fn every_listener_hears_and_several_become_one() {
        let wake = Wake::in_process();
        let (mut a, mut b) = (wake.listen(), wake.listen());
        wake.notify();
        wake.clone().notify();
        assert!(hears(&mut a).await && hears(&mut b).await);
        assert!(timeout(NOT_AT_ALL, a.wait()).await.is_err());
        wake.notify();
        assert!(hears(&mut a).await);
    }

    #[tokio::test]
    async fn other_processes_hear_through_redis() {
        let Some(url) = redis_url() else { return };
        let (here, there) = (Wake::redis(&url).unwrap(), Wake::redis(&url).unwrap());
        let mut listener = there.listen();
        assert!(hears(&mut listener).await, "the subscription itself wakes");
        here.notify();
        assert!(hears(&mut listener).await);
    }

    #[tokio::test]
    async fn a_lost_redis_is_found_again() {
        let Some(mut redis) = PrivateRedis::start() else { return };
        let (here, there) = (Wake::redis(&redis.url()).unwrap(), Wake::redis(&redis.url()).unwrap());
        let (mut near, mut far) = (here.listen(), there.listen());
        assert!(hears(&mut near).await && hears(&mut far).await);
        redis.stop();
        here.notify();
        assert!(hears(&mut near).await, "within the process Redis is not needed");
        assert!(timeout(NOT_AT_ALL, far.wait()).await.is_err());
        redis.resume();
        assert!(timeout(Duration::from_secs(30), far.wait()).await.is_ok(), "connecting again wakes");
        here.notify();
        assert!(hears(&mut far).await);
    }

    #[tokio::test]
    async fn nothing_of_the_url_is_shown() {
        let error = Wake::redis("http://user:hunter2@host").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
        let wake = Wake::redis("redis://user:hunter2@127.0.0.1:9").unwrap();
        assert_eq!(format!("{wake:?}"), "Wake(redis)");
        assert!(!format!("{:?}", wake.listen()).contains("hunter2"));
    }

    /// TLS needs a cryptography provider in the process: without one connecting would panic in the background.
    #[tokio::test]
    async fn tls_is_spoken() {
        let server = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("rediss://{}", server.local_addr().unwrap());
        let wake = Wake::redis(&url).unwrap();
        let (mut client, _) = timeout(SOON, server.accept()).await.unwrap().unwrap();
        let mut record = [0_u8; 3];
        tokio::io::AsyncReadExt::read_exact(&mut client, &mut record).await.unwrap();
        // A TLS handshake record.
        assert_eq!(record, [0x16, 0x03, 0x01]);
        drop(wake);
    }
}
