//! What the tables of every form say, cell by cell. Owns the wording; the forms own the layout.

use crate::contract::{Finding, Verdict};
use crate::device::{Provenance, Reach};
use crate::evidence::counters::COUNTERS;
use crate::evidence::metric::{Kind, METRICS, MetricName, peer_name};
use crate::evidence::stats::{Summary, most_expected};
use crate::evidence::sustain::{ERRORS, FIRST_THROTTLE};
use crate::evidence::{
    Canary, Check, Clocks, Conditions, DeviceEvidence, Ended, Evidence, Measurement, NodeEvidence, Sustained,
    Value,
};
use crate::report::{Report, SealedBy, TrustLevel};
use crate::units::Unit;

pub const MEASUREMENTS: [&str; 6] =
    ["metric", "median", "p5 .. p95", "samples", "conditions", "result check"];
pub const FINDINGS: [&str; 7] = ["clause", "severity", "on", "demanded", "found", "verdict", "because"];
pub const PEERS: &str = "between devices: median rates from the device of a row to that of a column";
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
    let check = [Some(check(m)), error_bound(m)].into_iter().flatten().collect::<Vec<_>>().join("; ");
    [m.metric.to_string(), median, range, samples, conditions(m), check]
}

/// What so few errors in so many words say of the next ones.
fn error_bound(m: &Measurement) -> Option<String> {
    match &m.check {
        Check::Scanned { tally, .. } if m.metric.kind() == Kind::Number(Unit::Count) => {
            let most = most_expected(tally.words_wrong) / tally.words_checked.max(1) as f64;
            Some(format!("at most {most:.2e} of words, with 95 % confidence"))
        }
        Check::Scanned { .. } | Check::Matched { .. } | Check::Wrong { .. } => None,
    }
}

/// The same of a load: how many of its results, and how many an hour.
fn load_error_bound(load: &Sustained) -> String {
    let most = most_expected(load.wrong());
    let hours = load.watched_ns() as f64 / 3.6e12;
    if load.checked() == 0 || hours <= 0.0 {
        return String::new();
    }
    let of_results = most / load.checked() as f64;
    format!("at most {of_results:.2e} of results, {:.3} an hour, with 95 % confidence", most / hours)
}

/// How far the counters of the device rose.
pub fn counters(device: &DeviceEvidence) -> impl Iterator<Item = [String; 6]> {
    let told = COUNTERS.iter().filter(|_| !device.timeline.is_empty());
    told.map(|counter| {
        let rise = counter.rise(&device.timeline);
        let shown = rise.map_or("telemetry does not say".to_owned(), |rise| Unit::Count.format(rise as f64));
        let [range, samples, conditions] = [const { String::new() }; 3];
        [counter.name.to_owned(), shown, range, samples, conditions, "the machine's word".to_owned()]
    })
}

/// Everything measured on a device: cases, then the figures of a load that was kept up, then counters.
pub fn measurements(device: &DeviceEvidence) -> impl Iterator<Item = [String; 6]> {
    let load = device.sustained.iter().flat_map(sustained);
    device.measurements.iter().map(measurement).chain(load).chain(counters(device))
}

pub fn sustained(load: &Sustained) -> Vec<[String; 6]> {
    let told = METRICS.iter().filter_map(|row| MetricName::parse(&row.name).ok()).filter(|m| load.tells(m));
    told.map(|metric| kept_up(load, &metric)).collect()
}

/// The rate has windows, conditions and a check; what follows from it is one number.
fn kept_up(load: &Sustained, metric: &MetricName) -> [String; 6] {
    let Kind::Number(unit) = metric.kind() else { return [const { String::new() }; 6] };
    let shown = |value: Option<f64>| value.map_or("no figure".to_owned(), |value| unit.format(value));
    let figure = load.figure(metric, None);
    if *metric != load.load.metric {
        let [range, windows, conditions] = [const { String::new() }; 3];
        let check = match metric.as_str() {
            ERRORS => load_error_bound(load),
            // Sensors that say nothing do not say never.
            FIRST_THROTTLE if figure.is_some() && load.first_throttled_ns().is_none() => {
                "clocks were never reduced for heat or by a brake".to_owned()
            }
            _ => String::new(),
        };
        return [metric.to_string(), shown(figure), range, windows, conditions, check];
    }
    let rates = Summary::of(&load.rates());
    let of_rates = |text: &dyn Fn(&Summary) -> String| rates.as_ref().map_or(String::new(), text);
    [
        metric.to_string(),
        shown(rates.as_ref().map(|s| s.p50)),
        of_rates(&|s| range(unit, s.p5, s.p95)),
        of_rates(&|s| format!("{} windows", s.count)),
        joined(&load.load.conditions, clock(load.clocks())),
        compared(load),
    ]
}

fn compared(load: &Sustained) -> String {
    let (checked, wrong) = (load.checked(), load.wrong());
    match wrong {
        0 => format!("{checked} results compared, all right"),
        _ => format!("{wrong} of {checked} results WRONG"),
    }
}

pub fn range(unit: Unit, low: f64, high: f64) -> String {
    let (low, high) = (unit.format(low), unit.format(high));
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, a)), Some((_, b))) if a == b => format!("{number} .. {high}"),
        _ => format!("{low} .. {high}"),
    }
}

pub fn conditions(m: &Measurement) -> String {
    let clock = match &m.value {
        Value::Timed(timed) => clock(timed.clocks()),
        Value::Count { .. } | Value::Share { .. } | Value::AtLeast { .. } => None,
    };
    joined(&m.conditions, clock)
}

fn clock(clocks: Clocks) -> Option<&'static str> {
    match clocks {
        Clocks::Agree => None,
        Clocks::HostOnly => Some("host clock"),
        Clocks::Disagree { .. } => Some("CLOCKS DISAGREE"),
    }
}

fn joined(conditions: &Conditions, clock: Option<&str>) -> String {
    let data = conditions.distribution.map(|d| match d {
        crate::device::draw::Distribution::Integers { .. } => "integer data",
        crate::device::draw::Distribution::Normal => "normal data",
        crate::device::draw::Distribution::Wide => "wide-range data",
    });
    let Conditions { shape, variant, caveat, reach, .. } = conditions;
    let reach = match reach {
        Reach::Card => None,
        Reach::Kernel => Some("perhaps not all that the card has"),
    };
    let parts = [Some(shape.as_str()), data, variant.as_deref(), clock, caveat.as_deref(), reach];
    parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
}

pub fn check(m: &Measurement) -> String {
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

/// The matrix of rates between devices, a row for each device that data comes from; the first row names where it goes.
pub fn peers(evidence: &Evidence) -> Option<Vec<Vec<String>>> {
    let node = evidence.node.as_ref()?;
    let count = u32::try_from(evidence.devices.len()).ok()?;
    let names = evidence.devices.iter().map(|device| device.selector.clone());
    let mut rows = vec![["from \\ to".to_owned()].into_iter().chain(names.clone()).collect()];
    for (from, name) in (0..count).zip(names) {
        let cells = (0..count).map(|to| peer(node, from, to));
        rows.push([name].into_iter().chain(cells).collect());
    }
    Some(rows)
}

fn peer(node: &NodeEvidence, from: u32, to: u32) -> String {
    let name = peer_name(from, to);
    let measured = node.measurements.iter().find(|m| m.metric.as_str() == name);
    match measured.map(|m| (&m.check, m.summary(), m.metric.kind())) {
        _ if from == to => String::new(),
        Some((Check::Matched { canary: Canary::Caught, .. }, Some(summary), Kind::Number(unit))) => {
            let way = measured.and_then(|m| m.conditions.variant.as_deref()).unwrap_or_default();
            format!("{}, {way}", unit.format(summary.p50))
        }
        Some((Check::Wrong { .. }, ..)) => "WRONG".to_owned(),
        Some(_) => "no figure".to_owned(),
        None => "not measured".to_owned(),
    }
}

/// What of the matrix needs words: pairs with a wrong result or without one.
pub fn peer_troubles(node: &NodeEvidence) -> Vec<[String; 2]> {
    let wrong = node.measurements.iter().filter(|m| matches!(m.check, Check::Wrong { .. }));
    let wrong = wrong.map(|m| [m.metric.to_string(), check(m)]);
    let absent = node.absences.iter().map(|a| [a.metric.to_string(), a.reason.to_string()]);
    wrong.chain(absent).collect()
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
