//! `never` clauses: what telemetry must not show, and when its silence means something.
//! Owns the rule for frozen sensors; must not know where readings come from.

use super::Judgement;
use super::gate::{self, Seen, Unusable};
use crate::contract::clause::Flag;
use crate::contract::finding::{Reason, Verdict};
use crate::evidence::lapse::{Lapse, LapseKind};
use crate::evidence::sustain::Silence;
use crate::evidence::{DeviceEvidence, Sustained, TimedReading, Value};
use crate::telemetry::Reading;

/// Fewer readings cannot show that something never happened: one before, one during, one after.
const READINGS_MIN: usize = 3;

/// A power sensor gives milliwatts and follows a load that starts and stops. That many readings over that long a time
/// without one changed digit in power, clock and temperature come from no live sensor.
const FROZEN_READINGS_MIN: usize = 20;
const FROZEN_NS_MIN: u64 = 10_000_000_000;

/// Without a reading for longer than this, or than this part of the run, nobody knows of what comes and goes. A driver that is slow to
/// answer is asked seldom, and of a load of a day a reading is kept each few minutes.
const SILENCE_NS: u64 = 120_000_000_000;
const SILENCE_PART: u64 = 10;
/// A run begins and ends with a reading.
const END_NS: u64 = 10_000_000_000;
const END_PART: u64 = 20;

/// How what readings tell is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kept {
    /// It comes and goes: each reading shows its own moment.
    State,
    /// It only rises: each reading shows all that came before it.
    Counter,
}

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
    let kept = if flag.throttle().is_some() { Kept::State } else { Kept::Counter };
    let tells = |reading: &Reading| shows(reading, flag).is_some();
    let silence = gate::completed(seen)
        .and_then(|()| watched(seen, tells, Reason::TelemetryAbsent { flag }, kept))
        .and_then(|()| told_of_load(seen, kept));
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

/// Whether telemetry told something in every reading, often enough, from beginning to end, and was alive; `absent` says what it is.
pub(super) fn watched(
    seen: &Seen<'_>,
    tells: impl Fn(&Reading) -> bool,
    absent: Reason,
    kept: Kept,
) -> Result<(), Unusable> {
    let timeline = &seen.device.timeline;
    if timeline.is_empty() || !timeline.iter().all(|at| tells(&at.reading)) {
        return Err(Unusable::open(absent));
    }
    if timeline.len() < READINGS_MIN {
        return Err(Unusable::open(Reason::TelemetryTooShort { readings: timeline.len() as u64 }));
    }
    match still(timeline).or_else(|| silence(seen, kept)) {
        Some(because) => Err(Unusable::open(because)),
        None => Ok(()),
    }
}

/// Whether looks between the readings of a load told as well of what comes and goes.
fn told_of_load(seen: &Seen<'_>, kept: Kept) -> Result<(), Unusable> {
    let silences = seen.device.sustained.iter().flat_map(Sustained::silences);
    match silences.into_iter().next().filter(|_| kept == Kept::State) {
        Some(Silence { from_ns, to_ns, .. }) => {
            Err(Unusable::open(Reason::TelemetrySilent { from_ns, to_ns }))
        }
        None => Ok(()),
    }
}

/// The first time in which readings are missing: at the beginning or the end of the run, and between for what comes and goes.
fn silence(seen: &Seen<'_>, kept: Kept) -> Option<Reason> {
    let device = seen.device;
    let (first, last) = (device.timeline.first()?.at_ns, device.timeline.last()?.at_ns);
    let windows = device.sustained.iter().flat_map(|load| &load.windows);
    let (begun, ended) =
        windows.fold((first, last), |(from, to), window| (from.min(window.from_ns), to.max(window.to_ns)));
    let ended = ended.max(first.saturating_add(sampled_ns(device)));
    let ran_ns = ended.saturating_sub(begun);
    let of_end = (ran_ns / END_PART).max(END_NS);
    let of_state = (ran_ns / SILENCE_PART).max(SILENCE_NS);
    let between =
        device.timeline.windows(2).filter_map(|pair| Some((pair.first()?.at_ns, pair.last()?.at_ns)));
    let between = between.filter(|_| kept == Kept::State).map(|(from, to)| (from, to, of_state));
    let mut broke_off: Vec<u64> = seen.evidence.resumed.iter().filter_map(|at| at.gap_ns).collect();
    let mut is_long = |(from, to, most): &(u64, u64, u64)| {
        let watched_ns = to.saturating_sub(*from).saturating_sub(unwatched_ns(device, *from, *to));
        // A run that goes on begins with a reading, so between two of them it broke off once.
        let excuse = broke_off.iter().position(|gap| *gap <= watched_ns && watched_ns > *most);
        watched_ns - excuse.map_or(0, |at| broke_off.swap_remove(at)) > *most
    };
    let ends = [(begun, first, of_end), (last, ended, of_end)];
    let silent = between.chain(ends).find(|stretch| is_long(stretch));
    silent.map(|(from_ns, to_ns, _)| Reason::TelemetrySilent { from_ns, to_ns })
}

/// How long all samples of a device took together: so long it was measured at least.
fn sampled_ns(device: &DeviceEvidence) -> u64 {
    let samples = device.measurements.iter().flat_map(|measured| match &measured.value {
        Value::Timed(timed) => timed.samples.as_slice(),
        Value::Count { .. }
        | Value::Share { .. }
        | Value::AtLeast { .. }
        | Value::ByUnit { .. }
        | Value::Lengths(_) => &[],
    });
    samples.fold(0, |sum, sample| sum.saturating_add(sample.host_ns))
}

/// How long the run is known to have stood still between two times.
fn unwatched_ns(device: &DeviceEvidence, from_ns: u64, to_ns: u64) -> u64 {
    let stood = |lapse: &&Lapse| lapse.kind == LapseKind::Stood && (from_ns..=to_ns).contains(&lapse.at_ns);
    let stood = device.lapses.iter().filter(stood);
    let stood_ns = stood.fold(0u64, |sum, lapse| sum.saturating_add(lapse.ns));
    let gaps_ns = device.sustained.as_ref().map_or(0, |load| load.gaps_ns(from_ns, to_ns));
    stood_ns.max(gaps_ns)
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
