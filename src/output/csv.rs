//! A report as one line per figure, figures in base units, for spreadsheets and scripts.

use std::io::{self, Write};

use super::figures::{self, Figure};
use crate::evidence::metric::Kind;
use crate::evidence::stats::Summary;
use crate::report::Report;
use crate::units::Unit;

const HEADER: [&str; 12] = [
    "selector",
    "device",
    "provenance",
    "metric",
    "unit",
    "samples",
    "min",
    "p5",
    "p50",
    "p95",
    "max",
    "result_check",
];

pub fn report(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut writer = ::csv::Writer::from_writer(out);
    writer.write_record(HEADER)?;
    for device in &report.evidence.devices {
        let (name, provenance) =
            device.identity.as_ref().map_or((String::new(), String::new()), |identity| {
                (guarded(&identity.name), identity.provenance.kind().to_string())
            });
        for figure in figures::of_device(device) {
            writer
                .write_record(row([guarded(&device.selector), name.clone(), provenance.clone()], &figure))?;
        }
    }
    for figure in figures::of_node(&report.evidence) {
        writer.write_record(row(["node".to_owned(), String::new(), String::new()], &figure))?;
    }
    writer.flush()
}

fn row([selector, device, provenance]: [String; 3], figure: &Figure) -> [String; 12] {
    let Figure { metric, summary, check, .. } = figure;
    let unit = match metric.kind() {
        // Shares are of 1 here, and a percent sign would make them a hundredth of what they are.
        Kind::Number(Unit::Share) => "1",
        Kind::Number(unit) => unit.symbol(),
        Kind::Fact => "",
    };
    let number = |pick: fn(&Summary) -> f64| summary.as_ref().map_or(String::new(), |s| pick(s).to_string());
    [
        selector,
        device,
        provenance,
        metric.to_string(),
        unit.to_owned(),
        summary.as_ref().map_or("0".to_owned(), |s| s.count.to_string()),
        number(|s| s.min),
        number(|s| s.p5),
        number(|s| s.p50),
        number(|s| s.p95),
        number(|s| s.max),
        guarded(check),
    ]
}

/// A text that a spreadsheet would run as a formula gets a quote in front.
pub(super) fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
