//! A report on a terminal.

use std::io::{self, Write};

use super::likeness;
use super::listing::print_table;
use super::page::Page;
use super::rows;
use crate::contract::Verdict;
use crate::evidence::{DeviceEvidence, Ended, NodeEvidence};
use crate::report::Report;
use anstyle::{AnsiColor, Style};

/// Everything: devices, measurements, findings, verdict.
pub fn whole(report: &Report, out: &mut Page) -> io::Result<()> {
    let run = &report.evidence.run;
    writeln!(out, "assay {} report, {} profile, started {}", run.tool_version, run.profile, run.started)?;
    writeln!(out, "measured     {}", run.order)?;
    writeln!(out, "trust level  {}", rows::trust(report))?;
    writeln!(out, "signed by    {}", rows::sealed_by(report))?;
    for device in &report.evidence.devices {
        device_tables(device, out)?;
    }
    if let Some(node) = &report.evidence.node {
        node_tables(node, report, out)?;
    }
    verdict(report, out)
}

fn device_tables(device: &DeviceEvidence, out: &mut Page) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "\n{bold}{}{bold:#}", rows::device_line(device))?;
    if device.ended != Ended::Completed {
        writeln!(out, "{}", rows::ended(&device.ended))?;
    }
    for sentence in likeness::sentences(device) {
        writeln!(out, "{sentence}")?;
    }
    if !device.measurements.is_empty() || device.sustained.is_some() {
        print_table(rows::MEASUREMENTS, rows::measurements(device), out)?;
    }
    if !device.absences.is_empty() {
        let absences = device.absences.iter().map(|a| [a.metric.to_string(), a.reason.to_string()]);
        print_table(rows::ABSENCES, absences, out)?;
    }
    Ok(())
}

/// What was measured between devices.
fn node_tables(node: &NodeEvidence, report: &Report, out: &mut Page) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "\n{bold}{}{bold:#}", rows::PEERS)?;
    if node.ended != Ended::Completed {
        writeln!(out, "{}", rows::ended(&node.ended))?;
    }
    let mut matrix = rows::peers(&report.evidence).into_iter().flatten();
    if let Some(header) = matrix.next() {
        print_table(header, matrix, out)?;
    }
    let troubles = rows::peer_troubles(node);
    if !troubles.is_empty() {
        print_table(rows::ABSENCES, troubles, out)?;
    }
    Ok(())
}

/// The findings and the verdict: what a run ends with.
pub fn verdict(report: &Report, out: &mut Page) -> io::Result<()> {
    if !report.findings.is_empty() {
        writeln!(out)?;
        print_table(rows::FINDINGS, report.findings.iter().map(rows::finding), out)?;
    }
    match report.verdict {
        Some(verdict) => {
            let style = style(verdict);
            writeln!(out, "\nverdict: {style}{}{style:#}", rows::verdict_word(verdict))
        }
        None => writeln!(out, "\nno verdict: there was no contract to judge by"),
    }
}

fn style(verdict: Verdict) -> Style {
    let colour = match verdict {
        Verdict::Pass => AnsiColor::Green,
        Verdict::Inconclusive => AnsiColor::Yellow,
        Verdict::Fail => AnsiColor::Red,
    };
    colour.on_default().bold()
}
