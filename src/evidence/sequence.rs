//! Decides early and rightly whether a device delivers a rate: an interval that may be looked at while samples come in.
//! Owns the interval and when it decides; must not know contracts or devices, nor whose a clock is.
//!
//! What is estimated is the mean time of equal amounts of work, so that the rate is all work over all time.
//!
//! How, and from where:
//! * Looks are few and fixed in advance, each a quarter further on than the one before. Each may err with its share of the
//!   error rate, so that the union bound covers every stopping rule over looks: the oldest form of group sequential
//!   testing (Jennison and Turnbull, "Group Sequential Methods", 1999; for open-ended relatives see Howard, Ramdas,
//!   McAuliffe and Sekhon, Annals of Statistics 49, 2021, and Waudby-Smith et al., Annals of Statistics 52, 2024).
//! * At a look the samples form 32 to 63 batches (below 64 samples: each its own), whose length doubles as samples
//!   come in (Glynn and Whitt, Operations Research Letters 10, 1991: a number that stays fixed estimates no variance, but
//!   Student's t needs only that batches be alike; Fishman and Yarberry, INFORMS Journal on Computing 9, 1997).
//! * What correlation is left between neighbouring batches widens the interval as for an autoregressive series, with an
//!   upper estimate of that correlation (Lada and Wilson's SBatch; Tafazzoli and Wilson's Skart, IIE Transactions 43, 2011).
//! * No short look is believed to be very exact, whatever its samples say: what wanders slowly, or fails rarely, does not show
//!   in a short look. So a device near its bound takes hundreds of samples, and one far from it a few dozen.
//!
//! What is assumed, since nothing holds for just any series (Bahadur and Savage, 1956): the process is stationary, and either
//! samples are independent and their mean nearly normal after 20, or they wander no more than the floor allows: `results/`
//! has the study with what was tried and where it breaks. What comes after the last sample, such as throttling, is not
//! covered: that takes a longer run. Nor are long stalls that are rarer than samples, though they cost much: where one batch in
//! 300 takes ten times as long, 3 % of the time are lost, most looks that decide see no stall, and most such cards pass a bound
//! that they miss by 1 %. No cheap rule mends that: what was not seen may be of any length.

use serde::{Deserialize, Serialize};

use super::mean::{BATCHES, Mean, normal_quantile, paired};
use super::metric::MetricName;

/// How much of a metric must be delivered, and how rarely a decision on that may be wrong.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Demand {
    /// Id of the clause.
    pub clause: String,
    pub metric: MetricName,
    pub bound: f64,
    pub width: f64,
    pub error: f64,
}

impl Demand {
    /// Decides on the rates of equal amounts of work, in the order in which they were measured, as each of two clocks has them.
    /// Only what both say decides: time that one of them leaves out helps nobody to pass, and none to fail another.
    pub fn decide(&self, [one, other]: &[Vec<f64>; 2]) -> (Option<Interval>, Decision) {
        let interval = self.interval(one).zip(self.interval(other)).map(|(one, other)| one.hull(other));
        (interval, interval.map_or(Decision::Undecided, |interval| interval.decide(self.bound, self.width)))
    }

    fn interval(&self, rates: &[f64]) -> Option<Interval> {
        let mut sequence = Sequence::new(self.error, self.width);
        rates.iter().fold(None, |_, rate| sequence.push(1.0 / rate))
    }
}

/// A range of rates that holds the delivered one, save for the error rate on either side.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Interval {
    pub low: f64,
    pub high: f64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Decision {
    Pass,
    Fail,
    Undecided,
}

impl Interval {
    fn hull(self, other: Interval) -> Interval {
        Interval { low: self.low.min(other.low), high: self.high.max(other.high) }
    }

    /// Whether at least `bound` is delivered. What delivers `bound` fails, and what delivers less than `bound` by `width` (a
    /// share) passes, with at most the error rate; in between either is right.
    pub fn decide(self, bound: f64, width: f64) -> Decision {
        if self.low > bound * (1.0 - width) {
            Decision::Pass
        } else if self.high < bound {
            Decision::Fail
        } else {
            Decision::Undecided
        }
    }
}

/// The first look. With fewer samples nothing can be said about how they hang together.
const FIRST: u64 = 20;
/// Looks in all, the last of them after 18,803 samples.
const LOOKS: u32 = 32;
/// With more correlation than this the batches are too short to say anything.
const CORRELATION_MAX: f64 = 0.9;
/// After n samples no interval reaches less far than so many indifference widths, divided by the root of n.
const FLOOR_WIDTHS: f64 = 16.0;

/// Samples so far, and what the last look at them gave.
#[derive(Clone, Debug)]
pub struct Sequence {
    /// Normal quantile of one look's share of the error rate.
    quantile: f64,
    width: f64,
    /// Sums of `length` samples each.
    batches: Vec<f64>,
    length: u64,
    open: f64,
    count: u64,
    looks: u32,
    next_look: u64,
    interval: Option<Interval>,
}

impl Sequence {
    /// `error` is the chance that each end of any interval may have to miss the delivered rate; `width` the share of the rate
    /// that does not matter.
    pub fn new(error: f64, width: f64) -> Self {
        Self {
            quantile: normal_quantile(error / f64::from(LOOKS)),
            width,
            batches: Vec::new(),
            length: 1,
            open: 0.0,
            count: 0,
            looks: 0,
            next_look: FIRST,
            interval: None,
        }
    }

    /// Takes the time of one sample, in any unit per unit of work. The interval changes only at looks.
    pub fn push(&mut self, time: f64) -> Option<Interval> {
        self.count += 1;
        self.open += time;
        if self.count.is_multiple_of(self.length) {
            self.batches.push(std::mem::take(&mut self.open));
        }
        if self.batches.len() == BATCHES {
            self.batches = paired(&self.batches);
            self.length *= 2;
        }
        if self.count == self.next_look && self.looks < LOOKS {
            self.looks += 1;
            self.next_look += self.next_look / 4;
            self.interval = self.look();
        }
        self.interval
    }

    fn look(&self) -> Option<Interval> {
        let mean = Mean::of(&self.batches);
        if mean.correlation >= CORRELATION_MAX {
            return None;
        }
        let least = FLOOR_WIDTHS * self.width / (self.count as f64).sqrt();
        let reach = mean.reach(self.quantile, mean.correlation).max(least);
        let per_sample = mean.value / self.length as f64;
        let (shortest, longest) = (per_sample * (1.0 - reach), per_sample * (1.0 + reach));
        let holds_up = shortest > 0.0 && longest.is_finite();
        holds_up.then_some(Interval { low: 1.0 / longest, high: 1.0 / shortest })
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    fn after(times: impl IntoIterator<Item = f64>, error: f64) -> Option<Interval> {
        let mut sequence = Sequence::new(error, 0.01);
        times.into_iter().fold(None, |_, time| sequence.push(time))
    }

    #[test]
    fn nothing_is_said_before_the_first_look_nor_of_nonsense() {
        assert_eq!(after(vec![1.0; 19], 1e-3), None);
        assert!(after(vec![1.0; 20], 1e-3).is_some());
        for wrong in [f64::NAN, f64::INFINITY, 0.0, -1.0] {
            assert_eq!(after(vec![wrong; 40], 1e-3), None, "{wrong}");
            assert_eq!(after((0..40).map(|n| if n == 3 { f64::NAN } else { 1.0 }), 1e-3), None);
        }
    }

    #[test]
    fn a_steady_device_is_decided_as_soon_as_a_look_may_be_that_exact() {
        let decide = |samples, bound| after(vec![0.5; samples], 1e-3).unwrap().decide(bound, 0.01);
        assert_eq!(decide(20, 2.0 / 1.04), Decision::Pass);
        assert_eq!(decide(20, 2.0 / 0.96), Decision::Fail);
        assert_eq!(decide(20, 2.0), Decision::Undecided);
        assert_eq!(decide(300, 2.0), Decision::Pass);
        assert_eq!(decide(300, 2.0 / 0.989), Decision::Fail);
    }

    /// Rounding makes the sums of equal times differ in their last bits, and always the same way.
    #[test]
    fn equal_times_are_decided_whatever_rounding_makes_of_their_sums() {
        for rate in [12e9, 1e9 / 3.0, 7.7e12, 0.1] {
            for samples in [20, 25, 47, 90, 400, 1300] {
                let decide = |bound| after(vec![1.0 / rate; samples], 1e-3).map(|i| i.decide(bound, 0.01));
                let both = [decide(rate * 0.8), decide(rate * 1.2)];
                assert_eq!(both, [Some(Decision::Pass), Some(Decision::Fail)], "{samples} of {rate}");
            }
        }
    }

    #[test]
    fn the_interval_widens_with_a_smaller_error_and_scales_with_the_rate() {
        let times = || (0..40).map(|n| 1.0 + 0.03 * f64::from(n * 7 % 5 - 2));
        let (whole, quarter) = (after(times(), 1e-3).unwrap(), after(times(), 1e-3 / 4.0).unwrap());
        assert!(quarter.low < whole.low && quarter.high > whole.high, "{quarter:?} {whole:?}");
        let double = after(times().map(|time| time / 2.0), 1e-3).unwrap();
        assert!((double.low / whole.low - 2.0).abs() < 1e-9 && (double.high / whole.high - 2.0).abs() < 1e-9);
    }

    #[test]
    fn what_hangs_together_says_less_than_what_does_not() {
        let apart = after((0..40).map(|n| if n % 2 == 0 { 1.0 } else { 1.1 }), 1e-3).unwrap();
        let runs = after((0..40).map(|n| if n / 4 % 2 == 0 { 1.0 } else { 1.1 }), 1e-3);
        let step = after((0..40).map(|n| if n < 20 { 1.0 } else { 1.1 }), 1e-3);
        assert!(apart.low > 0.8, "{apart:?}");
        assert!(runs.is_none_or(|runs| runs.low < apart.low), "{runs:?}");
        assert_eq!(step, None);
    }

    /// Neighbours differ by so much that they seem to be unrelated; only batches show what lies beneath.
    #[test]
    fn batches_grow_so_that_noise_does_not_hide_a_slow_wander() {
        let jitter = |n: u32| if n.is_multiple_of(2) { 0.95 } else { 1.05 };
        let slow = |n: u32| if (n / 24).is_multiple_of(2) { -0.05 } else { 0.05 };
        let reach = |interval: Interval| 1.0 / interval.low - 1.0;
        let noise = after((0..1100).map(jitter), 1e-3).map(reach).unwrap();
        let both = after((0..1100).map(|n| jitter(n) + slow(n)), 1e-3).map(reach).unwrap();
        assert!(noise < 0.01 && both > 0.0125, "{noise} {both}");
    }
}
