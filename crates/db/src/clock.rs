//! The clock, injected so that tests decide what time it is.

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    time::Duration,
};

use time::OffsetDateTime;

use crate::{Timestamp, timestamp::micros};

/// Tells the time. Clones of a manual or settable clock move together.
#[derive(Clone)]
pub struct Clock(Kind);

#[derive(Clone)]
enum Kind {
    System,
    Manual(Arc<AtomicI64>),
    /// Microseconds ahead of the machine's clock.
    Settable(Arc<AtomicI64>),
}

impl Clock {
    /// The machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(Kind::System)
    }

    /// A clock that stands still until it is advanced.
    #[must_use]
    pub fn manual(start: Timestamp) -> Self {
        Self(Kind::Manual(Arc::new(AtomicI64::new(start.unix_micros()))))
    }

    /// A clock that runs as the machine's does, and can be set forward and back while others read it.
    #[must_use]
    pub fn settable() -> Self {
        Self(Kind::Settable(Arc::default()))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        match &self.0 {
            Kind::System => OffsetDateTime::now_utc().into(),
            Kind::Manual(micros) => Timestamp::from_unix_micros(micros.load(Ordering::SeqCst)),
            Kind::Settable(ahead) => {
                let machine = Timestamp::from(OffsetDateTime::now_utc()).unix_micros();
                Timestamp::from_unix_micros(machine.saturating_add(ahead.load(Ordering::SeqCst)))
            }
        }
    }

    /// Moves a manual or settable clock forward. The machine's clock moves by itself: there this does nothing.
    pub fn advance(&self, by: Duration) {
        match &self.0 {
            Kind::System => {}
            Kind::Manual(micros) => {
                let later = self.now() + by;
                micros.fetch_max(later.unix_micros(), Ordering::SeqCst);
            }
            Kind::Settable(ahead) => drop(ahead.fetch_add(micros(by), Ordering::SeqCst)),
        }
    }

    /// Sets a settable clock back. With the others this does nothing.
    pub fn set_back(&self, by: Duration) {
        if let Kind::Settable(ahead) = &self.0 {
            ahead.fetch_sub(micros(by), Ordering::SeqCst);
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::System => f.write_str("Clock(system)"),
            Kind::Settable(_) => write!(f, "Clock(settable, {})", self.now()),
            Kind::Manual(_) => write!(f, "Clock(manual, {})", self.now()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_manual_clock_move_together() {
        let clock = Clock::manual(Timestamp::from_unix_seconds(100));
        let other = clock.clone();
        clock.advance(Duration::from_secs(5));
        assert_eq!(other.now(), Timestamp::from_unix_seconds(105));
    }

    #[test]
    fn a_settable_clock_runs_and_goes_both_ways() {
        let (clock, hour) = (Clock::settable(), Duration::from_secs(3_600));
        let other = clock.clone();
        let start = clock.now();
        clock.advance(hour);
        assert!(other.now() >= start + hour);
        clock.set_back(hour * 2);
        assert!(other.now() < start);
    }

    #[test]
    fn the_machines_clock_runs() {
        assert!(Clock::system().now() > Timestamp::from_unix_seconds(1_600_000_000));
    }
}
