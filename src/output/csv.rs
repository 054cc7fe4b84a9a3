//! A report as one line per measurement, figures in base units, for spreadsheets and scripts.

use std::io::{self, Write};

use super::rows;
use crate::evidence::Measurement;
use crate::evidence::metric::Kind;
use crate::evidence::stats::Summary;
use crate::language::Language;
use crate::report::Report;

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
        for m in &device.measurements {
            writer.write_record(row([guarded(&device.selector), name.clone(), provenance.clone()], m))?;
        }
    }
    for m in report.evidence.node.iter().flat_map(|node| &node.measurements) {
        writer.write_record(row(["node".to_owned(), String::new(), String::new()], m))?;
    }
    writer.flush()
}

fn row([selector, device, provenance]: [String; 3], m: &Measurement) -> [String; 12] {
    let unit = match m.metric.kind() {
        Kind::Number(unit) => unit.symbol(),
        Kind::Fact => "",
    };
    let summary = m.summary();
    let number = |pick: fn(&Summary) -> f64| summary.as_ref().map_or(String::new(), |s| pick(s).to_string());
    // Programs read one language.
    let [.., check] = rows::measurement(m, Language::English);
    [
        selector,
        device,
        provenance,
        m.metric.to_string(),
        unit.to_owned(),
        summary.as_ref().map_or("0".to_owned(), |s| s.count.to_string()),
        number(|s| s.min),
        number(|s| s.p5),
        number(|s| s.p50),
        number(|s| s.p95),
        number(|s| s.max),
        guarded(&check),
    ]
}

/// A text that a spreadsheet would run as a formula gets a quote in front.
pub(super) fn guarded(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r']) { format!("'{text}") } else { text.to_owned() }
}
