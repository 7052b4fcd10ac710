//! Single flight: of several who miss the same value at once, one works it out and the others wait for it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use tokio::sync::watch;

type Key = [u8; 32];
type Waiting = HashMap<Key, watch::Receiver<Option<Bytes>>>;

/// The values that are being worked out in this process.
#[derive(Default)]
pub(crate) struct Flights(Arc<Mutex<Waiting>>);

/// What somebody who misses a value is to do.
pub(crate) enum Turn {
    /// Work it out.
    Lead(Lead),
    /// Wait for whoever works it out.
    Follow(Follow),
}

/// Whoever works a value out. When this is dropped before, because the work failed or its request went away, those
/// who wait are told at once.
pub(crate) struct Lead {
    key: Key,
    waiting: Arc<Mutex<Waiting>>,
    sender: watch::Sender<Option<Bytes>>,
}

/// Whoever waits.
pub(crate) struct Follow(watch::Receiver<Option<Bytes>>);

impl Flights {
    pub(crate) fn enter(&self, key: Key) -> Turn {
        let mut waiting = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(receiver) = waiting.get(&key) {
            return Turn::Follow(Follow(receiver.clone()));
        }
        let (sender, receiver) = watch::channel(None);
        waiting.insert(key, receiver);
        Turn::Lead(Lead { key, waiting: Arc::clone(&self.0), sender })
    }
}

impl Lead {
    /// Gives the value to those who wait.
    pub(crate) fn land(self, value: Bytes) {
        self.sender.send_replace(Some(value));
    }
}

impl Drop for Lead {
    fn drop(&mut self) {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&self.key);
    }
}

impl Follow {
    /// The value; none when whoever worked it out did not get to the end.
    pub(crate) async fn landed(mut self) -> Option<Bytes> {
        self.0.wait_for(Option::is_some).await.ok()?.clone()
    }
}
