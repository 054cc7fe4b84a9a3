//! What must hold before a figure counts at all: present, checked, from an accepted source, from a completed run, on
//! clocks that agree, and physically possible.
//! Owns the order of these conditions; must not know bounds.

use crate::catalogue;
use crate::contract::clause::Accept;
use crate::contract::finding::{Amount, Reason, Verdict};
use crate::device::{Identity, Lacking};
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::{
    AbsenceReason, Canary, Check, Clocks, DeviceEvidence, Ended, Evidence, Measurement, Value,
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

pub(super) fn missing(seen: &Seen<'_>, metric: &MetricName) -> Unusable {
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
pub(super) fn right(check: &Check) -> Result<(), Unusable> {
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

pub(super) fn counts_errors(metric: &MetricName) -> bool {
    metric.kind() == Kind::Number(Unit::Count)
}

pub(super) fn agreeing(clocks: Clocks) -> Result<(), Unusable> {
    match clocks {
        Clocks::Agree | Clocks::HostOnly => Ok(()),
        Clocks::Disagree { device_ns, host_ns } => {
            Err(Unusable::open(Reason::ClocksDisagree { device_ns, host_ns }))
        }
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
