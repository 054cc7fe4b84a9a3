//! Repeated work and the time that it took, by the device's clock and by the host's.
//! Owns how figures come from times, and whether two clocks agree; must not know what is measured.

use serde::{Deserialize, Serialize};

use crate::units::Unit;

/// Samples of repeated work. Each sample ran the op `repeat` times.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Timed {
    /// Work of one execution: operations, bytes or hops.
    pub work: u64,
    pub repeat: u32,
    pub samples: Vec<Sample>,
}

/// One sample: `[device_ns or null, host_ns]` in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(from = "(Option<u64>, u64)", into = "(Option<u64>, u64)")]
#[schemars(with = "(Option<u64>, u64)")]
pub struct Sample {
    pub device_ns: Option<u64>,
    pub host_ns: u64,
}

impl From<(Option<u64>, u64)> for Sample {
    fn from((device_ns, host_ns): (Option<u64>, u64)) -> Self {
        Self { device_ns, host_ns }
    }
}

impl From<Sample> for (Option<u64>, u64) {
    fn from(sample: Sample) -> Self {
        (sample.device_ns, sample.host_ns)
    }
}

/// Whether the device's clock and the host's tell the same story.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clocks {
    Agree,
    HostOnly,
    /// Sums over all samples.
    Disagree {
        device_ns: u64,
        host_ns: u64,
    },
}

/// Share of the host's time that may be missing in the device's (submission, scheduling), and a fixed part per
/// sample. A device that claims less time than this leaves is not believed. One that claims less, but within this, is believed
/// in every figure but what is delivered: that passes only by the host's clock too.
const CLOCK_SLACK_SHARE: f64 = 0.05;
const CLOCK_SLACK_PER_SAMPLE_NS: f64 = 1e6;

impl Timed {
    pub fn clocks(&self) -> Clocks {
        if self.samples.is_empty() {
            return Clocks::HostOnly;
        }
        let host_ns: u64 = self.samples.iter().fold(0, |sum, s| sum.saturating_add(s.host_ns));
        let device: Option<Vec<u64>> = self.samples.iter().map(|s| s.device_ns).collect();
        let Some(device) = device else { return Clocks::HostOnly };
        let device_ns = device.iter().fold(0u64, |sum, ns| sum.saturating_add(*ns));
        let host = host_ns as f64;
        let slack = host * CLOCK_SLACK_SHARE + CLOCK_SLACK_PER_SAMPLE_NS * self.samples.len() as f64;
        let least = (host - slack).max(host * 0.5);
        // The device may not have worked longer than we waited; 1 % covers the granularity of both clocks.
        let most = host * 1.01 + CLOCK_SLACK_PER_SAMPLE_NS;
        if device_ns as f64 >= least && device_ns as f64 <= most && device_ns > 0 {
            Clocks::Agree
        } else {
            Clocks::Disagree { device_ns, host_ns }
        }
    }

    /// One figure per sample, in `unit`: by the device's clock where every sample has one, else by the host's.
    /// A sample of no time gives infinity, which no statistic accepts.
    pub fn figures(&self, unit: Unit) -> Vec<f64> {
        let by_device = self.clocks() != Clocks::HostOnly;
        self.figures_by(unit, |sample| sample.device_ns.filter(|_| by_device).unwrap_or(sample.host_ns))
    }

    /// [`Self::figures`], and the same by the host's clock. Work is always queued, so that on an honest card they differ by what is
    /// lost between launches: 0.03 % on an H200 by its driver, 0.2 % by Vulkan, about 0.5 % in software (`results/`).
    pub fn figures_by_each_clock(&self, unit: Unit) -> [Vec<f64>; 2] {
        [self.figures(unit), self.figures_by(unit, |sample| sample.host_ns)]
    }

    fn figures_by(&self, unit: Unit, ns: impl Fn(&Sample) -> u64) -> Vec<f64> {
        let work = self.work as f64 * f64::from(self.repeat);
        let figure = |sample: &Sample| {
            let ns = ns(sample) as f64;
            match unit {
                Unit::FlopPerSecond | Unit::OpPerSecond | Unit::BytePerSecond => work / (ns / 1e9),
                Unit::Nanosecond => ns / work,
                Unit::Byte | Unit::Count | Unit::Share | Unit::JoulePerFlop | Unit::Kelvin | Unit::Cycle => {
                    work
                }
            }
        };
        self.samples.iter().map(figure).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timed(device_ns: Option<u64>, host_ns: u64) -> Timed {
        Timed { work: 100, repeat: 10, samples: vec![Sample { device_ns, host_ns }; 8] }
    }

    #[test]
    fn clocks_that_tell_different_stories_are_noticed() {
        assert_eq!(timed(None, 80_000_000).clocks(), Clocks::HostOnly);
        assert_eq!(timed(Some(79_000_000), 80_000_000).clocks(), Clocks::Agree);
        for device in [0, 40_000_000, 70_000_000, 90_000_000] {
            assert!(matches!(timed(Some(device), 80_000_000).clocks(), Clocks::Disagree { .. }), "{device}");
        }
    }

    #[test]
    fn figures_follow_the_unit() {
        let timed = timed(Some(1_000_000_000), 1_001_000_000);
        assert_eq!(timed.figures(Unit::BytePerSecond)[0], 1000.0);
        assert_eq!(timed.figures(Unit::Nanosecond)[0], 1e6);
    }
}
