//! A report as a text file for Prometheus's node exporter: figures, verdicts and times as gauges in base units.
//! Owns the names and labels of the series, which dashboards rely on.

use std::collections::BTreeMap;
use std::io::{self, Write};

use crate::contract::{Finding, Subject, Verdict};
use crate::evidence::metric::Kind;
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
    for family in families(report) {
        write_family(&family, out)?;
    }
    Ok(())
}

/// Series without a line are left out: nothing was measured of them.
fn families(report: &Report) -> Vec<Family> {
    let mut families: Vec<Family> = Unit::ALL.into_iter().map(|unit| figures(report, unit)).collect();
    let family = |name, help, lines| Family { name, help, lines };
    families.extend([
        family("assay_samples", "Samples behind a figure.", samples(report)),
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

/// All figures of one unit, in the base unit that Prometheus asks for.
fn figures(report: &Report, unit: Unit) -> Family {
    let (name, help, factor) = match unit {
        Unit::FlopPerSecond => (
            "assay_floating_point_operations_per_second",
            "Floating-point rate; a multiply-add counts as two.",
            1.0,
        ),
        Unit::OpPerSecond => {
            ("assay_integer_operations_per_second", "Integer rate; a multiply-add counts as two.", 1.0)
        }
        Unit::BytePerSecond => ("assay_bytes_per_second", "Rate of bytes moved.", 1.0),
        Unit::Byte => ("assay_memory_bytes", "Bytes of device memory.", 1.0),
        Unit::Nanosecond => ("assay_latency_seconds", "Latency of one dependent step.", 1e-9),
        Unit::Count => ("assay_events", "Things that were counted in this run.", 1.0),
        Unit::Share => ("assay_ratio", "Shares of a whole.", 1.0),
        Unit::JoulePerFlop => ("assay_joules_per_operation", "Energy of a floating-point operation.", 1.0),
        Unit::Kelvin => ("assay_temperature_difference_kelvin", "Differences of temperatures.", 1.0),
        Unit::Cycle => ("assay_cycles", "Cycles of one dependent step, unit by unit.", 1.0),
    };
    let lines = devices(report).flat_map(|(device, labels)| {
        let of_unit = device.measurements.iter().filter(move |m| m.metric.kind() == Kind::Number(unit));
        let summed = of_unit.filter_map(|m| Some((m, m.summary()?)));
        summed.flat_map(move |(m, s)| {
            let statistics: &[(&str, f64)] = match unit {
                // A count is one number.
                Unit::Byte | Unit::Count | Unit::Share | Unit::JoulePerFlop | Unit::Kelvin => {
                    &[("p50", s.p50)]
                }
                Unit::FlopPerSecond
                | Unit::OpPerSecond
                | Unit::BytePerSecond
                | Unit::Nanosecond
                | Unit::Cycle => {
                    &[("min", s.min), ("p5", s.p5), ("p50", s.p50), ("p95", s.p95), ("max", s.max)]
                }
            };
            let line = |(statistic, value): &(&str, f64)| {
                let mut labels = labels.clone();
                labels.push(("metric", m.metric.to_string()));
                labels.push(("statistic", (*statistic).to_owned()));
                Line { labels, value: value * factor }
            };
            statistics.iter().map(line).collect::<Vec<_>>()
        })
    });
    Family { name, help, lines: lines.collect() }
}

fn samples(report: &Report) -> Vec<Line> {
    let lines = devices(report).flat_map(|(device, labels)| {
        device.measurements.iter().filter_map(move |m| {
            let mut labels = labels.clone();
            labels.push(("metric", m.metric.to_string()));
            Some(Line { labels, value: m.summary()?.count as f64 })
        })
    });
    lines.collect()
}

const VERDICTS: [Verdict; 3] = [Verdict::Pass, Verdict::Inconclusive, Verdict::Fail];

fn clause(report: &Report, finding: &Finding) -> Vec<Line> {
    let subject = match &finding.subject {
        Subject::Node => vec![("device", "node".to_owned()), ("uuid", String::new())],
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
    let contract = report.contract.as_ref().map_or(String::new(), |contract| contract.terms.id.clone());
    let line = |verdict: Verdict| Line {
        labels: vec![("contract", contract.clone()), ("verdict", verdict.name().to_owned())],
        value: truth(report.verdict == Some(verdict)),
    };
    VERDICTS.into_iter().map(line).collect()
}

/// A time that cannot be read gives no line, rather than a wrong one.
fn timestamp(rfc3339: &str) -> Vec<Line> {
    let time: Option<jiff::Timestamp> = rfc3339.parse().ok();
    time.map(|time| Line { labels: Vec::new(), value: time.as_second() as f64 }).into_iter().collect()
}

fn write_family(family: &Family, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "# HELP {} {}", family.name, family.help)?;
    writeln!(out, "# TYPE {} gauge", family.name)?;
    // A series that stands twice makes a collector refuse the whole file; the highest stays.
    let mut series: BTreeMap<String, f64> = BTreeMap::new();
    for Line { labels, value } in &family.lines {
        let labels: Vec<String> =
            labels.iter().map(|(name, value)| format!("{name}=\"{}\"", escaped(value))).collect();
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
