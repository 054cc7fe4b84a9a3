//! `never` clauses: what telemetry must not show, and when its silence means something.
//! Owns the rule for frozen sensors; must not know where readings come from.

use super::clause::Flag;
use super::finding::{Reason, Verdict};
use super::gate::{self, Seen, Unusable};
use super::judge::Judgement;
use crate::evidence::TimedReading;
use crate::telemetry::Reading;

/// Fewer readings cannot show that something never happened: one before, one during, one after.
const READINGS_MIN: usize = 3;

/// A power sensor gives milliwatts and follows a load that starts and stops. That many readings over that long a time
/// without one changed digit in power, clock and temperature come from no live sensor.
const FROZEN_READINGS_MIN: usize = 20;
const FROZEN_NS_MIN: u64 = 10_000_000_000;

/// Seen once is a fail, whatever else happened. Never seen is a pass only if telemetry was there, awake and watching
/// through a run that completed.
pub(super) fn never(seen: &Seen<'_>, flag: Flag) -> Judgement {
    let identity = gate::admitted(seen);
    if let Err(unusable) = identity {
        return Judgement::undecided(unusable, None);
    }
    let timeline = &seen.device.timeline;
    let raised: Vec<&TimedReading> =
        timeline.iter().filter(|at| shows(&at.reading, flag) == Some(true)).collect();
    if let Some(first) = raised.first() {
        let because = Reason::FlagSeen { flag, readings: raised.len() as u64, at_ns: first.at_ns };
        return Judgement::undecided(Unusable::fault(because), None);
    }
    // Between two readings of a long load lie many looks.
    let looks =
        flag.throttle().zip(seen.device.sustained.as_ref()).and_then(|(reason, load)| load.told(reason));
    if let Some((at_ns, readings)) = looks {
        return Judgement::undecided(Unusable::fault(Reason::FlagSeen { flag, readings, at_ns }), None);
    }
    let silence = gate::completed(seen).and_then(|()| {
        watched(timeline, |reading| shows(reading, flag).is_some(), Reason::TelemetryAbsent { flag })
    });
    match silence {
        Ok(()) => Judgement { verdict: Verdict::Pass, observed: None, bound: None, because: Reason::Met },
        Err(unusable) => Judgement::undecided(unusable, None),
    }
}

/// Whether a reading shows the flag; `None` where it does not say.
fn shows(reading: &Reading, flag: Flag) -> Option<bool> {
    match flag {
        Flag::ThrottleThermal | Flag::ThrottlePower | Flag::ThrottleBrake => {
            let reasons = reading.throttle.as_ref()?;
            Some(flag.throttle().is_some_and(|reason| reasons.contains(&reason)))
        }
        Flag::EccUncorrected => reading.ecc_uncorrected.map(|count| count > 0),
        Flag::Xid => reading.xid.map(|count| count > 0),
    }
}

/// Whether telemetry told something in every reading, often enough, and was alive; `absent` says what it is.
pub(super) fn watched(
    timeline: &[TimedReading],
    tells: impl Fn(&Reading) -> bool,
    absent: Reason,
) -> Result<(), Unusable> {
    if timeline.is_empty() || !timeline.iter().all(|at| tells(&at.reading)) {
        return Err(Unusable::open(absent));
    }
    if timeline.len() < READINGS_MIN {
        return Err(Unusable::open(Reason::TelemetryTooShort { readings: timeline.len() as u64 }));
    }
    match still(timeline) {
        Some(because) => Err(Unusable::open(because)),
        None => Ok(()),
    }
}

/// Why a timeline in which nothing moves is not believed: it is frozen, or too short to tell. Only power decides: a card
/// at its clock limit in a cold room may well hold clock and whole degrees, but no card under a changing load draws the
/// same milliwatts. A sensor that says nothing for once does not move by that.
fn still(timeline: &[TimedReading]) -> Option<Reason> {
    let moves = |of: fn(&Reading) -> Option<u32>| {
        let mut told = timeline.iter().filter_map(|at| of(&at.reading));
        let first = told.next();
        told.any(|value| Some(value) != first)
    };
    let power: Vec<u64> =
        timeline.iter().filter(|at| at.reading.power_mw.is_some()).map(|at| at.at_ns).collect();
    let (first_ns, last_ns) = (power.first()?, power.last()?);
    if moves(|r| r.power_mw) || moves(|r| r.clock_mhz) || moves(|r| r.temperature_c) {
        return None;
    }
    let (readings, span_ns) = (power.len() as u64, last_ns.saturating_sub(*first_ns));
    Some(if power.len() >= FROZEN_READINGS_MIN && span_ns >= FROZEN_NS_MIN {
        Reason::TelemetryFrozen { readings, seconds: span_ns / 1_000_000_000 }
    } else {
        Reason::TelemetryTooShort { readings }
    })
}
