//! Wake-ups through Redis.

use std::time::Duration;

use async_trait::async_trait;
use futures_util::StreamExt as _;
use redis::{
    Client, RedisError, RedisResult,
    aio::{MultiplexedConnection, PubSub},
};
use tokio::{sync::Mutex, time::timeout};

use super::{Carrier, WakeError};

/// The channel; messages carry nothing.
const CHANNEL: &str = "accunode:wake";
const PING: Duration = Duration::from_secs(2);
/// How long Redis may take to let us listen.
const PATIENCE: Duration = Duration::from_secs(5);
/// After so long without a word the connection is made anew: one whose other end is gone says nothing either.
const QUIET: Duration = Duration::from_secs(60);

pub(super) struct Redis {
    client: Client,
    /// What is published over.
    connection: Mutex<Option<MultiplexedConnection>>,
}

impl Redis {
    pub(super) fn new(url: &str) -> Result<Self, WakeError> {
        let client = Client::open(url).map_err(|_| WakeError::Url)?;
        Ok(Self { client, connection: Mutex::default() })
    }

    async fn publish_once(&self, connection: &mut Option<MultiplexedConnection>) -> RedisResult<()> {
        let connection = match connection {
            Some(connection) => connection,
            None => connection.insert(self.client.get_multiplexed_async_connection().await?),
        };
        redis::cmd("PUBLISH").arg(CHANNEL).arg("").query_async(connection).await
    }

    async fn subscribed(&self) -> RedisResult<PubSub> {
        let subscribed = async {
            let mut subscription = self.client.get_async_pubsub().await?;
            subscription.subscribe(CHANNEL).await?;
            Ok(subscription)
        };
        // The driver itself waits for ever.
        let silent = |_| Err(std::io::Error::from(std::io::ErrorKind::TimedOut).into());
        timeout(PATIENCE, subscribed).await.unwrap_or_else(silent)
    }

    async fn subscribe(&self, heard: &(dyn Fn() + Send + Sync)) -> RedisResult<()> {
        loop {
            let mut subscription = self.subscribed().await?;
            // Also each time after a quiet while: what was said between the two connections nobody has heard.
            heard();
            let mut messages = subscription.on_message();
            while let Ok(message) = timeout(QUIET, messages.next()).await {
                if message.is_none() {
                    return Ok(());
                }
                heard();
            }
        }
    }
}

/// The kind only: the text may repeat the address.
fn kind(error: &RedisError) -> String {
    format!("{:?}", error.kind())
}

#[async_trait]
impl Carrier for Redis {
    fn name(&self) -> &'static str {
        "redis"
    }

    async fn publish(&self) -> Result<(), String> {
        let mut connection = self.connection.lock().await;
        let mut outcome = self.publish_once(&mut connection).await;
        if outcome.is_err() {
            // A connection that was lost shows it only when it is used.
            *connection = None;
            outcome = self.publish_once(&mut connection).await;
        }
        if outcome.is_err() {
            *connection = None;
        }
        outcome.map_err(|error| kind(&error))
    }

    async fn listen(&self, heard: &(dyn Fn() + Send + Sync)) -> Result<(), String> {
        self.subscribe(heard).await.map_err(|error| kind(&error))
    }

    async fn ping(&self) -> Option<bool> {
        let answer = async {
            let mut connection = self.client.get_multiplexed_async_connection().await?;
            redis::cmd("PING").query_async::<String>(&mut connection).await
        };
        Some(matches!(timeout(PING, answer).await, Ok(Ok(_))))
    }
}
