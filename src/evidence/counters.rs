//! Counters that the driver or the card keeps: how far each rose while the run lasted, and of what no card should have, how much there is.
//! Owns the table of counters and that arithmetic, which the verifier runs as well; must not judge.

use super::TimedReading;
use super::metric::MetricName;
use crate::language::{Language, say};
use crate::telemetry::{About, Reading};

/// The metric of driver error events.
pub const XIDS: &str = "counters.xid.count";

/// The metric of rows of memory that wait to be replaced.
pub const REMAPS_PENDING: &str = "counters.remap_pending.count";

/// The metric of rows of memory that could not be replaced.
pub const REMAP_FAILURES: &str = "counters.remap_failure.count";

/// One counter.
pub struct CounterDef {
    /// Its metric, and what it is.
    pub name: &'static str,
    pub about: About,
    /// What telemetry must tell.
    pub sensor: &'static str,
    since: Since,
    of: fn(&Reading) -> Option<u64>,
}

/// From when on a counter counts.
enum Since {
    /// From before the run: the first reading is what it had.
    Before,
    /// From nothing: it began with the run, or no card should have any of it at any time.
    Nothing,
}

/// All of them, in the order in which they are shown.
pub const COUNTERS: &[CounterDef] = &[
    CounterDef {
        name: "counters.ecc_uncorrected.count",
        about: rose,
        sensor: "uncorrected memory errors",
        since: Since::Before,
        of: |r| r.ecc_uncorrected,
    },
    CounterDef {
        name: "counters.ecc_corrected.count",
        about: rose,
        sensor: "corrected memory errors",
        since: Since::Before,
        of: |r| r.ecc_corrected,
    },
    CounterDef {
        name: "counters.remapped_rows.count",
        about: rose,
        sensor: "remapped rows",
        since: Since::Before,
        of: |r| Some(u64::from(r.remapped_rows_corrected?) + u64::from(r.remapped_rows_uncorrected?)),
    },
    CounterDef {
        name: "counters.pcie_replays.count",
        about: rose,
        sensor: "PCIe replays",
        since: Since::Before,
        of: |r| r.pcie_replays,
    },
    CounterDef {
        name: "counters.nvlink_errors.count",
        about: rose,
        sensor: "NVLink errors",
        since: Since::Before,
        of: |r| r.nvlink_errors,
    },
    CounterDef {
        name: XIDS,
        about: rose,
        sensor: "driver error events",
        since: Since::Nothing,
        of: |r| r.xid,
    },
    CounterDef {
        name: REMAPS_PENDING,
        about: |l, _| say!(l, "about-remap-pending"),
        sensor: "whether rows of memory wait to be replaced",
        since: Since::Nothing,
        of: |r| r.remapped_rows_pending.or(r.retired_pages_pending).map(u64::from),
    },
    CounterDef {
        name: REMAP_FAILURES,
        about: |l, _| say!(l, "about-remap-failure"),
        sensor: "whether rows of memory could not be replaced",
        since: Since::Nothing,
        of: |r| r.remapped_rows_failed.map(u64::from),
    },
];

fn rose(l: Language, case: &str) -> String {
    say!(l, "about-counter", case)
}

pub fn find(metric: &MetricName) -> Option<&'static CounterDef> {
    COUNTERS.iter().find(|counter| counter.name == metric.as_str())
}

impl CounterDef {
    pub fn is_told(&self, reading: &Reading) -> bool {
        (self.of)(reading).is_some()
    }

    /// How far it rose; `None` where no reading tells it.
    pub fn rise(&self, timeline: &[TimedReading]) -> Option<u64> {
        timeline.iter().find(|at| self.is_told(&at.reading))?;
        Some(self.rises(timeline).fold(0, |sum, (_, rise)| sum.saturating_add(rise)))
    }

    /// The readings that show it risen, and by how much. One that fell began anew, with the driver or the run, and what it
    /// shows then came since.
    pub fn rises<'a>(
        &'a self,
        timeline: &'a [TimedReading],
    ) -> impl Iterator<Item = (&'a TimedReading, u64)> + 'a {
        let mut before = match self.since {
            Since::Before => None,
            Since::Nothing => Some(0),
        };
        let told = timeline.iter().filter_map(|at| Some((at, (self.of)(&at.reading)?)));
        let rises = told.map(move |(at, now)| (at, since(before.replace(now), now)));
        rises.filter(|(_, rise)| *rise > 0)
    }

    /// Whether `later` shows it risen since `earlier`.
    pub fn rose(&self, earlier: &Reading, later: &Reading) -> bool {
        let (before, now) = ((self.of)(earlier), (self.of)(later));
        before.zip(now).is_some_and(|(before, now)| since(Some(before), now) > 0)
    }
}

/// How much came since a counter stood at `before`; what it had from before the run does not count.
fn since(before: Option<u64>, now: u64) -> u64 {
    match before {
        Some(before) if now >= before => now - before,
        Some(_) => now,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn rise(name: &str, values: &[Option<u64>]) -> Option<u64> {
        let reading = |value: &Option<u64>| Reading {
            xid: *value,
            pcie_replays: *value,
            remapped_rows_failed: value.map(|count| count as u32),
            ..Reading::default()
        };
        let timeline: Vec<_> =
            values.iter().map(|value| TimedReading { at_ns: 0, reading: reading(value) }).collect();
        find(&MetricName::parse(name).unwrap()).unwrap().rise(&timeline)
    }

    #[test]
    fn only_what_came_in_the_run_counts() {
        let replays = "counters.pcie_replays.count";
        assert_eq!(rise(replays, &[Some(7), None, Some(7), Some(9)]), Some(2));
        assert_eq!(rise(replays, &[Some(7), Some(3), Some(4)]), Some(4), "the driver was loaded anew");
        assert_eq!(rise(replays, &[None, None]), None);
        assert_eq!(
            rise("counters.xid.count", &[Some(2), Some(3)]),
            Some(3),
            "counted from the run's beginning"
        );
        assert_eq!(rise(REMAP_FAILURES, &[Some(1), Some(1)]), Some(1), "it was there before");
        assert_eq!(rise(REMAP_FAILURES, &[Some(0), None]), Some(0));
    }
}
