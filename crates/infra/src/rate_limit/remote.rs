//! The limits that servers share through Redis.

use std::{
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use redis::aio::{ConnectionManager, ConnectionManagerConfig};

use super::{
    Key, Rate,
    window::{Count, SLOTS, slot_width},
};

const SCRIPT: &str = include_str!("check.lua");
/// The longest that a request waits for Redis.
const PATIENCE: Duration = Duration::from_millis(250);
/// A lost server shows itself a little sooner than a request's patience ends.
const ANSWER: Duration = Duration::from_millis(200);
/// Connecting may take longer; it goes on while requests are counted here.
const CONNECT: Duration = Duration::from_secs(5);
/// While Redis is away, one request in this time asks whether it is back.
const PAUSE: Duration = Duration::from_secs(1);

/// One Redis or Valkey.
pub(super) struct Remote {
    client: redis::Client,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    manager: Option<ConnectionManager>,
    /// Set while Redis is away: when to ask again.
    away_until: Option<Instant>,
}

impl Remote {
    pub(super) fn new(client: redis::Client) -> Self {
        Self { client, state: Mutex::default() }
    }

    /// What Redis says, or none while it is away.
    pub(super) async fn check(&self, key: Key, rates: &[Rate]) -> Option<Vec<Count>> {
        let manager = self.manager()?;
        match tokio::time::timeout(PATIENCE, ask(manager, key, rates)).await {
            Ok(Ok(counts)) => {
                self.found();
                Some(counts)
            }
            Ok(Err(error)) => {
                // A connection that only stopped answering is not replaced by the manager.
                self.lost(error.is_timeout(), &format!("{:?}", error.kind()));
                None
            }
            Err(_) => {
                self.lost(false, "no answer in time");
                None
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // Every change is a single assignment, so a poisoned state is sound.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The connection, if this request may use it: while Redis is away, few may.
    fn manager(&self) -> Option<ConnectionManager> {
        let mut state = self.state();
        if let Some(until) = &mut state.away_until {
            let now = Instant::now();
            if now < *until {
                return None;
            }
            // The others need not wait for what this one finds out.
            *until = now + PAUSE;
        }
        if state.manager.is_none() {
            let config = ConnectionManagerConfig::new()
                .set_connection_timeout(Some(CONNECT))
                .set_response_timeout(Some(ANSWER))
                .set_number_of_retries(0);
            state.manager = ConnectionManager::new_lazy_with_config(self.client.clone(), config).ok();
        }
        state.manager.clone()
    }

    fn found(&self) {
        if self.state().away_until.take().is_some() {
            tracing::info!("Redis is back; the servers share their rate limits again");
        }
    }

    /// Says only what kind of error it was: its text may repeat the address.
    fn lost(&self, replace: bool, kind: &str) {
        let mut state = self.state();
        if replace {
            state.manager = None;
        }
        if state.away_until.replace(Instant::now() + PAUSE).is_none() {
            tracing::warn!(kind, "Redis cannot be used; each server limits rates by itself until it is back");
        }
    }
}

async fn ask(mut manager: ConnectionManager, key: Key, rates: &[Rate]) -> redis::RedisResult<Vec<Count>> {
    let command = command(key, rates);
    let answer: Vec<i64> = match command.query_async(&mut manager).await {
        // The connection was closed while nobody used it: the manager has already begun a new one.
        Err(error) if error.is_connection_dropped() => command.query_async(&mut manager).await?,
        answer => answer?,
    };
    let (counts, rest) = answer.as_chunks::<3>();
    if counts.len() != rates.len() || !rest.is_empty() {
        return Err((redis::ErrorKind::UnexpectedReturnType, "not a count for each rate").into());
    }
    let counts = counts.iter().map(|counts| {
        let [used, wait, reset] = counts.map(|n| u64::try_from(n).unwrap_or(0));
        Count { used, wait, reset }
    });
    Ok(counts.collect())
}

/// The braces keep a key's hashes on one node of a cluster.
fn command(key: Key, rates: &[Rate]) -> redis::Cmd {
    let key = hex::encode(key);
    let mut command = redis::cmd("EVAL");
    command.arg(SCRIPT).arg(rates.len());
    for rate in rates {
        command.arg(format!("accunode:rate:{{{key}}}:{}", slot_width(rate.window)));
    }
    command.arg(SLOTS);
    for rate in rates {
        command.arg(rate.count).arg(slot_width(rate.window));
    }
    command
}
