//! Everything that a device has shown of itself, whatever was demanded of it.
//! Owns which figures those are; whether each counts is the gate's business.

use super::clause::{Accept, Figure, Side};
use super::finding::{Reason, Verdict};
use super::gate::{self, Counted, Seen, Unusable};
use crate::evidence::counters::COUNTERS;
use crate::evidence::metric::MetricName;
use crate::evidence::stats::Stat;
use crate::evidence::sustain::ERRORS;
use crate::evidence::{DeviceEvidence, Evidence};

/// One figure, or why there is none.
#[derive(Clone, Debug, PartialEq)]
pub struct Shown {
    pub metric: MetricName,
    /// Of samples only.
    pub statistic: Option<Stat>,
    pub found: Result<Found, Refused>,
}

/// In the metric's unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    pub value: f64,
    /// Where the device may have more (`Side::Least`: it is at least this) or less.
    pub known: Option<Side>,
}

/// `Fail` where the device is shown to be at fault, `Inconclusive` where nothing is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Refused {
    pub verdict: Verdict,
    pub because: Reason,
}

/// The medians of all that was sampled, what was counted, what is left of a load in the end, and the driver's counters. What was
/// not measured at all is not among them.
pub fn shown(evidence: &Evidence, device: &DeviceEvidence) -> Vec<Shown> {
    let accept = Accept::all();
    let seen = Seen { evidence, device, accept: &accept };
    let mut metrics: Vec<(MetricName, Option<Stat>)> = Vec::new();
    for measurement in &device.measurements {
        let statistic = measurement.metric.is_sampled().then_some(Stat::P50);
        if !metrics.iter().any(|(metric, _)| *metric == measurement.metric) {
            metrics.push((measurement.metric.clone(), statistic));
        }
    }
    if let Some(load) = &device.sustained {
        metrics.push((load.load.metric.clone(), Some(Stat::Last)));
        metrics.extend(MetricName::parse(ERRORS).ok().map(|errors| (errors, None)));
    }
    let counted = COUNTERS.iter().filter(|counter| counter.rise(&device.timeline).is_some());
    metrics.extend(counted.filter_map(|counter| Some((MetricName::parse(counter.name).ok()?, None))));
    let figure = |(metric, statistic): (MetricName, Option<Stat>)| {
        let found = gate::figure(&seen, &Figure { metric: metric.clone(), statistic });
        let found = match found {
            Ok(Counted { value, one_sided }) => Ok(Found { value, known: one_sided.map(|(side, _)| side) }),
            Err(Unusable { verdict, because, .. }) => Err(Refused { verdict, because }),
        };
        Shown { metric, statistic, found }
    };
    metrics.into_iter().map(figure).collect()
}
