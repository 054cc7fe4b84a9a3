//! Everything that a device has shown of itself, whatever was demanded of it.
//! Owns which figures those are; whether each counts is the gate's business.

use super::counted::{self, Counted};
use super::gate::{Seen, Unusable, checked};
use crate::catalogue::fingerprint;
use crate::contract::clause::{Accept, Figure, Side};
use crate::contract::finding::{Reason, Verdict};
use crate::device::Lacking;
use crate::evidence::counters::COUNTERS;
use crate::evidence::metric::MetricName;
use crate::evidence::stats::Stat;
use crate::evidence::sustain::ERRORS;
use crate::evidence::{Absence, AbsenceReason, DeviceEvidence, Evidence, Measurement, Value};

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
    let rising = COUNTERS.iter().filter(|counter| counter.rise(&device.timeline).is_some());
    metrics.extend(rising.filter_map(|counter| Some((MetricName::parse(counter.name).ok()?, None))));
    let figure = |(metric, statistic): (MetricName, Option<Stat>)| {
        let found = counted::of(&seen, &Figure { metric: metric.clone(), statistic });
        let found = match found {
            Ok(Counted { value, one_sided }) => Ok(Found { value, known: one_sided.map(|(side, _)| side) }),
            Err(Unusable { verdict, because, .. }) => Err(Refused { verdict, because }),
        };
        Shown { metric, statistic, found }
    };
    metrics.into_iter().map(figure).collect()
}

/// What of a device was checked and is no contradiction in itself, the median of each metric, whatever the device calls itself; and
/// what it says of itself beside its name.
pub fn measured(device: &DeviceEvidence) -> fingerprint::Measured {
    let by_card =
        |absence: &&Absence| matches!(absence.reason, AbsenceReason::Unsupported { by: Lacking::Card, .. });
    let refused = device.absences.iter().filter(by_card).map(|absence| absence.metric.clone()).collect();
    let default = MetricName::parse("identity.nvml.power_limit_default_mw").ok();
    let default_mw = default.and_then(|metric| device.fact(&metric)?.parse::<f64>().ok());
    let limit_mw = device.timeline.iter().find_map(|at| at.reading.power_limit_mw);
    fingerprint::Measured {
        figures: figures(device),
        refused,
        power_default_w: default_mw.map(|mw| mw / 1e3),
        power_limit_w: limit_mw.map(|mw| f64::from(mw) / 1e3),
    }
}

fn figures(device: &DeviceEvidence) -> Vec<fingerprint::Figure> {
    let figure = |measurement: &Measurement| {
        checked(measurement).ok()?;
        let timed = matches!(measurement.value, Value::Timed(_));
        let wanted = Figure { metric: measurement.metric.clone(), statistic: timed.then_some(Stat::P50) };
        let value = counted::value(measurement, &wanted).ok()?;
        let at_least = matches!(counted::one_sided(measurement), Some((Side::Least, _)));
        Some(fingerprint::Figure { metric: wanted.metric, value, at_least })
    };
    device.measurements.iter().filter_map(figure).collect()
}
