//! What of a load counts as watched: windows as long as its products make them, without gaps.
//! Owns that rule, which those who watch follow and the verifier applies again.

use super::{Load, Sustained, Window};

/// Windows in a short load.
const WINDOWS_MIN: u64 = 60;
const WINDOW_NS_MIN: u64 = 1_000_000_000;
/// Longest window of the recording: what a run that dies loses.
const WINDOW_NS_MAX: u64 = 10_000_000_000;
/// A step is a product and its comparison, or a piece of another load. On a busy host it takes some times as long as these usually
/// do, and where they are short seconds: what takes longer than this is no time that anybody watched.
const STEP_NS: u64 = 10_000_000_000;
const STEP_TIMES: u64 = 20;
/// By how much windows of the recording are longer than they are meant to be, since they end with a step: in the mean by a piece
/// of another load or so many products, and by a tenth for all else.
const OVER_PRODUCTS: u64 = 4;
const OVER_SHARE: u64 = 10;
/// More gaps than this are joined with their neighbours.
const GAPS_MAX: usize = 64;

/// How long a window of the recording is meant to be, where the load is asked for so long.
pub fn window_ns(asked_ms: u64) -> u64 {
    (asked_ms.saturating_mul(1_000_000) / WINDOWS_MIN).clamp(WINDOW_NS_MIN, WINDOW_NS_MAX)
}

/// The longest step of `load` that counts as watched, where half of its products take longer than `middle_ns`.
pub fn step_ns_max(load: &Load, middle_ns: u64) -> u64 {
    STEP_NS.max(middle_ns.max(load.piece_ns).saturating_mul(STEP_TIMES))
}

/// The median of times that come as [`Window::times`].
pub fn middle_ns(times: impl IntoIterator<Item = (u64, u64)> + Clone) -> Option<u64> {
    let count = |sum: u64, (_, count): (u64, u64)| sum.saturating_add(count);
    let half = times.clone().into_iter().fold(0, count) / 2;
    let mut before = 0;
    times
        .into_iter()
        .find(|time| {
            before = count(before, *time);
            before > half
        })
        .map(|(ns, _)| ns)
}

impl Sustained {
    /// Windows follow on one another; where one does not, nobody watched.
    pub(super) fn gap_before(&mut self, window: &Window) {
        let last_ns = self.windows.last().map_or(window.from_ns, |last| last.to_ns);
        if window.from_ns > last_ns {
            self.gaps.push((last_ns, window.from_ns));
        }
        if self.gaps.len() > GAPS_MAX {
            let apart = |at: &usize| self.gaps[at + 1].0.saturating_sub(self.gaps[*at].1);
            if let Some(nearest) = (0..GAPS_MAX).min_by_key(apart) {
                self.gaps[nearest].1 = self.gaps[nearest + 1].1;
                self.gaps.remove(nearest + 1);
            }
        }
    }

    /// Time that was watched: without gaps, and of each window no more than its products explain.
    pub fn watched_ns(&self) -> u64 {
        let middle_ns = self.middle_ns();
        let meant_ns = window_ns(self.load.asked_ms);
        let over_ns = middle_ns.saturating_mul(OVER_PRODUCTS).max(self.load.piece_ns);
        let over_ns = over_ns.saturating_add(meant_ns / OVER_SHARE);
        let most_ns = |windows: u32| {
            let windows_ns = u64::from(windows).saturating_mul(meant_ns.saturating_add(over_ns));
            windows_ns.saturating_add(step_ns_max(&self.load, middle_ns))
        };
        let (mut watched_ns, mut until_ns) = (0u64, 0);
        for (at, window) in self.windows.iter().enumerate() {
            // Nothing is watched twice.
            let from_ns = window.from_ns.max(until_ns);
            until_ns = window.to_ns.max(until_ns);
            let is_last = at + 1 == self.windows.len();
            let most_ns = most_ns(if is_last { self.in_last } else { self.each });
            let span_ns = (until_ns - from_ns).saturating_sub(self.gaps_ns(from_ns, until_ns));
            watched_ns = watched_ns.saturating_add(span_ns.min(most_ns));
        }
        watched_ns
    }

    /// How long products usually take, by whichever clock says more.
    fn middle_ns(&self) -> u64 {
        let by_host = self.windows.iter().filter_map(|w| Some((w.host_ns.checked_div(w.products)?, 1)));
        let mut by_host: Vec<(u64, u64)> = by_host.collect();
        by_host.sort_unstable();
        middle_ns(self.times.iter().copied()).max(middle_ns(by_host)).unwrap_or(0)
    }

    /// Gaps between two times.
    pub fn gaps_ns(&self, from_ns: u64, to_ns: u64) -> u64 {
        let within = |(from, to): &(u64, u64)| (*to).min(to_ns).saturating_sub((*from).max(from_ns));
        self.gaps.iter().map(within).fold(0, u64::saturating_add)
    }
}
