//! What must hold before a figure counts at all: present, checked, from an accepted source, from a completed run, on
//! clocks that agree, and physically possible.
//! Owns the order of these conditions; must not know bounds.

use super::clause::{Accept, Figure, Side};
use super::finding::{Amount, Reason, Verdict};
use super::telemetry::{self, Kept};
use crate::catalogue::{self, fingerprint};
use crate::device::{Identity, Lacking, Reach};
use crate::evidence::counters::{self, CounterDef};
use crate::evidence::lapse::LapseKind;
use crate::evidence::metric::{Better, Kind, MetricName};
use crate::evidence::stats::Stat;
use crate::evidence::sustain::{FIGURES, FIRST_THROTTLE, MTBE};
use crate::evidence::{
    Absence, AbsenceReason, Canary, Check, Clocks, DeviceEvidence, Ended, Evidence, Measurement, Sustained,
    Value,
};
use crate::units::Unit;

/// One device of a run, seen under what a clause accepts.
#[derive(Clone, Copy)]
pub(super) struct Seen<'a> {
    pub evidence: &'a Evidence,
    pub device: &'a DeviceEvidence,
    pub accept: &'a Accept,
}

/// Why a figure does not count.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Unusable {
    pub verdict: Verdict,
    pub observed: Option<Amount>,
    pub because: Reason,
}

impl Unusable {
    /// Nothing is known: inconclusive.
    pub(super) fn open(because: Reason) -> Self {
        Self { verdict: Verdict::Inconclusive, observed: None, because }
    }

    /// The same of these devices of a node.
    pub(super) fn on(self, devices: &[&DeviceEvidence], metric: Option<&str>) -> Self {
        Self { because: self.because.on(devices, metric), ..self }
    }

    /// The device itself is shown to be at fault, whatever the figure says.
    pub(super) fn fault(because: Reason) -> Self {
        Self { verdict: Verdict::Fail, observed: None, because }
    }
}

/// What both come to together; where one does not count the worse reason, of equal ones the first.
pub(super) fn both<T>(
    one: Result<T, Unusable>,
    other: Result<T, Unusable>,
    together: impl FnOnce(T, T) -> T,
) -> Result<T, Unusable> {
    match (one, other) {
        (Ok(one), Ok(other)) => Ok(together(one, other)),
        (Err(first), Err(other)) if other.verdict > first.verdict => Err(other),
        (Err(why), _) | (Ok(_), Err(why)) => Err(why),
    }
}

/// It takes two devices to measure or compare anything between them.
pub(super) fn several(evidence: &Evidence) -> Result<(), Unusable> {
    let present = u32::try_from(evidence.devices.len()).unwrap_or(u32::MAX);
    if present < 2 { Err(Unusable::open(Reason::TooFewDevices { present, demanded: 2 })) } else { Ok(()) }
}

/// A figure that counts.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Counted {
    pub value: f64,
    /// Where the device may have more (`Side::Least`: it is at least this) or less: on which side it is known, and why no better.
    pub one_sided: Option<(Side, Reason)>,
}

/// The figure of a device, if it counts.
pub(super) fn figure(seen: &Seen<'_>, figure: &Figure) -> Result<Counted, Unusable> {
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
        let value = value(measurement, &wanted).ok()?;
        let at_least = matches!(one_sided(measurement), Some((Side::Least, _)));
        Some(fingerprint::Figure { metric: wanted.metric, value, at_least })
    };
    device.measurements.iter().filter_map(figure).collect()
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

/// The text of a fact, if it counts.
pub(super) fn fact<'a>(seen: &Seen<'a>, metric: &MetricName) -> Result<&'a str, Unusable> {
    admitted(seen)?;
    let fact = seen.device.fact(metric).ok_or_else(|| missing(seen, metric))?;
    completed(seen)?;
    Ok(fact)
}

/// The identity of a device from which evidence is accepted. What comes from elsewhere neither passes nor fails.
pub(super) fn admitted<'a>(seen: &Seen<'a>) -> Result<&'a Identity, Unusable> {
    let Some(identity) = &seen.device.identity else {
        return Err(Unusable::open(Reason::NotOpened { ended: seen.device.ended.clone() }));
    };
    let is = identity.provenance.kind();
    if seen.accept.takes(is) {
        Ok(identity)
    } else {
        let accepted = seen.accept.kinds().to_vec();
        Err(Unusable::open(Reason::ProvenanceRefused { is, accepted }))
    }
}

/// Whether the device's part and the run came to their proper end. What was measured before a loss stays open: a
/// card that dies under load has not shown what it can do.
pub(super) fn completed(seen: &Seen<'_>) -> Result<(), Unusable> {
    match (&seen.device.ended, &seen.evidence.ended) {
        (Ended::Completed, Ended::Completed) => Ok(()),
        (Ended::Completed, run) => Err(Unusable::open(Reason::RunNotCompleted { ended: run.clone() })),
        (device, _) => Err(Unusable::open(Reason::DeviceNotCompleted { ended: device.clone() })),
    }
}

fn missing(seen: &Seen<'_>, metric: &MetricName) -> Unusable {
    match seen.device.absence(metric) {
        Some(absence) => absent(&absence.reason),
        // Where the run broke off, that is the reason.
        None => match completed(seen) {
            Err(broken_off) => broken_off,
            Ok(()) => Unusable::open(Reason::NotMeasured { metric: metric.to_string() }),
        },
    }
}

/// What it means that something was not measured for this reason.
pub(super) fn absent(reason: &AbsenceReason) -> Unusable {
    match reason {
        AbsenceReason::Unsupported { by: Lacking::Card, why } => {
            Unusable::fault(Reason::CardCannot { why: why.clone() })
        }
        AbsenceReason::Unsupported { by: Lacking::Us, why } => {
            Unusable::open(Reason::WeCannot { why: why.clone() })
        }
        AbsenceReason::Failed { error } => Unusable::open(Reason::Failed { error: error.clone() }),
        AbsenceReason::Skipped { why } => Unusable::open(Reason::Skipped { why: why.clone() }),
    }
}

/// A wrong result is a fault of the device even if the run broke off later, so this is asked first.
pub(super) fn checked(measurement: &Measurement) -> Result<(), Unusable> {
    right(&measurement.check)?;
    match &measurement.check {
        Check::Wrong { .. } | Check::Matched { .. } => Ok(()),
        Check::Scanned { tally, .. } => {
            if counts_errors(&measurement.metric) {
                return Ok(());
            }
            // Memory that does not hold its data has neither capacity nor speed: an aliasing card ends here.
            if tally.words_wrong > 0 {
                return Err(Unusable::fault(Reason::MemoryErrors { words: tally.words_wrong }));
            }
            let checked = tally.words_checked.saturating_mul(4);
            match &measurement.value {
                Value::Count { count: filled } | Value::AtLeast { count: filled, .. }
                    if *filled > checked =>
                {
                    Err(Unusable::open(Reason::NotReadBack { filled: *filled, checked }))
                }
                Value::Count { .. }
                | Value::Share { .. }
                | Value::AtLeast { .. }
                | Value::ByUnit { .. }
                | Value::Lengths(_)
                | Value::Timed(_) => Ok(()),
            }
        }
    }
}

/// Whether results were compared at all, by a check that has shown that it sees, and were right.
fn right(check: &Check) -> Result<(), Unusable> {
    match check {
        Check::Wrong { why } => Err(Unusable::fault(Reason::WrongResult { why: why.clone() })),
        Check::Matched { canary: Canary::Missed, .. } | Check::Scanned { canary: Canary::Missed, .. } => {
            Err(Unusable::open(Reason::CanaryMissed))
        }
        // A rate counts only with its exact phase; samples of rows within a bound are not enough.
        Check::Matched { exact: 0, .. } => Err(Unusable::open(Reason::NothingCompared)),
        Check::Scanned { tally, .. } if tally.words_checked == 0 => {
            Err(Unusable::open(Reason::NothingCompared))
        }
        Check::Matched { canary: Canary::Caught, .. } | Check::Scanned { canary: Canary::Caught, .. } => {
            Ok(())
        }
    }
}

fn counts_errors(metric: &MetricName) -> bool {
    metric.kind() == Kind::Number(Unit::Count)
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

fn agreeing(clocks: Clocks) -> Result<(), Unusable> {
    match clocks {
        Clocks::Agree | Clocks::HostOnly => Ok(()),
        Clocks::Disagree { device_ns, host_ns } => {
            Err(Unusable::open(Reason::ClocksDisagree { device_ns, host_ns }))
        }
    }
}

/// The number that was counted. Errors are counted twice, by the probe and by the scan: the worse counts.
fn counted(count: u64, measurement: &Measurement) -> u64 {
    match &measurement.check {
        Check::Scanned { tally, .. } if counts_errors(&measurement.metric) => count.max(tally.words_wrong),
        Check::Scanned { .. } | Check::Matched { .. } | Check::Wrong { .. } => count,
    }
}

/// Whether any such device can reach this figure.
pub fn is_possible(identity: &Identity, metric: &MetricName, value: f64) -> bool {
    possible(identity, metric, value).is_ok()
}

/// A figure beyond the physical limit is no measurement: time, work or identity were not what they seemed. It can
/// never pass, and it cannot fail either, because the limit follows from the PCI id, which is the machine's own word.
pub(super) fn possible(identity: &Identity, metric: &MetricName, value: f64) -> Result<(), Unusable> {
    let Kind::Number(unit) = metric.kind() else { return Ok(()) };
    let beyond = match (catalogue::ceiling(identity, metric), catalogue::floor(metric)) {
        (Some(most), _) if value > most => most,
        (_, Some(least)) if value < least => least,
        _ => return Ok(()),
    };
    let amount = |value| Amount::Number { value, unit };
    Err(Unusable {
        verdict: Verdict::Inconclusive,
        observed: Some(amount(value)),
        because: Reason::TooFastToBeTrue { figure: amount(value), limit: amount(beyond) },
    })
}
