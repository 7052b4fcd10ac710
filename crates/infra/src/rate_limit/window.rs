//! The sliding window: how many requests a rate holds, slot by slot.

use std::time::Duration;

use super::Rate;

/// Slots of a window. Requests of one slot leave together, so a window's end is known to a 60th of it.
pub(super) const SLOTS: i64 = 60;
/// A window's slots and the one that is being filled.
const HELD: usize = SLOTS as usize + 1;
/// So that a slot's time stays an exact number in Redis, too (about 190 years for a window).
const WIDEST: u128 = 100_000_000_000_000;

/// Microseconds of a slot; two rates of the same width are counted together.
pub(super) fn slot_width(window: Duration) -> i64 {
    let width = window.as_micros().div_ceil(SLOTS.unsigned_abs().into()).clamp(1, WIDEST);
    i64::try_from(width).unwrap_or(i64::MAX)
}

/// How a key stands with one rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Count {
    /// Requests that count now.
    pub(super) used: u64,
    /// Microseconds until another one is allowed; 0 when it was.
    pub(super) wait: u64,
    /// Microseconds until none counts any more.
    pub(super) reset: u64,
}

/// The requests of one key within one rate's window.
#[derive(Debug)]
pub(super) struct Window {
    /// Microseconds of a slot.
    pub(super) width: i64,
    /// The number of the slot that is being filled: its start divided by the width.
    newest: i64,
    /// Requests by the age of their slot, the newest first.
    held: [u32; HELD],
    /// The last count that was asked for.
    limit: u32,
}

impl Window {
    pub(super) fn new(width: i64, now: i64) -> Self {
        Self { width, newest: now.div_euclid(width), held: [0; HELD], limit: 0 }
    }

    /// Lets the slots that are over go. A clock that went back takes the requests with it, so that they stay no longer;
    /// by one slot it may seem to, when two look at it and the later one is first.
    fn advance(&mut self, now: i64) {
        let slot = now.div_euclid(self.width);
        let steps = slot.saturating_sub(self.newest);
        if steps > 0 {
            let steps = usize::try_from(steps).map_or(HELD, |steps| steps.min(HELD));
            self.held.rotate_right(steps);
            self.held[..steps].fill(0);
            self.newest = slot;
        } else if steps < -1 {
            self.newest = slot;
        }
    }

    /// How one more request would stand, without counting it.
    pub(super) fn peek(&mut self, rate: &Rate, now: i64) -> Count {
        self.advance(now);
        self.limit = rate.count;
        let used = self.used();
        let wait = if used < u64::from(rate.count) { 0 } else { self.wait(rate, used, now) };
        Count { used, wait, reset: self.reset(now) }
    }

    /// Counts a request; how the key stands afterwards.
    pub(super) fn add(&mut self, now: i64) -> Count {
        self.held[0] = self.held[0].saturating_add(1);
        Count { used: self.used(), wait: 0, reset: self.reset(now) }
    }

    /// How much of the count is used, in thousandths.
    pub(super) fn share(&self) -> u64 {
        self.used().saturating_mul(1000) / u64::from(self.limit.max(1))
    }

    /// Where the newest request's slot ends, or earlier if there is none.
    pub(super) fn last_used(&self) -> i64 {
        self.newest.saturating_add(1).saturating_mul(self.width)
    }

    /// Whether nothing counts any more.
    pub(super) fn is_idle(&mut self, now: i64) -> bool {
        self.advance(now);
        self.used() == 0
    }

    fn used(&self) -> u64 {
        self.held.iter().copied().map(u64::from).sum()
    }

    /// Until so many slots are over that one more request fits.
    fn wait(&self, rate: &Rate, used: u64, now: i64) -> u64 {
        let mut left = used;
        for (age, held) in self.held.iter().enumerate().rev() {
            left -= u64::from(*held);
            if left < u64::from(rate.count) {
                return self.until_gone(age, now);
            }
        }
        // A count of 0.
        u64::try_from(rate.window.as_micros()).unwrap_or(u64::MAX).max(1)
    }

    fn reset(&self, now: i64) -> u64 {
        self.held.iter().position(|held| *held > 0).map_or(0, |age| self.until_gone(age, now))
    }

    /// Microseconds until the slot of this age counts no more.
    fn until_gone(&self, age: usize, now: i64) -> u64 {
        let age = i128::try_from(age).unwrap_or(i128::from(SLOTS));
        let gone = (i128::from(self.newest) - age + i128::from(SLOTS) + 1) * i128::from(self.width);
        u64::try_from(gone - i128::from(now)).unwrap_or(0)
    }
}
