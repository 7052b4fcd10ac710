//! The limits of one process.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{
    Key, Rate,
    window::{Count, Window, slot_width},
};

const SHARDS: usize = 16;
/// Keys of a shard: with two rates each, about 40 MB for all shards.
const MOST_KEYS: usize = 4096;
/// Keys of a full shard that stay when it is thinned out; the difference pays for the work.
const KEPT_KEYS: usize = MOST_KEYS - MOST_KEYS / 8;
/// Microseconds between two looks for keys that are idle.
const SWEEP: i64 = 60_000_000;

/// Counts by key. Memory is bounded: when too many keys come, those that have used the least of their count are
/// forgotten first, and of these the longest unused. Whoever invents keys to be forgotten by this throws out
/// invented keys, not the one that is close to its limit.
pub(super) struct Memory {
    shards: [Mutex<Shard>; SHARDS],
}

#[derive(Default)]
struct Shard {
    keys: HashMap<Key, Vec<Window>>,
    swept: i64,
}

impl Memory {
    pub(super) fn new() -> Self {
        Self { shards: std::array::from_fn(|_| Mutex::default()) }
    }

    /// How the key stands with each rate after the request was counted in all of them, or in none when one refuses.
    pub(super) fn check(&self, key: Key, rates: &[Rate], now: i64) -> Vec<Count> {
        let shard = &self.shards[usize::from(key[0]) % SHARDS];
        // No panic can happen in the middle of a change, so a poisoned shard is sound.
        let mut shard = shard.lock().unwrap_or_else(PoisonError::into_inner);
        shard.make_room(&key, now);
        let windows = shard.keys.entry(key).or_default();
        let peeked: Vec<Count> =
            rates.iter().map(|rate| window(windows, rate, now).peek(rate, now)).collect();
        if peeked.iter().any(|count| count.wait > 0) {
            return peeked;
        }
        rates.iter().map(|rate| window(windows, rate, now).add(now)).collect()
    }

    #[cfg(test)]
    pub(super) fn keys(&self) -> usize {
        self.shards.iter().map(|shard| shard.lock().unwrap().keys.len()).sum()
    }

    #[cfg(test)]
    pub(super) const MOST_KEYS: usize = SHARDS * MOST_KEYS;
}

/// The key's window of that rate, made if it is new.
fn window<'a>(windows: &'a mut Vec<Window>, rate: &Rate, now: i64) -> &'a mut Window {
    let width = slot_width(rate.window);
    let place = windows.iter().position(|window| window.width == width).unwrap_or_else(|| {
        windows.push(Window::new(width, now));
        windows.len() - 1
    });
    &mut windows[place]
}

impl Shard {
    fn make_room(&mut self, key: &Key, now: i64) {
        let full = self.keys.len() >= MOST_KEYS && !self.keys.contains_key(key);
        if full || now.abs_diff(self.swept) >= SWEEP.unsigned_abs() {
            self.swept = now;
            self.keys.retain(|_, windows| {
                windows.retain_mut(|window| !window.is_idle(now));
                !windows.is_empty()
            });
            self.keys.shrink_to(self.keys.len() * 2);
        }
        if full && self.keys.len() > KEPT_KEYS {
            self.thin_out();
        }
    }

    fn thin_out(&mut self) {
        let mut by_use: Vec<(u64, i64, Key)> = self
            .keys
            .iter()
            .map(|(key, windows)| {
                let share = windows.iter().map(Window::share).max().unwrap_or(0);
                let last = windows.iter().map(Window::last_used).max().unwrap_or(i64::MIN);
                (share, last, *key)
            })
            .collect();
        let surplus = by_use.len() - KEPT_KEYS;
        by_use.select_nth_unstable(surplus);
        for (_, _, key) in &by_use[..surplus] {
            self.keys.remove(key);
        }
    }
}
