//! Notices where the clocks of the machine part: it slept, its clock was set, or this program was not run or held back.
//! Owns that comparison; reads no clock itself.

use crate::clock::{Machine, NOTABLE};
use crate::evidence::lapse::LapseKind;

/// What the clocks said last. All of them are disciplined together, so that the distances between them stay as they are, however
/// long it takes.
#[derive(Debug, Default)]
pub struct Lookout {
    before: Option<Distances>,
    /// What was told of being held back: a quota does it ten times a second, and is told of again once it has doubled.
    throttled_ns: u64,
}

#[derive(Clone, Copy, Debug)]
struct Distances {
    /// From monotonic time to time since boot.
    slept_ns: i128,
    /// From time since boot, or monotonic time, to the wall clock.
    wall_ns: i128,
    stood_ns: i128,
    throttled_ns: i128,
}

impl Lookout {
    /// What happened since the last look, and how long it was. A difference too small to be told is kept for later.
    pub fn look(&mut self, now: &Machine) -> Vec<(LapseKind, u64)> {
        let boot_ns = now.boot_ns.unwrap_or(now.monotonic_ns);
        let is = Distances {
            slept_ns: i128::from(boot_ns) - i128::from(now.monotonic_ns),
            wall_ns: i128::from(now.wall_ns) - i128::from(boot_ns),
            stood_ns: i128::from(now.stood_ns),
            throttled_ns: i128::from(now.throttled_ns),
        };
        let before = self.before.get_or_insert(is);
        let mut lapses = Vec::new();
        let mut note = |was: &mut i128, is: i128, least_ns: u64, kinds: [LapseKind; 2]| {
            let by_ns = is - *was;
            if by_ns.unsigned_abs() > NOTABLE.as_nanos().max(u128::from(least_ns)) {
                *was = is;
                let ns = u64::try_from(by_ns.unsigned_abs()).unwrap_or(u64::MAX);
                lapses.push((kinds[usize::from(by_ns < 0)], ns));
            }
        };
        // None goes back.
        note(&mut before.slept_ns, is.slept_ns, 0, [LapseKind::Slept; 2]);
        note(&mut before.stood_ns, is.stood_ns, 0, [LapseKind::Stood; 2]);
        note(&mut before.throttled_ns, is.throttled_ns, self.throttled_ns, [LapseKind::Throttled; 2]);
        note(&mut before.wall_ns, is.wall_ns, 0, [LapseKind::SetAhead, LapseKind::SetBack]);
        let throttled = lapses.iter().filter(|(kind, _)| *kind == LapseKind::Throttled);
        self.throttled_ns = throttled.fold(self.throttled_ns, |sum, (_, ns)| sum.saturating_add(*ns));
        lapses
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: u64 = 1_000_000_000;

    fn at(second: u64) -> Machine {
        let wall_ns = 1_700_000_000_000_000_000 + (second * SECOND) as i64;
        Machine {
            monotonic_ns: second * SECOND,
            boot_ns: Some((second + 500) * SECOND),
            wall_ns,
            stood_ns: 0,
            throttled_ns: 0,
        }
    }

    fn noticed(later: Machine) -> Vec<(LapseKind, u64)> {
        let mut lookout = Lookout::default();
        assert_eq!(lookout.look(&at(0)), []);
        let noticed = lookout.look(&later);
        assert_eq!(lookout.look(&later), [], "it is told once");
        noticed
    }

    #[test]
    fn clocks_that_part_are_noticed() {
        let hours = |n: u64| n * 3600 * SECOND;
        let week = at(7 * 86_400);
        assert_eq!(noticed(week), []);
        let slept = Machine {
            boot_ns: week.boot_ns.map(|ns| ns + hours(8)),
            wall_ns: week.wall_ns + hours(8) as i64,
            ..week
        };
        assert_eq!(noticed(slept), [(LapseKind::Slept, hours(8))], "the wall clock is right after a sleep");
        let back = Machine { wall_ns: week.wall_ns - hours(1) as i64, ..week };
        assert_eq!(noticed(back), [(LapseKind::SetBack, hours(1))]);
        let ahead = Machine { wall_ns: week.wall_ns + hours(2) as i64, ..week };
        assert_eq!(noticed(ahead), [(LapseKind::SetAhead, hours(2))]);
        let stood = Machine { stood_ns: 31 * SECOND, ..week };
        assert_eq!(noticed(stood), [(LapseKind::Stood, 31 * SECOND)]);
        let held = Machine { throttled_ns: 5 * SECOND, ..week };
        assert_eq!(noticed(held), [(LapseKind::Throttled, 5 * SECOND)]);
        let odd = Machine {
            monotonic_ns: 0,
            boot_ns: Some(u64::MAX),
            wall_ns: i64::MIN,
            stood_ns: u64::MAX,
            throttled_ns: u64::MAX,
        };
        assert_eq!(noticed(odd).len(), 4, "numbers without sense overflow nothing");
    }

    #[test]
    fn a_leap_second_is_none_and_many_small_steps_are_one() {
        let mut lookout = Lookout::default();
        let set = |seconds: i64| Machine { wall_ns: at(10).wall_ns + seconds * SECOND as i64, ..at(10) };
        let told: Vec<_> = (0..6).map(|step| lookout.look(&set(step)).len()).collect();
        assert_eq!(told, [0, 0, 0, 1, 0, 0]);
    }

    #[test]
    fn a_quota_that_holds_back_all_the_time_is_told_of_ever_more_rarely() {
        let mut lookout = Lookout::default();
        let mut told = Vec::new();
        for second in 0..=100 {
            let held = Machine { throttled_ns: second * SECOND / 2, ..at(second) };
            told.extend(lookout.look(&held).into_iter().map(|(_, ns)| ns as f64 / SECOND as f64));
        }
        assert_eq!(told, [2.5, 3.0, 6.0, 12.0, 24.0]);
    }

    #[test]
    fn without_a_clock_that_counts_sleep_only_the_wall_clock_tells() {
        let without = |second| Machine { boot_ns: None, ..at(second) };
        let mut lookout = Lookout::default();
        assert_eq!(lookout.look(&without(0)), []);
        let later = Machine { wall_ns: at(100).wall_ns, ..without(10) };
        assert_eq!(lookout.look(&later), [(LapseKind::SetAhead, 90 * SECOND)]);
    }
}
