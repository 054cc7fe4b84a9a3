//! What the tables of every form say, cell by cell. Owns the wording; the forms own the layout.

use crate::chance::most_expected;
use crate::contract::{Severity, Verdict};
use crate::device::draw::Distribution;
use crate::device::{Provenance, ProvenanceKind, Reach, same};
use crate::evidence::counters::COUNTERS;
use crate::evidence::metric::{Kind, METRICS, MetricName, peer_name};
use crate::evidence::stats::Summary;
use crate::evidence::sustain::{ERRORS, ERRORS_CONFIDENCE, FIRST_THROTTLE};
use crate::evidence::{
    Absence, Canary, Check, Clocks, Conditions, DeviceEvidence, Evidence, Measurement, NodeEvidence,
    Sustained, Value,
};
use crate::language::{Language, counted, say};
use crate::report::{Report, SealedBy, TrustLevel};
use crate::units::Unit;

pub fn measurements_head(language: Language) -> [String; 6] {
    [
        say!(language, "head-metric"),
        say!(language, "head-median"),
        say!(language, "head-range"),
        say!(language, "head-samples"),
        say!(language, "head-conditions"),
        say!(language, "head-check"),
    ]
}

pub fn absences_head(language: Language) -> [String; 2] {
    [say!(language, "head-not-measured"), say!(language, "head-why")]
}

pub fn measurement(m: &Measurement, language: Language) -> [String; 6] {
    let none = || (say!(language, "no-figure"), String::new(), String::new());
    let (median, range, samples) = match (m.summary(), m.metric.kind()) {
        (Some(s), Kind::Number(unit)) => match &m.value {
            Value::Timed(_) | Value::ByUnit { .. } => {
                (unit.in_column(s.p50), range(unit, s.p5, s.p95), counted(s.count))
            }
            Value::Lengths(lengths) if lengths.count() == 0 => {
                (say!(language, "no-times"), String::new(), String::new())
            }
            Value::Lengths(_) => (unit.in_column(s.p50), range(unit, s.min, s.max), counted(s.count)),
            Value::Count { .. } | Value::Share { .. } => (unit.format(s.p50), String::new(), String::new()),
            Value::AtLeast { why, .. } => {
                let figure = say!(language, "at-least", figure = unit.format(s.p50));
                (figure, say!(language, "recorded", text = why), String::new())
            }
        },
        (None, _) | (_, Kind::Fact) => none(),
    };
    let check = [Some(check(m, language)), error_bound(m, language)].into_iter().flatten();
    let check = check.collect::<Vec<_>>().join(&say!(language, "list-semicolon"));
    [m.metric.to_string(), median, range, samples, conditions(m, language), check]
}

/// What so few errors in so many words say of the next ones.
fn error_bound(m: &Measurement, language: Language) -> Option<String> {
    match &m.check {
        Check::Scanned { tally, .. } if m.metric.kind() == Kind::Number(Unit::Count) => {
            let most =
                most_expected(tally.words_wrong, ERRORS_CONFIDENCE) / tally.words_checked.max(1) as f64;
            Some(say!(language, "bound-of-words", most = format!("{most:.2e}")))
        }
        Check::Scanned { .. } | Check::Matched { .. } | Check::Wrong { .. } => None,
    }
}

/// The same of a load: how many of its results, and how many an hour.
fn load_error_bound(load: &Sustained, language: Language) -> String {
    let most = most_expected(load.wrong(), ERRORS_CONFIDENCE);
    let hours = load.watched_ns() as f64 / 3.6e12;
    if load.checked() == 0 || hours <= 0.0 {
        return String::new();
    }
    let of_results = most / load.checked() as f64;
    let (most, hourly) = (format!("{of_results:.2e}"), format!("{:.3}", most / hours));
    say!(language, "bound-of-results", most = most, hourly = hourly)
}

/// Where results were wrong, whatever the verdict says of it.
pub fn wrong_results(evidence: &Evidence, language: Language) -> Option<String> {
    let list = |metrics: Vec<&MetricName>| {
        let names: Vec<&str> = metrics.into_iter().map(MetricName::as_str).collect();
        (!names.is_empty()).then(|| language.list(&names))
    };
    let of_devices = evidence.devices.iter().filter_map(|device| {
        let what = list(device.wrong())?;
        Some(say!(language, "wrong-on", what = what, on = &device.selector))
    });
    let between = evidence.node.as_ref().and_then(|node| list(node.wrong()));
    let all: Vec<String> = of_devices.chain(between).collect();
    (!all.is_empty()).then(|| all.join(&say!(language, "list-semicolon")))
}

/// How far the counters of the device rose.
pub fn counters(device: &DeviceEvidence, language: Language) -> impl Iterator<Item = [String; 6]> {
    let told = COUNTERS.iter().filter(|_| !device.timeline.is_empty());
    told.map(move |counter| {
        let rise = counter.rise(&device.timeline);
        let shown =
            rise.map_or_else(|| say!(language, "telemetry-silent"), |rise| Unit::Count.format(rise as f64));
        let [range, samples, conditions] = [const { String::new() }; 3];
        [counter.name.to_owned(), shown, range, samples, conditions, machines_word(language)]
    })
}

/// How counters are checked: not at all.
pub fn machines_word(language: Language) -> String {
    say!(language, "machines-word")
}

/// Everything measured on a device: cases, then the figures of a load that was kept up, then counters.
pub fn measurements(device: &DeviceEvidence, language: Language) -> impl Iterator<Item = [String; 6]> {
    let load = device.sustained.iter().flat_map(move |load| sustained(load, language));
    let cases = device.measurements.iter().map(move |m| measurement(m, language));
    cases.chain(load).chain(counters(device, language))
}

pub fn sustained(load: &Sustained, language: Language) -> Vec<[String; 6]> {
    let told = METRICS.iter().filter_map(|row| MetricName::parse(&row.name).ok()).filter(|m| load.tells(m));
    told.map(|metric| kept_up(load, &metric, language)).collect()
}

/// The rate has windows, conditions and a check; what follows from it is one number.
pub fn kept_up(load: &Sustained, metric: &MetricName, language: Language) -> [String; 6] {
    let Kind::Number(unit) = metric.kind() else { return [const { String::new() }; 6] };
    let shown =
        |value: Option<f64>| value.map_or_else(|| say!(language, "no-figure"), |value| unit.format(value));
    let figure = load.figure(metric, None);
    if *metric != load.load.metric {
        let [range, windows, conditions] = [const { String::new() }; 3];
        let check = match metric.as_str() {
            ERRORS => load_error_bound(load, language),
            // Sensors that say nothing do not say never.
            FIRST_THROTTLE if figure.is_some() && load.is_never_throttled() => {
                say!(language, "never-reduced")
            }
            _ => String::new(),
        };
        return [metric.to_string(), shown(figure), range, windows, conditions, check];
    }
    let rates = Summary::of(&load.rates());
    let of_rates = |text: &dyn Fn(&Summary) -> String| rates.as_ref().map_or(String::new(), text);
    [
        metric.to_string(),
        rates.as_ref().map_or_else(|| say!(language, "no-figure"), |s| unit.in_column(s.p50)),
        of_rates(&|s| range(unit, s.p5, s.p95)),
        of_rates(&|s| say!(language, "count-windows", count = s.count)),
        joined(parts(&load.load.conditions, load.clocks(), language), language),
        compared(load, language),
    ]
}

fn compared(load: &Sustained, language: Language) -> String {
    let (checked, wrong) = (counted(load.checked()), load.wrong());
    match wrong {
        0 => say!(language, "compared-all-right", checked = checked),
        _ => say!(language, "compared-wrong", checked = checked, wrong = counted(wrong)),
    }
}

fn range(unit: Unit, low: f64, high: f64) -> String {
    from_to(&unit.in_column(low), &unit.in_column(high))
}

/// Two figures, of which the first needs no unit where it is that of the second.
pub fn from_to(low: &str, high: &str) -> String {
    match (low.split_once(' '), high.split_once(' ')) {
        (Some((number, a)), Some((_, b))) if a == b => format!("{number} .. {high}"),
        _ => format!("{low} .. {high}"),
    }
}

pub fn conditions(m: &Measurement, language: Language) -> String {
    joined(condition_parts(m, language), language)
}

/// One condition: said here, or as it was recorded, which no language changes.
pub enum Part {
    Said(String),
    Recorded(String),
}

impl Part {
    pub fn text(&self) -> &str {
        let (Part::Said(text) | Part::Recorded(text)) = self;
        text
    }
}

pub fn condition_parts(m: &Measurement, language: Language) -> Vec<Part> {
    parts(&m.conditions, m.clocks(), language)
}

/// Of a load, in the table of conditions: as it was recorded.
pub fn load_parts(load: &Sustained, language: Language) -> Vec<Part> {
    parts(&load.load.conditions, load.clocks(), language)
}

fn parts(conditions: &Conditions, clocks: Clocks, language: Language) -> Vec<Part> {
    let clock = match clocks {
        Clocks::Agree => None,
        Clocks::HostOnly => Some(say!(language, "clock-host")),
        Clocks::Disagree { .. } => Some(say!(language, "clocks-disagree")),
    };
    let data = conditions.distribution.map(|d| match d {
        Distribution::Integers { .. } => say!(language, "data-integer"),
        Distribution::Normal => say!(language, "data-normal"),
        Distribution::Wide => say!(language, "data-wide"),
    });
    let Conditions { shape, variant, caveat, reach, .. } = conditions;
    let reach = match reach {
        Reach::Card => None,
        Reach::Kernel => Some(say!(language, "reach-kernel")),
    };
    let recorded = |text: &String| Some(Part::Recorded(text.clone()));
    let parts = [
        recorded(shape),
        data.map(Part::Said),
        variant.as_ref().and_then(recorded),
        clock.map(Part::Said),
        caveat.as_ref().and_then(recorded),
        reach.map(Part::Said),
    ];
    parts.into_iter().flatten().filter(|part| !part.text().is_empty()).collect()
}

fn joined(parts: Vec<Part>, language: Language) -> String {
    parts.iter().map(Part::text).collect::<Vec<_>>().join(&say!(language, "list-clause"))
}

pub fn check(m: &Measurement, language: Language) -> String {
    let said = match &m.check {
        Check::Matched { exact, sampled: 0, .. } => say!(language, "check-exact", exact = counted(*exact)),
        Check::Matched { exact, sampled, .. } => {
            say!(language, "check-exact-and-sampled", exact = counted(*exact), sampled = counted(*sampled))
        }
        Check::Scanned { tally, .. } if tally.words_wrong == 0 => {
            say!(language, "check-words-right", words = counted(tally.words_checked))
        }
        Check::Scanned { tally, .. } => say!(
            language,
            "check-words-wrong",
            wrong = counted(tally.words_wrong),
            checked = counted(tally.words_checked),
            first = tally.examples.first().map_or(0, |e| e.word.saturating_mul(4)).to_string(),
            mask = format!("{:#010x}", tally.bit_mask),
            set = counted(tally.bits_set),
            cleared = counted(tally.bits_cleared)
        ),
        Check::Wrong { why } => say!(language, "check-wrong", why = why),
    };
    match &m.check {
        Check::Matched { canary: Canary::Missed, .. } | Check::Scanned { canary: Canary::Missed, .. } => {
            say!(language, "check-canary-missed", check = said)
        }
        Check::Matched { canary: Canary::Caught, .. }
        | Check::Scanned { canary: Canary::Caught, .. }
        | Check::Wrong { .. } => said,
    }
}

/// The rates between devices.
pub struct Matrix {
    pub about: String,
    /// Where data goes, by the devices' numbers.
    pub head: Vec<String>,
    /// A row for each device that it comes from.
    pub rows: Vec<Vec<String>>,
}

/// `None` where nobody asked for it. The way that all pairs take is told once.
pub fn peers(evidence: &Evidence, language: Language) -> Option<Matrix> {
    let node = evidence.node.as_ref().filter(|_| evidence.run.probes.iter().any(|name| name == PEER))?;
    let count = u32::try_from(evidence.devices.len()).ok()?;
    let mut ways = node
        .measurements
        .iter()
        .filter(|m| m.metric.probe() == PEER)
        .map(|m| m.conditions.variant.as_deref());
    let first = ways.next().flatten();
    let of_all = first.filter(|first| ways.all(|way| way == Some(*first)));
    let about = match of_all {
        Some(way) => say!(language, "between-pairs-all", way),
        None => say!(language, "between-pairs"),
    };
    let numbers = (0..count).map(|to| to.to_string());
    let row = |(from, device): (u32, &DeviceEvidence)| {
        let cells = (0..count).map(|to| peer(node, (from, to), of_all.is_none(), language));
        [format!("{from} {}", device.selector)].into_iter().chain(cells).collect()
    };
    Some(Matrix {
        about,
        head: [say!(language, "head-from-to")].into_iter().chain(numbers).collect(),
        rows: (0..count).zip(&evidence.devices).map(row).collect(),
    })
}

fn peer(node: &NodeEvidence, (from, to): (u32, u32), names_way: bool, language: Language) -> String {
    let name = peer_name(from, to);
    let measured = node.measurements.iter().find(|m| m.metric.as_str() == name);
    match measured.map(|m| (&m.check, m.summary(), m.metric.kind())) {
        _ if from == to => String::new(),
        Some((Check::Matched { canary: Canary::Caught, .. }, Some(summary), Kind::Number(unit))) => {
            let way = measured.and_then(|m| m.conditions.variant.as_deref()).filter(|_| names_way);
            let rate = unit.in_column(summary.p50);
            way.map_or(rate.clone(), |way| format!("{rate}, {way}"))
        }
        Some((Check::Wrong { .. }, ..)) => say!(language, "peer-wrong"),
        Some(_) => say!(language, "no-figure"),
        None => say!(language, "not-measured"),
    }
}

/// The probe of the matrix.
const PEER: &str = "peer";

/// What was measured of all devices at once.
pub fn together(node: &NodeEvidence, language: Language) -> Vec<[String; 6]> {
    let of_all = node.measurements.iter().filter(|m| m.metric.probe() != PEER);
    of_all.map(|m| measurement(m, language)).collect()
}

/// What needs words: pairs with a wrong result, and whatever has none.
pub fn node_troubles(node: &NodeEvidence, language: Language) -> Vec<[String; 2]> {
    let pairs = node.measurements.iter().filter(|m| m.metric.probe() == PEER);
    let wrong = pairs.filter(|m| matches!(m.check, Check::Wrong { .. }));
    let wrong = wrong.map(|m| [m.metric.to_string(), check(m, language)]);
    wrong.chain(absences(&node.absences, language)).collect()
}

pub fn absences(absences: &[Absence], language: Language) -> impl Iterator<Item = [String; 2]> {
    absences.iter().map(move |absence| [absence.metric.to_string(), absence.reason.said(language)])
}

pub fn severity(severity: Severity, language: Language) -> String {
    match severity {
        Severity::Must => say!(language, "severity-must"),
        Severity::Should => say!(language, "severity-should"),
        Severity::Info => say!(language, "severity-info"),
    }
}

pub fn verdict_word(verdict: Verdict, language: Language) -> String {
    match verdict {
        Verdict::Pass => say!(language, "verdict-pass"),
        Verdict::Inconclusive => say!(language, "verdict-inconclusive"),
        Verdict::Fail => say!(language, "verdict-fail"),
    }
}

/// Whether any device was only simulated: what nobody may miss.
pub fn has_simulated(devices: &[DeviceEvidence]) -> bool {
    let mut identities = devices.iter().filter_map(|device| device.identity.as_ref());
    identities.any(|identity| identity.provenance.kind() == ProvenanceKind::Simulated)
}

/// One line that says what a device is; simulated ones shout.
pub fn device_line(device: &DeviceEvidence, language: Language) -> String {
    let selector = &device.selector;
    let Some(identity) = &device.identity else {
        let how = device.ended.said(language);
        return say!(language, "device-never-opened", selector = selector, how = how);
    };
    let kind = match &identity.provenance {
        Provenance::Hardware => say!(language, "provenance-hardware"),
        Provenance::Software { cpu_threads } => say!(language, "software-on", threads = *cpu_threads),
        Provenance::Simulated { .. } => say!(language, "simulated-nothing-measured"),
    };
    let memory = identity.memory_bytes.map(|bytes| Unit::Byte.format(bytes as f64));
    let driver = say!(language, "driver", driver = &identity.driver);
    let about = [Some(kind), memory, Some(driver), place(device, language)];
    let about = about.into_iter().flatten().collect::<Vec<_>>().join(&say!(language, "list-clause"));
    say!(language, "device-line", selector = selector, name = &identity.name, about = about)
}

/// By what whoever has the node finds the card: its PCI address, and its serial number, else its UUID. What is hidden helps nobody.
pub fn place(device: &DeviceEvidence, language: Language) -> Option<String> {
    const SERIAL_MAX: usize = 32;
    const SLOT: &str = "identity.pci.slot";
    let identity = device.identity.as_ref()?;
    let address = identity.pci_address.as_ref().map(|address| format!("PCI {address}"));
    let slot = device.facts.iter().find(|fact| fact.metric.as_str() == SLOT).map(|fact| &fact.value);
    let slot = slot.filter(|slot| slot.len() <= SERIAL_MAX).map(|slot| say!(language, "place-slot", slot));
    let serial = device.serials().next().filter(|serial| serial.len() <= SERIAL_MAX);
    let name = match serial {
        Some(serial) => Some(say!(language, "place-serial", serial)),
        None => identity.uuid.as_deref().and_then(same::digits).map(|digits| format!("UUID {digits}")),
    };
    let all: Vec<String> = address.into_iter().chain(slot).chain(name).collect();
    (!all.is_empty()).then(|| all.join(&say!(language, "list-clause")))
}

pub fn trust(report: &Report, language: Language) -> String {
    match report.trust_level {
        TrustLevel::L0 => say!(language, "trust-l0"),
        TrustLevel::L1 => say!(language, "trust-l1"),
        TrustLevel::L2 => say!(language, "trust-l2"),
        TrustLevel::L3 => say!(language, "trust-l3"),
    }
}

pub fn sealed_by(report: &Report, language: Language) -> String {
    match report.sealed_by {
        SealedBy::Ephemeral => say!(language, "sealed-ephemeral"),
        SealedBy::Named => say!(language, "sealed-named"),
    }
}
