//! Time as the rest of the program sees it: a monotonic counter and a wall clock.
//! Owns the two clocks there are; must not know what is being timed.

use std::cell::Cell;
use std::rc::Rc;
use std::time::{Duration, Instant};

/// A source of time. `System` is real, `Stepped` belongs to simulated devices and moves only when told to.
pub trait Clock {
    /// Nanoseconds since this clock was made. Never decreases.
    fn now_ns(&self) -> u64;
    /// Wall-clock time, RFC 3339 in UTC.
    fn wall(&self) -> String;
    fn sleep(&self, duration: Duration);
}

pub struct System {
    start: Instant,
}

impl System {
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }
}

impl Clock for System {
    fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn wall(&self) -> String {
        jiff::Timestamp::now().to_string()
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// A clock that its owner moves. Clones share the same time.
#[derive(Clone, Debug, Default)]
pub struct Stepped {
    now_ns: Rc<Cell<u64>>,
}

impl Stepped {
    pub fn advance_ns(&self, ns: u64) {
        self.now_ns.set(self.now_ns.get().saturating_add(ns));
    }
}

impl Clock for Stepped {
    fn now_ns(&self) -> u64 {
        self.now_ns.get()
    }

    /// Simulated runs carry the epoch as their wall time, so that nobody takes them for dated evidence.
    fn wall(&self) -> String {
        let ns = i128::from(self.now_ns());
        jiff::Timestamp::from_nanosecond(ns).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
    }

    fn sleep(&self, duration: Duration) {
        self.advance_ns(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }
}
