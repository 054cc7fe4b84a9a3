//! The figure of a metric: of samples, of a count, of a counter's rise, of a load that was kept up; and where no more than one side of
//! it is known.
//! Owns how a figure follows from what was measured; what must hold before it counts is the gate's business.

use super::gate::{
    Seen, Unusable, admitted, agreeing, checked, completed, counts_errors, missing, possible, right,
};
use super::telemetry::{self, Kept};
use crate::contract::clause::{Figure, Side};
use crate::contract::finding::Reason;
use crate::device::Reach;
use crate::evidence::counters::{self, CounterDef};
use crate::evidence::lapse::LapseKind;
use crate::evidence::metric::{Better, Kind, MetricName};
use crate::evidence::sustain::{FIGURES, FIRST_THROTTLE, MTBE};
use crate::evidence::{Check, Clocks, DeviceEvidence, Measurement, Sustained, Value};
use crate::units::Unit;

/// A figure that counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counted {
    pub value: f64,
    /// Where the device may have more (`Side::Least`: it is at least this) or less: on which side it is known, and why no better.
    pub one_sided: Option<(Side, Reason)>,
}

/// The figure of a device, if it counts.
pub(super) fn of(seen: &Seen<'_>, figure: &Figure) -> Result<Counted, Unusable> {
    let identity = admitted(seen)?;
    let measured: Vec<&Measurement> =
        seen.device.measurements.iter().filter(|m| m.metric == figure.metric).collect();
    if let (true, Some(counter)) = (measured.is_empty(), counters::find(&figure.metric)) {
        return counter_rise(seen, counter);
    }
    if measured.is_empty() {
        let load = seen.device.sustained.as_ref().filter(|load| load.tells(&figure.metric));
        return match (load, seen.device.absence(&figure.metric)) {
            (Some(load), None) => kept_up(seen, load, figure),
            (Some(_), Some(_)) | (None, _) => Err(missing(seen, &figure.metric)),
        };
    }
    // A metric stands once in the evidence. Where it stands twice and differs nobody may choose: none counts.
    let mut last = Err(Unusable::open(Reason::NoFigure));
    for measurement in measured {
        checked(measurement)?;
        completed(seen)?;
        let value = value(measurement, figure)?;
        possible(identity, &figure.metric, value)?;
        let held_back = || held_back(seen.device, &figure.metric, measurement.clocks());
        let counted = Counted { value, one_sided: one_sided(measurement).or_else(held_back) };
        last = match last {
            Err(_) => Ok(counted),
            Ok(before) if before == counted => Ok(counted),
            Ok(_) => return Err(Unusable::open(Reason::NoFigure)),
        };
    }
    last
}

/// How far a counter rose. What came has come, even if telemetry was silent later; only then it may be more.
fn counter_rise(seen: &Seen<'_>, counter: &CounterDef) -> Result<Counted, Unusable> {
    let silent = Reason::SensorSilent { what: counter.sensor.to_owned() };
    // What came between two readings shows in the second.
    let watched = completed(seen)
        .and_then(|()| telemetry::watched(seen, |reading| counter.is_told(reading), silent, Kept::Counter));
    match (counter.rise(&seen.device.timeline), watched) {
        (Some(rise), Ok(())) => Ok(Counted { value: rise as f64, one_sided: None }),
        (Some(rise @ 1..), Err(open)) => {
            Ok(Counted { value: rise as f64, one_sided: Some((Side::Least, open.because)) })
        }
        (Some(0), Err(open)) => Err(open),
        (None, watched) => Err(watched.err().unwrap_or_else(|| Unusable::open(Reason::NoFigure))),
    }
}

/// A figure of the load that was kept up. That a result was wrong counts whatever happened later, and for every figure: fast and
/// wrong is not fast.
fn kept_up(seen: &Seen<'_>, sustained: &Sustained, figure: &Figure) -> Result<Counted, Unusable> {
    right(&sustained.load.check)?;
    let value = sustained.figure(&figure.metric, figure.statistic);
    if counts_errors(&figure.metric) {
        // Each error that was found is one, even if the run broke off: only a number of none needs the whole run.
        if sustained.wrong() == 0 {
            completed(seen)?;
        }
    } else if sustained.wrong() > 0 {
        let (wrong, checked) = (sustained.wrong(), sustained.checked());
        return Err(Unusable::fault(Reason::WrongUnderLoad { wrong, checked }));
    } else {
        completed(seen)?;
    }
    let (watched_ns, asked_ns) = (sustained.watched_ns(), sustained.load.asked_ms.saturating_mul(1_000_000));
    if watched_ns < asked_ns && !(counts_errors(&figure.metric) && sustained.wrong() > 0) {
        return Err(Unusable::open(Reason::NotKeptUp { watched_ns, asked_ns }));
    }
    agreeing(sustained.clocks())?;
    let value =
        value.filter(|value| value.is_finite()).ok_or_else(|| Unusable::open(unknown(&figure.metric)))?;
    possible(admitted(seen)?, &figure.metric, value)?;
    let one_sided = if hangs_on_speed(&figure.metric, sustained) {
        let of_kernel = sustained.load.conditions.reach == Reach::Kernel;
        let ours = of_kernel.then(|| (side_known(&figure.metric), Reason::ShortfallMayBeOurs));
        ours.or_else(|| held_back(seen.device, &figure.metric, sustained.clocks()))
    } else if figure.metric.as_str() == FIRST_THROTTLE && sustained.silent_since_ns().is_some() {
        Some((Side::Least, unknown(&figure.metric)))
    } else if figure.metric.as_str() == FIRST_THROTTLE && sustained.first_throttled_ns().is_none() {
        Some((Side::Least, Reason::NeverThrottled))
    } else if figure.metric.as_str() == MTBE {
        Some((Side::Least, Reason::NoErrorSoFar))
    } else {
        None
    };
    Ok(Counted { value, one_sided })
}

/// The rate of a load, the time of one product, and the energy of an operation, of which a slow kernel takes more.
fn hangs_on_speed(metric: &MetricName, sustained: &Sustained) -> bool {
    *metric == sustained.load.metric
        || metric.as_str().ends_with(".latency")
        || metric.kind() == Kind::Number(Unit::JoulePerFlop)
}

/// Why a load has no figure of a metric.
fn unknown(metric: &MetricName) -> Reason {
    let figure = FIGURES.iter().find(|row| row.name == metric.as_str());
    match figure.and_then(|row| row.sensor) {
        Some(what) => Reason::SensorSilent { what: what.to_owned() },
        None => Reason::NoFigure,
    }
}

pub(super) fn value(measurement: &Measurement, figure: &Figure) -> Result<f64, Unusable> {
    let no_figure = || Unusable::open(Reason::NoFigure);
    let value = match (&measurement.value, figure.statistic) {
        (Value::Timed(timed), Some(_)) if timed.samples.is_empty() => return Err(no_figure()),
        (Value::Timed(timed), Some(statistic)) => {
            agreeing(timed.clocks())?;
            statistic.of(&measurement.figures()).ok_or_else(no_figure)?
        }
        (Value::ByUnit { .. } | Value::Lengths(_), Some(statistic)) => {
            statistic.of(&measurement.figures()).ok_or_else(no_figure)?
        }
        (Value::Count { count } | Value::AtLeast { count, .. }, None) => counted(*count, measurement) as f64,
        (Value::Share { part, whole }, None) => *part as f64 / *whole as f64,
        // A count where samples belong, or the reverse, is no evidence of either.
        (Value::Timed(_) | Value::ByUnit { .. } | Value::Lengths(_), None)
        | (Value::Count { .. } | Value::Share { .. } | Value::AtLeast { .. }, Some(_)) => {
            return Err(no_figure());
        }
    };
    if value.is_finite() { Ok(value) } else { Err(no_figure()) }
}

/// Why a measurement shows only a part of what the device has or can do, where it does.
pub(super) fn one_sided(measurement: &Measurement) -> Option<(Side, Reason)> {
    match (&measurement.value, measurement.conditions.reach) {
        (Value::AtLeast { why, .. }, _) => Some((Side::Least, Reason::OnlyALowerBound { why: why.clone() })),
        (Value::Timed(_), Reach::Kernel) => {
            Some((side_known(&measurement.metric), Reason::ShortfallMayBeOurs))
        }
        (Value::Timed(_), Reach::Card)
        | (Value::Count { .. } | Value::Share { .. } | Value::ByUnit { .. } | Value::Lengths(_), _) => None,
    }
}

/// What the host's clock alone timed, while a quota kept this program from running: the card may have been faster.
fn held_back(device: &DeviceEvidence, metric: &MetricName, clocks: Clocks) -> Option<(Side, Reason)> {
    let lapse = LapseKind::Throttled;
    let (ns, times) = device.lapsed(lapse)?;
    (clocks == Clocks::HostOnly).then(|| (side_known(metric), Reason::Lapsed { lapse, times, ns }))
}

/// On which side a figure is known where the device may do better: a rate is at least this, a latency at most.
fn side_known(metric: &MetricName) -> Side {
    match metric.better() {
        Some(Better::Less) => Side::Most,
        Some(Better::More) | None => Side::Least,
    }
}

/// The number that was counted. Errors are counted twice, by the probe and by the scan: the worse counts.
fn counted(count: u64, measurement: &Measurement) -> u64 {
    match &measurement.check {
        Check::Scanned { tally, .. } if counts_errors(&measurement.metric) => count.max(tally.words_wrong),
        Check::Scanned { .. } | Check::Matched { .. } | Check::Wrong { .. } => count,
    }
}
