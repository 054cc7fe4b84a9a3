//! What the sensors told of reduced clocks while a load was kept up, and when they told nothing of it.
//! Owns what such a silence takes from the figures; must not know how looks are made.

use super::{Sensors, Sustained, Window};
use crate::telemetry::Throttle;

/// A driver that is slow to answer is asked seldom: so long a silence says nothing of the sensors. In a short load it is half of it.
const SILENCE_NS: u64 = 120_000_000_000;
const SILENCE_NS_MIN: u64 = 10_000_000_000;
/// Of the looks in a window, and of all the time that was watched.
const TOLD_PERCENT: u64 = 95;

/// A time in which the sensors did not tell why clocks are reduced.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Silence {
    pub from_ns: u64,
    pub to_ns: u64,
    /// How much of it: a look may have told between others that did not.
    ns: u64,
}

impl Sustained {
    /// When a window first told of `reason`, and how many looks did in all.
    pub fn told(&self, reason: Throttle) -> Option<(u64, u64)> {
        let first = self.windows.iter().find(|w| w.sensors.told(reason) > 0)?;
        Some((first.from_ns, self.looks(|sensors| sensors.told(reason))))
    }

    fn looks(&self, count: impl Fn(&Sensors) -> u64) -> u64 {
        self.windows.iter().fold(0, |sum, w| sum.saturating_add(count(&w.sensors)))
    }

    /// Share of the looks that told of `reason`; `None` where they told too little.
    pub(super) fn throttled(&self, reason: Throttle) -> Option<f64> {
        let told = self.looks(|sensors| sensors.told);
        let silent_ns = self.silences().iter().fold(0u64, |sum, silence| sum.saturating_add(silence.ns));
        let most_ns = percent(self.watched_ns(), 100 - TOLD_PERCENT);
        let is_told = told > 0 && silent_ns <= most_ns && !self.stands_still();
        is_told.then(|| self.looks(|sensors| sensors.told(reason)) as f64 / told as f64)
    }

    /// From the beginning of the load until clocks were first reduced for heat or by a brake, or the sensors fell silent, without
    /// gaps that lie between; all that was watched where neither was.
    pub(super) fn until_throttled_ns(&self) -> Option<u64> {
        let begun = self.windows.first()?.from_ns;
        let until = |at: u64| at.saturating_sub(begun).saturating_sub(self.gaps_ns(begun, at));
        // Sensors that are not alive show no time without.
        let is_alive = self.looks(|sensors| sensors.told) > 0 && !self.stands_still();
        match (self.silent_since_ns(), self.first_throttled_ns()) {
            (Some(at), _) => Some(until(at)).filter(|ns| is_alive && *ns > 0),
            (None, Some(at)) => Some(until(at)),
            (None, None) => is_alive.then(|| self.watched_ns()),
        }
    }

    pub fn first_throttled_ns(&self) -> Option<u64> {
        self.windows.iter().find_map(|w| w.sensors.throttled_ns)
    }

    /// Whether nothing tells of clocks that were reduced, and no silence hides it.
    pub fn is_never_throttled(&self) -> bool {
        self.first_throttled_ns().or(self.silent_since_ns()).is_none()
    }

    /// When the sensors first fell silent, if that was before clocks were reduced: nobody knows whether they were.
    pub fn silent_since_ns(&self) -> Option<u64> {
        let silent = self.silences().first()?.from_ns;
        self.first_throttled_ns().is_none_or(|at| silent < at).then_some(silent)
    }

    /// Times in which the sensors did not tell why clocks are reduced, and too long ones. Where they are short and yet too many, it is
    /// all the time.
    pub fn silences(&self) -> Vec<Silence> {
        let most_ns = (self.watched_ns() / 2).clamp(SILENCE_NS_MIN, SILENCE_NS);
        let silence = |windows: &[Window]| {
            let (from_ns, to_ns) = (windows.first()?.from_ns, windows.last()?.to_ns);
            let ns = windows.iter().fold(0u64, |sum, window| sum.saturating_add(self.silent_ns(window)));
            Some(Silence { from_ns, to_ns, ns })
        };
        let (mut silences, mut looks, mut told) = (Vec::new(), 0u64, 0u64);
        for windows in self.windows.chunk_by(|a, b| is_silent(a) == is_silent(b)) {
            let long = silence(windows).filter(|one| windows.iter().all(is_silent) && one.ns > most_ns);
            match long {
                Some(long) => silences.push(long),
                None => windows.iter().for_each(|window| {
                    looks = looks.saturating_add(window.sensors.looks);
                    told = told.saturating_add(window.sensors.told);
                }),
            }
        }
        if told < percent(looks, TOLD_PERCENT) {
            silence(&self.windows).into_iter().collect()
        } else {
            silences
        }
    }

    /// Of a window, by its looks.
    fn silent_ns(&self, window: &Window) -> u64 {
        let Window { from_ns, to_ns, sensors, .. } = window;
        let watched_ns = to_ns.saturating_sub(*from_ns).saturating_sub(self.gaps_ns(*from_ns, *to_ns));
        let untold = sensors.looks.saturating_sub(sensors.told);
        if sensors.told == 0 {
            return watched_ns;
        }
        (u128::from(watched_ns) * u128::from(untold) / u128::from(sensors.looks.max(1))) as u64
    }
}

fn is_silent(window: &Window) -> bool {
    let Sensors { looks, told, .. } = window.sensors;
    told == 0 || told < percent(looks, TOLD_PERCENT)
}

fn percent(of: u64, percent: u64) -> u64 {
    (u128::from(of) * u128::from(percent) / 100) as u64
}
