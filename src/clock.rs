//! Time as the rest of the program sees it: a monotonic counter, a wall clock, and what shows that one of them stood still.
//! Owns the two clocks there are; must not know what is being timed.

use std::cell::Cell;
use std::rc::Rc;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

mod quota;

/// Less than this says nothing: programs are scheduled late, and a leap second is one.
pub const NOTABLE: Duration = Duration::from_secs(2);

/// A source of time. `System` is real, `Stepped` belongs to simulated devices and moves only when told to.
pub trait Clock {
    /// Nanoseconds since this clock was made. Never decreases.
    fn now_ns(&self) -> u64;
    fn sleep(&self, duration: Duration);
    /// All clocks of the machine at this moment; `None` where time is only made up, or the moment was too long.
    fn machine(&self) -> Option<Machine>;
}

/// The clocks of a machine, in nanoseconds, each since a beginning of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Machine {
    /// Stands still while the machine sleeps.
    pub monotonic_ns: u64,
    /// Does not; `None` where the system has no such clock.
    pub boot_ns: Option<u64>,
    /// Anybody may set it.
    pub wall_ns: i64,
    /// For how long this program was not run although the machine was awake: it was stopped, or the machine was frozen.
    pub stood_ns: u64,
    /// For how long the quota of a container kept this program from running.
    pub throttled_ns: u64,
}

pub struct System {
    start: Instant,
}

impl System {
    pub fn start() -> Self {
        Self { start: Instant::now() }
    }

    /// What the machine says that the time is, RFC 3339 in UTC: simulated runs are dated by it as well, and their marks alone say
    /// that they are simulated.
    pub fn wall() -> String {
        jiff::Timestamp::now().to_string()
    }
}

impl Clock for System {
    fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn sleep(&self, duration: Duration) {
        std::thread::sleep(duration);
    }

    fn machine(&self) -> Option<Machine> {
        let monotonic_ns = self.now_ns();
        let machine = Machine {
            monotonic_ns,
            boot_ns: boot_ns(),
            wall_ns: i64::try_from(jiff::Timestamp::now().as_nanosecond()).ok()?,
            stood_ns: HEART.as_ref().map_or(0, Heart::stood_ns),
            throttled_ns: quota::throttled_ns(),
        };
        // Stopped in between, each would tell of another moment.
        (self.now_ns() - monotonic_ns < NOTABLE.as_nanos() as u64 / 2).then_some(machine)
    }
}

/// Monotonic time that goes on while the machine sleeps; `None` where the system has no such clock.
#[cfg(target_os = "linux")]
pub fn boot_ns() -> Option<u64> {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
    u64::try_from(i128::from(time.tv_sec) * 1_000_000_000 + i128::from(time.tv_nsec)).ok()
}

#[cfg(not(target_os = "linux"))]
pub fn boot_ns() -> Option<u64> {
    None
}

/// A thread that does nothing but wake up ten times a second: where it does not, nothing of this program ran, however long the
/// device may take for what it was asked.
struct Heart {
    start: Instant,
    beats: Mutex<Beats>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Beats {
    /// When it woke up last, since its start.
    last_ns: u64,
    /// By how much it was late in all, whenever that was notable.
    late_ns: u64,
}

/// Where there can be no thread, nothing is late.
static HEART: LazyLock<Option<Heart>> = LazyLock::new(|| {
    let beating = std::thread::Builder::new().name("heart".to_owned()).spawn(|| {
        while let Some(heart) = &*HEART {
            std::thread::sleep(BEAT);
            heart.beats().wake(heart.now_ns());
        }
    });
    beating.ok().map(|_| Heart { start: Instant::now(), beats: Mutex::default() })
});

const BEAT: Duration = Duration::from_millis(100);

impl Heart {
    fn now_ns(&self) -> u64 {
        u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }

    fn beats(&self) -> MutexGuard<'_, Beats> {
        self.beats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever asks may be run before the thread wakes up: what is missing by now counts as well.
    fn stood_ns(&self) -> u64 {
        let mut beats = *self.beats();
        beats.wake(self.now_ns());
        beats.late_ns
    }
}

impl Beats {
    fn wake(&mut self, now_ns: u64) {
        let late_ns = now_ns.saturating_sub(self.last_ns).saturating_sub(BEAT.as_nanos() as u64);
        if late_ns > NOTABLE.as_nanos() as u64 {
            self.late_ns += late_ns;
        }
        self.last_ns = now_ns;
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

    fn sleep(&self, duration: Duration) {
        self.advance_ns(u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX));
    }

    fn machine(&self) -> Option<Machine> {
        None
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn a_heart_that_missed_beats_says_how_long() {
        let second = 1_000_000_000;
        let mut beats = Beats::default();
        [second / 10, second / 5, 2 * second].into_iter().for_each(|now| beats.wake(now));
        assert_eq!(beats.late_ns, 0, "a busy machine");
        beats.wake(33 * second);
        assert_eq!(beats.late_ns, 31 * second - second / 10);
        beats.wake(33 * second + second / 10);
        assert_eq!(beats.late_ns, 31 * second - second / 10, "once");
    }

    #[test]
    fn the_clocks_of_this_machine_go_on_together() {
        let clock = System::start();
        let [before, after] = [(); 2].map(|()| clock.machine().unwrap());
        assert!(after.monotonic_ns >= before.monotonic_ns && after.wall_ns > 1_700_000_000_000_000_000);
        assert_eq!((before.boot_ns.is_some(), after.stood_ns), (cfg!(target_os = "linux"), 0));
    }
}
