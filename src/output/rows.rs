//! What the tables of every form say, cell by cell. Owns the wording; the forms own the layout.

use crate::contract::{Finding, Verdict};
use crate::device::{Provenance, Reach};
use crate::evidence::metric::Kind;
use crate::evidence::{Canary, Check, Clocks, Conditions, DeviceEvidence, Ended, Measurement, Value};
use crate::report::{Report, SealedBy, TrustLevel};
use crate::units::Unit;

pub const MEASUREMENTS: [&str; 6] =
    ["metric", "median", "p5 .. p95", "samples", "conditions", "result check"];
pub const FINDINGS: [&str; 7] = ["clause", "severity", "on", "demanded", "found", "verdict", "because"];
pub const ABSENCES: [&str; 2] = ["not measured", "why"];

pub fn measurement(m: &Measurement) -> [String; 6] {
    let (median, range, samples) = match (m.summary(), m.metric.kind()) {
        (Some(s), Kind::Number(unit)) => match &m.value {
            Value::Timed(_) => (unit.format(s.p50), range(unit, s.p5, s.p95), s.count.to_string()),
            Value::Count { .. } | Value::Share { .. } => (unit.format(s.p50), String::new(), String::new()),
            Value::AtLeast { why, .. } => {
                (format!("at least {}", unit.format(s.p50)), why.clone(), String::new())
            }
        },
        (None, _) | (_, Kind::Fact) => ("no figure".to_owned(), String::new(), String::new()),
    };
    [m.metric.to_string(), median, range, samples, conditions(m), check(m)]
}

fn range(unit: Unit, low: f64, high: f64) -> String {
    let (low, high) = (unit.format(low), unit.format(high));
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, a)), Some((_, b))) if a == b => format!("{number} .. {high}"),
        _ => format!("{low} .. {high}"),
    }
}

fn conditions(m: &Measurement) -> String {
    let data = m.conditions.distribution.map(|d| match d {
        crate::device::draw::Distribution::Integers { .. } => "integer data",
        crate::device::draw::Distribution::Normal => "normal data",
        crate::device::draw::Distribution::Wide => "wide-range data",
    });
    let clock = match &m.value {
        Value::Timed(timed) => match timed.clocks() {
            Clocks::Agree => None,
            Clocks::HostOnly => Some("host clock"),
            Clocks::Disagree { .. } => Some("CLOCKS DISAGREE"),
        },
        Value::Count { .. } | Value::Share { .. } | Value::AtLeast { .. } => None,
    };
    let Conditions { shape, variant, caveat, reach, .. } = &m.conditions;
    let reach = match reach {
        Reach::Card => None,
        Reach::Kernel => Some("not on the card's fastest units"),
    };
    let parts = [Some(shape.as_str()), data, variant.as_deref(), clock, caveat.as_deref(), reach];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

fn check(m: &Measurement) -> String {
    let note = |canary: &Canary| match canary {
        Canary::Caught => "",
        Canary::Missed => ", PLANTED ERROR MISSED",
    };
    match &m.check {
        Check::Matched { exact, sampled: 0, canary } => format!("{exact} exact{}", note(canary)),
        Check::Matched { exact, sampled, canary } => {
            format!("{exact} exact, {sampled} within bound{}", note(canary))
        }
        Check::Scanned { tally, canary } if tally.words_wrong == 0 => {
            format!("{} words read back right{}", tally.words_checked, note(canary))
        }
        Check::Scanned { tally, canary } => {
            let first = tally.examples.first().map_or(0, |e| e.word * 4);
            format!(
                "{} of {} words WRONG, first seen at byte {first}, bits {:#010x}, {} set, {} cleared{}",
                tally.words_wrong,
                tally.words_checked,
                tally.bit_mask,
                tally.bits_set,
                tally.bits_cleared,
                note(canary)
            )
        }
        Check::Wrong { why } => format!("WRONG: {why}"),
    }
}

pub fn finding(f: &Finding) -> [String; 7] {
    let amount = |a: &Option<crate::contract::Amount>| a.as_ref().map_or("-".to_owned(), ToString::to_string);
    [
        f.clause.clone(),
        f.severity.name().to_owned(),
        f.subject.to_string(),
        amount(&f.bound),
        amount(&f.observed),
        verdict_word(f.verdict).to_owned(),
        f.because.to_string(),
    ]
}

pub fn verdict_word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Pass => "PASS",
        Verdict::Inconclusive => "INCONCLUSIVE",
        Verdict::Fail => "FAIL",
    }
}

/// One line that says what a device is; simulated ones shout.
pub fn device_line(device: &DeviceEvidence) -> String {
    let selector = &device.selector;
    let Some(identity) = &device.identity else {
        return format!("{selector}: never opened ({})", ended(&device.ended));
    };
    let kind = match &identity.provenance {
        Provenance::Hardware => "hardware".to_owned(),
        Provenance::Software { cpu_threads } => format!("software on {cpu_threads} CPU threads"),
        Provenance::Simulated { .. } => "SIMULATED, nothing was measured".to_owned(),
    };
    let memory =
        identity.memory_bytes.map_or(String::new(), |b| format!(", {}", Unit::Byte.format(b as f64)));
    format!("{selector}: {} ({kind}{memory}, driver {})", identity.name, identity.driver)
}

pub fn ended(ended: &Ended) -> String {
    match ended {
        Ended::Completed => "completed".to_owned(),
        Ended::Unfinished => "the recording stops early".to_owned(),
        Ended::Interrupted => "interrupted".to_owned(),
        Ended::Lost { why, during: Some(metric) } => format!("lost during {metric}: {why}"),
        Ended::Lost { why, during: None } => format!("lost: {why}"),
    }
}

pub fn trust(report: &Report) -> &'static str {
    match report.trust_level {
        TrustLevel::L0 => "L0, self-declared: a simulated device, or none",
        TrustLevel::L1 => "L1, measured without a challenge: the host could have lied",
        TrustLevel::L2 => "L2, challenged and timed by the verifier",
        TrustLevel::L3 => "L3, as L2 with the vendor's attestation",
    }
}

pub fn sealed_by(report: &Report) -> &'static str {
    match report.sealed_by {
        SealedBy::Ephemeral => {
            "a key made for this run alone: it shows that nothing was changed since, not who signed"
        }
        SealedBy::Named => "a key that somebody keeps",
    }
}
