//! When there are samples enough.
//! Owns the caps; must not know how samples are taken.

use crate::evidence::sequence::{Decision, Demand};

const SAMPLES_MIN: usize = 5;
/// Fewer cannot be compared with another run's; for so many, sampling goes on, for up to twice its time.
const SAMPLES_WANTED: usize = 8;
const SAMPLES_MAX: usize = 100;
/// Where something is to be decided, sampling may take so many times as long, and so many times as many samples.
const DECIDING: u64 = 8;

/// When sampling ends. It may end early because all is decided, but nothing is decided here: the judge does that, on the samples.
pub(super) struct Stop<'a> {
    demands: Vec<&'a Demand>,
    pub cap: Cap,
}

/// The most that sampling takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cap {
    pub ns: u64,
    pub samples: usize,
}

impl Cap {
    fn of_times(sample_ms: u64, times: u64) -> Self {
        Self { ns: sample_ms.saturating_mul(times * 1_000_000), samples: SAMPLES_MAX * times as usize }
    }

    /// Where something is to be decided, and so much time is given otherwise.
    pub fn deciding(sample_ms: u64) -> Self {
        Self::of_times(sample_ms, DECIDING)
    }
}

impl<'a> Stop<'a> {
    pub fn new(demands: Vec<&'a Demand>, sample_ms: u64) -> Self {
        let times = if demands.is_empty() { 1 } else { DECIDING };
        Self { demands, cap: Cap::of_times(sample_ms, times) }
    }

    pub fn is_now(&self, taken: usize, elapsed_ns: u64, rates: &[Vec<f64>; 2]) -> bool {
        let enough = if elapsed_ns / 2 < self.cap.ns { SAMPLES_WANTED } else { SAMPLES_MIN };
        let is_long = taken >= enough && elapsed_ns >= self.cap.ns;
        taken >= self.cap.samples || is_long || self.is_decided(rates)
    }

    fn is_decided(&self, rates: &[Vec<f64>; 2]) -> bool {
        let decisions = self.decisions(rates);
        !decisions.is_empty() && decisions.iter().all(|(_, decision)| *decision != Decision::Undecided)
    }

    pub fn decisions(&self, rates: &[Vec<f64>; 2]) -> Vec<(String, Decision)> {
        self.demands.iter().map(|demand| (demand.clause.clone(), demand.decide(rates).1)).collect()
    }
}
