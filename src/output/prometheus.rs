//! A report as a text file for Prometheus's node exporter: figures, verdicts and times as gauges in base units.
//! Owns the names and labels of the series, which dashboards rely on.

use std::collections::BTreeMap;
use std::io::{self, Write};

use super::figures::{self, Figure};
use crate::contract::{Finding, Subject, Verdict};
use crate::evidence::metric::{Kind, MetricName};
use crate::evidence::{DeviceEvidence, Ended};
use crate::report::Report;
use crate::units::Unit;

/// One series name with everything that carries it.
struct Family {
    name: &'static str,
    help: &'static str,
    lines: Vec<Line>,
}

struct Line {
    labels: Vec<(&'static str, String)>,
    value: f64,
}

pub fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let whose = whose(report);
    families(report).iter().try_for_each(|family| write_family(family, &whose, out))
}

/// What tells the series of this report from those of others that one collector reads: the node and the contract, where known.
fn whose(report: &Report) -> Vec<(&'static str, String)> {
    let node = report.evidence.run.node.clone().map(|node| ("node", node));
    let contract = report.contract.as_ref().map(|contract| ("contract", contract.terms.id.clone()));
    node.into_iter().chain(contract).collect()
}

/// Series without a line are left out: nothing was measured of them.
fn families(report: &Report) -> Vec<Family> {
    let mut families: Vec<Family> = FAMILIES.iter().map(|figures| figures.family(report)).collect();
    let family = |name, help, lines| Family { name, help, lines };
    families.extend([
        family("assay_samples", "Samples behind a figure.", samples(report)),
        family("assay_run_info", "How it was measured and judged; always 1.", vec![run(report)]),
        family(
            "assay_device_info",
            "What a device says of itself; always 1.",
            devices(report)
                .map(|(device, mut labels)| {
                    let identity = device.identity.as_ref();
                    let kind =
                        identity.map_or("never opened".to_owned(), |i| i.provenance.kind().to_string());
                    labels.push(("name", identity.map_or(String::new(), |i| i.name.clone())));
                    labels.push(("driver", identity.map_or(String::new(), |i| i.driver.clone())));
                    labels.push(("provenance", kind));
                    labels.push(("pci_address", identity.and_then(|i| i.pci_address.clone()).unwrap_or_default()));
                    Line { labels, value: 1.0 }
                })
                .collect(),
        ),
        family(
            "assay_device_completed",
            "Whether the run of a device came to its end: 1 or 0.",
            devices(report)
                .map(|(device, labels)| Line { labels, value: truth(device.ended == Ended::Completed) })
                .collect(),
        ),
        family(
            "assay_clause_verdict",
            "One series for each verdict that a clause can have; the one it has is 1, the others 0.",
            report.findings.iter().flat_map(|finding| clause(report, finding)).collect(),
        ),
        family(
            "assay_verdict",
            "One series for each verdict that a run can have; the one it has is 1, the others 0.",
            verdicts(report),
        ),
        family(
            "assay_trust_level",
            "On whose word the figures stand: 0 the machine's alone, 1 measured by its host, 2 under a witness's challenge and clock, 3 attested too.",
            vec![Line { labels: Vec::new(), value: report.trust_level as u8 as f64 }],
        ),
        family(
            "assay_run_start_timestamp_seconds",
            "When the run began, by the host's clock.",
            timestamp(&report.evidence.run.started),
        ),
        family(
            "assay_report_timestamp_seconds",
            "When the report was sealed, by the host's clock.",
            timestamp(&report.sealed_at),
        ),
        family(
            "assay_build_info",
            "The program that judged; always 1.",
            vec![Line { labels: vec![("version", report.tool.version.clone())], value: 1.0 }],
        ),
    ]);
    families.retain(|family| !family.lines.is_empty());
    families
}

fn run(report: &Report) -> Line {
    let mut labels = vec![("profile", report.evidence.run.profile.clone())];
    labels.extend(report.contract.as_ref().map(|contract| ("contract_sha256", contract.sha256.clone())));
    Line { labels, value: 1.0 }
}

fn devices(report: &Report) -> impl Iterator<Item = (&DeviceEvidence, Vec<(&'static str, String)>)> {
    report.evidence.devices.iter().map(|device| (device, labels(device)))
}

fn labels(device: &DeviceEvidence) -> Vec<(&'static str, String)> {
    let uuid = device.identity.as_ref().and_then(|identity| identity.uuid.clone());
    vec![("device", device.selector.clone()), ("uuid", uuid.unwrap_or_default())]
}

fn truth(holds: bool) -> f64 {
    f64::from(u8::from(holds))
}

/// Figures that are one series: their unit, and what makes it the base unit that Prometheus asks for.
struct Figures {
    name: &'static str,
    help: &'static str,
    unit: Unit,
    /// Of times, whether they are durations of the run and no latencies.
    is_duration: bool,
    factor: f64,
}

const fn of(name: &'static str, help: &'static str, unit: Unit, factor: f64) -> Figures {
    Figures { name, help, unit, is_duration: false, factor }
}

const FAMILIES: [Figures; 11] = [
    of(
        "assay_floating_point_operations_per_second",
        "Floating-point rate; a multiply-add counts as two.",
        Unit::FlopPerSecond,
        1.0,
    ),
    of(
        "assay_integer_operations_per_second",
        "Integer rate; a multiply-add counts as two.",
        Unit::OpPerSecond,
        1.0,
    ),
    of("assay_bytes_per_second", "Rate of bytes moved.", Unit::BytePerSecond, 1.0),
    of("assay_memory_bytes", "Bytes of device memory.", Unit::Byte, 1.0),
    of(
        "assay_latency_seconds",
        "Latency of one dependent step, or of a product under load.",
        Unit::Nanosecond,
        1e-9,
    ),
    Figures {
        is_duration: true,
        ..of(
            "assay_load_seconds",
            "How long a load was kept up, or until something came.",
            Unit::Nanosecond,
            1e-9,
        )
    },
    of("assay_events", "Things that were counted in this run.", Unit::Count, 1.0),
    of("assay_ratio", "Shares of a whole.", Unit::Share, 1.0),
    of("assay_joules_per_operation", "Energy of a floating-point operation.", Unit::JoulePerFlop, 1.0),
    of("assay_temperature_difference_kelvin", "Differences of temperatures.", Unit::Kelvin, 1.0),
    of("assay_cycles", "Cycles of one dependent step, unit by unit.", Unit::Cycle, 1.0),
];

impl Figures {
    fn family(&self, report: &Report) -> Family {
        let lines = all_figures(report).filter(|(figure, _)| self.takes(&figure.metric));
        let lines = lines.flat_map(|(figure, labels)| {
            let line = |statistic: &str, value: f64| {
                let mut labels = labels.clone();
                labels.push(("statistic", statistic.to_owned()));
                Line { labels, value: value * self.factor }
            };
            statistics(&figure)
                .into_iter()
                .map(|(statistic, value)| line(statistic, value))
                .collect::<Vec<_>>()
        });
        Family { name: self.name, help: self.help, lines: lines.collect() }
    }

    fn takes(&self, metric: &MetricName) -> bool {
        metric.kind() == Kind::Number(self.unit) && metric.as_str().ends_with(".time") == self.is_duration
    }
}

/// One number is its own median.
fn statistics(figure: &Figure) -> Vec<(&'static str, f64)> {
    let Some(s) = &figure.summary else { return Vec::new() };
    if !figure.is_sampled {
        return vec![("p50", s.p50)];
    }
    let all = [("min", s.min), ("p5", s.p5), ("p50", s.p50), ("p95", s.p95), ("max", s.max)];
    all.into_iter().chain(figure.last.map(|last| ("last", last))).collect()
}

/// Each with the labels that say what it is of.
fn all_figures(report: &Report) -> impl Iterator<Item = (Figure, Vec<(&'static str, String)>)> {
    let of_devices = devices(report).flat_map(|(device, labels)| {
        figures::of_device(device).into_iter().map(move |figure| (figure, labels.clone()))
    });
    let of_node = figures::of_node(&report.evidence).into_iter().map(|figure| (figure, node()));
    of_devices.chain(of_node).map(|(figure, mut labels)| {
        labels.push(("metric", figure.metric.to_string()));
        (figure, labels)
    })
}

fn node() -> Vec<(&'static str, String)> {
    vec![("device", "node".to_owned()), ("uuid", String::new())]
}

fn samples(report: &Report) -> Vec<Line> {
    let line = |(figure, labels): (Figure, _)| Some(Line { labels, value: figure.summary?.count as f64 });
    all_figures(report).filter_map(line).collect()
}

const VERDICTS: [Verdict; 3] = [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail];

fn clause(report: &Report, finding: &Finding) -> Vec<Line> {
    let subject = match &finding.subject {
        Subject::Node => node(),
        Subject::Device { index, selector } => match report.evidence.devices.get(*index as usize) {
            Some(device) => labels(device),
            None => vec![("device", selector.clone()), ("uuid", String::new())],
        },
    };
    let line = |verdict: Verdict| {
        let mut labels = subject.clone();
        labels.push(("clause", finding.clause.clone()));
        labels.push(("severity", finding.severity.name().to_owned()));
        labels.push(("verdict", verdict.name().to_owned()));
        Line { labels, value: truth(finding.verdict == verdict) }
    };
    VERDICTS.into_iter().map(line).collect()
}

/// Without a contract none of them is 1.
fn verdicts(report: &Report) -> Vec<Line> {
    let line = |verdict: Verdict| Line {
        labels: vec![("verdict", verdict.name().to_owned())],
        value: truth(report.verdict == Some(verdict)),
    };
    VERDICTS.into_iter().map(line).collect()
}

/// A time that cannot be read gives no line, rather than a wrong one.
fn timestamp(rfc3339: &str) -> Vec<Line> {
    let time: Option<jiff::Timestamp> = rfc3339.parse().ok();
    time.map(|time| Line { labels: Vec::new(), value: time.as_second() as f64 }).into_iter().collect()
}

fn write_family(family: &Family, whose: &[(&str, String)], out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# HELP {} {}", family.name, family.help)?;
    writeln!(out, "# TYPE {} gauge", family.name)?;
    // A series that stands twice makes a collector refuse the whole file; the highest stays.
    let mut series: BTreeMap<String, f64> = BTreeMap::new();
    for Line { labels, value } in &family.lines {
        let labels: Vec<String> = whose
            .iter()
            .chain(labels)
            .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
            .collect();
        let labels = if labels.is_empty() { String::new() } else { format!("{{{}}}", labels.join(",")) };
        let highest = series.entry(labels).or_insert(*value);
        *highest = highest.max(*value);
    }
    series.iter().try_for_each(|(labels, value)| writeln!(out, "{}{labels} {value}", family.name))
}

/// A label's value, which the machine may have chosen.
fn escaped(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut safe, c| {
        match c {
            '\\' => safe.push_str("\\\\"),
            '"' => safe.push_str("\\\""),
            '\n' => safe.push_str("\\n"),
            c => safe.push(c),
        }
        safe
    })
}
